/** @file Maps that are the first principal component of weighted activations. */
import type { ProjectionMethod } from './method.js';

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
} as const satisfies Record<string, ProjectionMethod>;
