/** @file Class activation maps as ONNX nodes: how each method weights the activations of a layer by their gradient. */
import type { GraphBuilder } from '../../../onnx/build/build.js';
import type { WeightedMethod } from '../kinds/method.js';

const SPACE = [2, 3];

/** The entry of a method with one weight per channel [N, K, 1, 1]. */
function channelWeighted(
  title: string,
  weights: (b: GraphBuilder, activations: string, gradients: string) => string,
  more: Partial<WeightedMethod> = {},
): WeightedMethod {
  return {
    ...more,
    kind: 'weighted',
    title,
    weighted: (b, activations, g) => b.mul(weights(b, activations, g), activations, 'weighted_activations'),
    channelWeights: weights,
  };
}

/** Σ_HW of α·ReLU(g) with α of Grad-CAM++. */
const plusPlusWeights = (b: GraphBuilder, activations: string, g: string) => {
  const alpha = plusPlusAlpha(b, activations, g);
  return b.reduceSum(b.mul(alpha, b.op('Relu', [g], {}, 'positive_gradient')), SPACE, true, 'weights');
};

/** g² and 2g² + s·g³, s a number for each channel. */
function plusPlusFraction(b: GraphBuilder, g: string, s: string): [above: string, below: string] {
  const squared = b.mul(g, g, 'gradient_squared');
  const below = b.add(b.mul(squared, b.scalarLike(g, 2)), b.mul(s, b.mul(squared, g)), 'alpha_denominator');
  return [squared, below];
}

/** α = g² / (2g² + (Σ_HW A)·g³ + 1e-6) [N, K, H, W]; 0 where g is. */
function plusPlusAlpha(b: GraphBuilder, activations: string, g: string): string {
  const [above, below] = plusPlusFraction(b, g, b.reduceSum(activations, SPACE, true, 'activation_sum'));
  return b.div(above, b.add(below, b.scalarLike(g, 1e-6)), 'alpha');
}

/** A value, and 1 where it is 0, to divide by. */
const orOne = (b: GraphBuilder, value: string) =>
  b.op('Where', [b.op('Equal', [value, b.scalarLike(value, 0)]), b.scalarLike(value, 1), value], {}, 'divisor');

/** The mean of each window of 2×2 positions, at each of its positions. */
function windowMeans(b: GraphBuilder, g: string): string {
  const pooled = b.op('AveragePool', [g], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }, 'window_means');
  const sizes = b.op('Shape', [g], {}, 'sizes');
  const nearest = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  return b.op('Resize', [pooled, '', '', sizes], nearest, 'local_gradient');
}

/** mean_HW(g) */
const meanGradient = (b: GraphBuilder, _activations: string, g: string) => b.reduceMean(g, SPACE, true, 'weights');

/** The entry of a method with w_k = mean_HW(g_k). */
const meanWeighted = (title: string, more: Partial<WeightedMethod> = {}) =>
  channelWeighted(title, meanGradient, {
    ...more,
    weightSizes: (b, activations, g) => meanGradient(b, activations, b.op('Abs', [g], {}, 'gradient_sizes')),
  });

/** Σ_HW of products, divided by 1e-7 + Σ_HW A. */
const perActivation = (b: GraphBuilder, activations: string, products: string) => {
  const total = b.reduceSum(activations, SPACE, true, 'activation_sum');
  const sum = b.reduceSum(products, SPACE, true, 'product_sum');
  return b.div(sum, b.add(total, b.scalarLike(products, 1e-7)), 'weights');
};

