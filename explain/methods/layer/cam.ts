/** @file The class activation map of Zhou et al., for networks that end with pooling and one linear layer. */
import { pooledHead } from '../../layers/pooled-head.js';
import { InputError } from '../../../onnx/errors.js';
import type { RunsMethod } from '../kinds/method.js';

/** Methods that read the weights of the last layer. */
export const pooledMethods = {
  /**
   * Zhou et al. 2016, eq. 2: Σ_k w_k·A_k, A the layer that enters global average pooling and w the weights of the class in
   * the linear layer behind it; 1 for the class's own channel where there is no such layer. Grad-CAM times H·W.
   */
  cam: {
    kind: 'runs',
    title: 'CAM',
    at: 'layer',
    expectSuited({ graph, head, grid, layers }) {
      const { layer } = pooledHead(graph, head, grid);
      const other = layers?.find(({ value }) => value !== layer.value);
      if (!other) return;
      throw new InputError({
        name: 'layer',
        expected: `"${layer.name}" for cam, as it is what enters global pooling`,
        got: `"${other.name}"`,
      });
    },
    async map(network) {
      const values = await network.values('cam', ({ b, head, weights }) => {
        const found = pooledHead(b.graph, head, network.grid).weights;
        // Runtimes want no input as an output.
        if (!found) return [b.op('Identity', [weights], {}, 'class_weights')];
        const [first = 0, second = 0] = b.shape(found.name);
        const rows = b.reshape(found.name, [first, second], 'last_layer');
        return [b.matMul(weights, found.order === 'classes, channels' ? rows : b.transpose(rows, [1, 0]))];
      });
      return network.weighted(values[0]?.data ?? []);
    },
  },
} as const satisfies Record<string, RunsMethod>;
