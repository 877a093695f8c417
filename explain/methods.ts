/** @file Class activation mapping methods: how each makes one weight per channel from activations and gradients. */
import type { GraphBuilder } from '../onnx/build.js';
import { InputError } from '../onnx/errors.js';

/** One method. */
export interface CamMethod {
  /** What the method is called in print. */
  title: string;
  /**
   * Appends the channel weights.
   * @param activations A [N, K, H, W], the layer's output
   * @param gradients g = ∂score/∂A [N, K, H, W]
   * @returns w [N, K, 1, 1]; the map is ReLU(Σ_k w_k A_k)
   */
  weights(b: GraphBuilder, activations: string, gradients: string): string;
}

const SPACE = [2, 3];

/** All methods, by the name users give. */
export const methods = {
  /** Selvaraju et al. 2017, eq. 1: w_k = mean_HW(g_k). */
  gradcam: {
    title: 'Grad-CAM',
    weights: (b, _activations, g) => b.reduceMean(g, SPACE, true, 'weights'),
  },
  /**
   * Chattopadhay et al. 2018, eq. 10 and 19, as jacobgil/pytorch-grad-cam computes them: α = g² / (2g² + (Σ_HW A)·g³ + 1e-6),
   * w_k = Σ_HW α·ReLU(g). The exponential of the score, which the paper differentiates, cancels in α and is left out of
   * the gradient; α is not divided by its sum over positions as in the authors' own code. Where g is 0, so is α.
   */
  'gradcam++': {
    title: 'Grad-CAM++',
    weights: (b, activations, g) => {
      const squared = b.mul(g, g, 'gradient_squared');
      const cubed = b.mul(squared, g, 'gradient_cubed');
      const total = b.reduceSum(activations, SPACE, true, 'activation_sum');
      const denominator = b.add(
        b.add(b.mul(squared, b.scalarLike(g, 2)), b.mul(total, cubed)),
        b.scalarLike(g, 1e-6),
        'alpha_denominator',
      );
      const alpha = b.div(squared, denominator, 'alpha');
      return b.reduceSum(b.mul(alpha, b.op('Relu', [g], {}, 'positive_gradient')), SPACE, true, 'weights');
    },
  },
} as const satisfies Record<string, CamMethod>;

/** Name of a method. */
export type MethodName = keyof typeof methods;

/** The names of all methods, in the order of the table. */
export const methodNames = Object.keys(methods) as MethodName[];

/**
 * Methods as the command line writes them, with commas, each once.
 * @throws InputError for names that are not in the table
 */
export function parsedMethods(text: string): MethodName[] {
  return checkedMethods(text.split(',').map((name) => name.trim()));
}

/** The names, each once. @throws InputError for none, and for names that are not in the table */
export function checkedMethods(names: readonly string[]): MethodName[] {
  const unknown = names.find((name) => !Object.hasOwn(methods, name));
  if (unknown !== undefined || names.length === 0) {
    throw new InputError(`--method: expected one or more of ${methodNames.join(', ')}; got "${unknown ?? ''}"`);
  }
  return [...new Set(names as readonly MethodName[])];
}