/** Methods that weight activations by gradients. */
export const weightedMethods = {
  /** Selvaraju et al. 2017, eq. 1: w_k = mean_HW(g_k). */
  gradcam: meanWeighted('Grad-CAM'),
  /**
   * Chattopadhay et al. 2018, eq. 10 and 19, as jacobgil/pytorch-grad-cam computes them: α = g² / (2g² + (Σ_HW A)·g³ + 1e-6),
   * w_k = Σ_HW α·ReLU(g). The paper differentiates the exponential of the score; it cancels in α and is omitted from
   * the gradient. Unlike the authors' own code, α is not divided by its sum over positions. Where g is 0, α is 0; small g give
   * weights of the order of g³.
   */
  'gradcam++': channelWeighted('Grad-CAM++', plusPlusWeights, { nonlinear: true }),
  /**
   * The same as the paper's authors compute it (their `grad_CAM_plus_plus`): the denominator is 1 where it is 0 instead of
   * having 1e-6 added, and each channel's α is divided by its sum over the positions where the gradient is positive.
   */
  'gradcam++-normalized': channelWeighted('Grad-CAM++ (authors)', (b, activations, g) => {
    const [above, below] = plusPlusFraction(b, g, b.reduceSum(activations, SPACE, true, 'activation_sum'));
    const alpha = b.div(above, orOne(b, below), 'alpha');
    const positive = b.op('Relu', [g], {}, 'positive_gradient');
    const counted = b.mul(alpha, b.op('Sign', [positive]), 'positive_alpha');
    const share = b.reduceSum(counted, SPACE, true, 'alpha_sum');
    const normalized = b.div(alpha, orOne(b, share), 'normalized_alpha');
    return b.reduceSum(b.mul(normalized, positive), SPACE, true, 'weights');
  }),
  /**
   * The same as xplique computes it: w_k = mean_HW(α·ReLU(g)) with α = g² / (2g² + (mean_HW A)·g³), 0 where the
   * denominator is 0.
   */
  'gradcam++-mean': channelWeighted(
    'Grad-CAM++ (means)',
    (b, activations, g) => {
      const [above, below] = plusPlusFraction(b, g, b.reduceMean(activations, SPACE, true, 'activation_mean'));
      const isZero = b.op('Equal', [below, b.scalarLike(g, 0)], {}, 'no_denominator');
      const alpha = b.op('Where', [isZero, b.scalarLike(g, 0), b.div(above, orOne(b, below))], {}, 'alpha');
      return b.reduceMean(b.mul(alpha, b.op('Relu', [g], {}, 'positive_gradient')), SPACE, true, 'weights');
    },
    { nonlinear: true },
  ),
  /** Draelos and Carin 2020, eq. 3: Σ_k g_k ⊙ A_k, with no averaging of the gradient. */
  hirescam: { kind: 'weighted', title: 'HiResCAM', weighted: (b, a, g) => b.mul(g, a, 'weighted_activations') },
  /** Fu et al. 2020, eq. 8: w_k = Σ_HW (A_k / Σ_HW A_k)·g_k, with 1e-7 added to the sum as in pytorch-grad-cam. */
  xgradcam: channelWeighted('XGrad-CAM', (b, activations, g) => perActivation(b, activations, b.mul(g, activations)), {
    weightSizes: (b, activations, g) =>
      b.op('Abs', [perActivation(b, activations, b.op('Abs', [b.mul(g, activations)]))], {}, 'weight_sizes'),
  }),
  /** Jiang et al. 2021, eq. 4 and 5: Σ_k ReLU(g_k) ⊙ A_k. */
  layercam: {
    kind: 'weighted',
    title: 'LayerCAM',
    weighted: (b, a, g) => b.mul(b.op('Relu', [g], {}, 'positive_gradient'), a, 'weighted_activations'),
  },
  /** Pillai and Pirsiavash 2021, as pytorch-grad-cam computes it: Σ_k ReLU(g_k ⊙ A_k). */
  'gradcam-elementwise': {
    kind: 'weighted',
    title: 'Grad-CAM element-wise',
    weighted: (b, a, g) => b.op('Relu', [b.mul(g, a)], {}, 'weighted_activations'),
  },
  /**
   * Hasany et al. 2023 (Seg-XRes-CAM), with the authors' example of windows: Σ_k up(pool(g_k)) ⊙ A_k, pool the mean of
   * windows of 2×2 positions and up a window's mean at each of its positions. Windows of 1 position are HiResCAM, one
   * window is Grad-CAM. At an odd side the last window has one row of positions, where their code adds zeros.
   */
  'seg-xres-cam': {
    kind: 'weighted',
    title: 'Seg-XRes-CAM',
    weighted: (b, activations, g) => b.mul(windowMeans(b, g), activations, 'weighted_activations'),
  },
  /**
   * Zhang et al. 2025 (Finer-CAM): Grad-CAM of the target's logit minus those of the three classes with the nearest
   * logits, weighted by their probabilities (`contrastedWeights`).
   */
  finercam: meanWeighted('Finer-CAM', { contrast: 'similar classes' }),
} as const satisfies Record<string, WeightedMethod>;
