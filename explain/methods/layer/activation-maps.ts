/** @file Maps of what stands out in a layer: of rare activations, and first principal components. */
import type { ProjectionMethod, WeightedMethod } from '../kinds/method.js';

const SPACE = [2, 3];

/** Methods that weight activations by themselves: no gradient, and the target does not matter. */
export const activationMethods = {
  /** Fuad et al. 2020, section III (k = 2): w_k is the share of positions where A_k > mean(A_k) + 2·std(A_k). */
  fem: {
    kind: 'weighted',
    title: 'FEM',
    gradientFree: true,
    weighted(b, activations) {
      const centred = b.sub(activations, b.reduceMean(activations, SPACE, true, 'activation_mean'), 'centred');
      const variance = b.reduceMean(b.mul(centred, centred), SPACE, true, 'variance');
      const limit = b.mul(b.op('Sqrt', [variance], {}, 'std'), b.scalarLike(activations, 2), 'limit');
      const rare = b.castLike(b.op('Greater', [centred, limit], {}, 'is_rare'), activations);
      return b.mul(b.reduceMean(rare, SPACE, true, 'weights'), activations, 'weighted_activations');
    },
  },
} as const satisfies Record<string, WeightedMethod>;

/** Methods that project activations onto their first principal component. */
export const projectionMethods = {
  /** Muhammad and Yeasin 2020, eq. 3: the activations themselves; no target and no gradient. */
  eigencam: {
    kind: 'projection',
    title: 'Eigen-CAM',
    gradientFree: true,
    weighted: (_b, activations) => activations,
  },
  /** pytorch-grad-cam's Eigen-Grad-CAM: Eigen-CAM of g ⊙ A. */
  eigengradcam: {
    kind: 'projection',
    title: 'Eigen-Grad-CAM',
    weighted: (b, activations, g) => b.mul(g, activations, 'weighted_activations'),
  },
  /** Chung and Ying 2025, eq. 10–13: the first principal component of |g| ⊙ A, whose largest magnitude is positive. */
  'seg-eigen-cam': {
    kind: 'projection',
    title: 'Seg-Eigen-CAM',
    sign: 'largest',
    weighted: (b, activations, g) => b.mul(b.op('Abs', [g], {}, 'gradient_size'), activations, 'weighted_activations'),
  },
} as const satisfies Record<string, ProjectionMethod>;
