/** @file Which rule of layer-wise relevance propagation each kind of layer has. */

/** A rule of a linear layer z = Σ x·w + b: how its relevance R is shared among the inputs x. */
export type LayerRule =
  /** R·x·w / (z + ε·sign z); Bach et al. 2015, eq. 58. */
  | { rule: 'epsilon'; epsilon: number }
  /** Weights that help are raised: w + γ·w⁺; Montavon et al. 2019, section 10.2.1, for inputs of any sign as in zennit. */
  | { rule: 'gamma'; gamma: number }
  /** Positive parts share α·R, negative ones −β·R, α − β = 1; Bach et al. 2015, eq. 60. */
  | { rule: 'alpha-beta'; alpha: number; beta: number };

/**
 * The rule of the layers that read the picture. `flat`: equal shares for all pixels that a unit sees (Lapuschkin et al. 2019).
 * `box`: shares of x·w − l·w⁺ − h·w⁻, l and h the least and largest value of a pixel (Montavon et al. 2017, the z^B rule).
 */
export type FirstRule = 'flat' | 'box';

/** The rules of a network. */
export interface Composite {
  convolution: LayerRule;
  /** Of matrix products with weights. */
  dense: LayerRule;
  /** Of the layers that read the picture, where it differs. */
  first?: FirstRule;
}

/** Added to denominators with their sign, as in zennit. */
export const STABILIZER = 1e-6;
