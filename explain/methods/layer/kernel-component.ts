/** @file KPCA-CAM: the first principal component of a layer in the feature space of a kernel. */
import { InputError } from '../../../onnx/errors.js';
import { firstKernelComponent } from '../../../inference/numeric/decompositions/kernel-component.js';
import type { RunsMethod } from '../kinds/method.js';

/** Most positions of a layer: the kernel holds a number for each pair. */
const MAX_POSITIONS = 4096;

/** Methods that look for components by a kernel. */
export const kernelMethods = {
  /**
   * Karmani et al. 2024, as pytorch-grad-cam computes it: positions, with the mean of each channel removed, projected on the
   * first principal component of kernel PCA with the sigmoid kernel tanh(x·y/K + 1). Needs no target and no gradient.
   */
  'kpca-cam': {
    kind: 'runs',
    title: 'KPCA-CAM',
    at: 'layer',
    expectSuited({ layers = [] }) {
      for (const { name, shape, tokens, channelAxis = 1 } of layers) {
        const sides = tokens
          ? [tokens.height, tokens.width]
          : shape.filter((_, axis) => axis > 0 && axis !== channelAxis);
        const positions = sides.reduce((count: number, side) => count * (typeof side === 'number' ? side : 1), 1);
        if (positions > MAX_POSITIONS)
          throw new InputError({
            name: 'layer',
            expected: `at most ${MAX_POSITIONS} positions for kpca-cam`,
            got: `"${name}" with ${positions}`,
          });
      }
    },
    async map({ activations, layer }) {
      const { channels, height, width } = layer;
      return { data: firstKernelComponent(activations, channels), height, width };
    },
  },
} as const satisfies Record<string, RunsMethod>;
