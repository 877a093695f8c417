/** @file Shapley-CAM, whose weights take the curvature of the score into account. */
import { gradients } from '../../../onnx/gradient/walk.js';
import type { RunsMethod } from '../kinds/method.js';

/** Methods with second derivatives of the score. */
export const curvatureMethods = {
  /**
   * Cai 2025, as pytorch-grad-cam computes it: w_k = mean_HW(g_k − ½·(H·A)_k), H·A the product of the second derivatives of
   * the score at the layer with the layer's output: the Shapley values of a second-order expansion of the score. Where
   * the score is linear behind the layer, up to rectifiers, this is Grad-CAM.
   */
  'shapley-cam': {
    kind: 'runs',
    title: 'Shapley-CAM',
    at: 'layer',
    async map(network) {
      const [weights] = await network.values('shapley-cam', ({ b, logits, weights: cotangent, layer, onGrid }) => {
        const found = gradients(b, logits, [layer], { cotangent }).get(layer);
        const first = found ?? b.mul(layer, b.scalarLike(layer, 0), 'no_gradient');
        const second = found && gradients(b, found, [layer], { cotangent: layer }).get(layer);
        const value = second ? b.sub(first, b.mul(second, b.scalarLike(second, 0.5)), 'shapley_values') : first;
        return [b.reduceMean(onGrid(value), [2, 3], false, 'weights')];
      });
      return network.weighted(weights?.data ?? []);
    },
  },
} as const satisfies Record<string, RunsMethod>;
