/** @file A node as a linear layer: its data, weights and bias, whatever operator it is. */
import { numberAttribute } from '../../graph/attributes.js';
import { nodeLabel } from '../../graph/graph.js';
import type { Backward } from '../rules/rule.js';
import { gradientRules, type KnownOp } from '../table.js';
import type { Flow } from './flow.js';
import type { LinearLayer } from './layers.js';

/**
 * A node as a layer.
 * @param data which of its inputs depends on the picture; the other one is its weights
 */
export function linearLayerOf(backward: Backward, data: 0 | 1, flow: Flow): LinearLayer {
  const { b, node, x, y, g } = backward;
  const ordered = (value: string, weights: string): [string, string] =>
    data === 0 ? [value, weights] : [weights, value];
  const merged = flow.biasOf(node);
  const z = merged?.sum ?? y[0];
  const bias = merged?.bias ?? ownBias(backward);
  return {
    b,
    x: x[data] as string,
    weights: x[1 - data] as string,
    ...(bias !== undefined && { bias }),
    z,
    relevance: b.mul(g, z, 'relevance'),
    isNonNegative: flow.isNonNegative(x[data] as string),
    forward(value, weights) {
      const output = b.unique('part');
      b.append({ ...node, name: output, inputs: ordered(value, weights), outputs: [output] });
      return output;
    },
    backward(weights, shares) {
      const call = { x: ordered(x[data] as string, weights), g: shares, dy: [shares] };
      const given = gradientRules[node.op as KnownOp]({ ...backward, ...call, wanted: (index) => index === data });
      const found = given[data];
      if (!found) throw new Error(`${nodeLabel(node)}: no gradient of its data`);
      return found;
    },
  };
}

/** Whether weights are nothing but zeros and one other number, such as those of a Col2Im or a box filter: nothing is learnt there. */
export function isSum({ b, weights }: LinearLayer): boolean {
  const tensor = b.types.constant(weights);
  if (tensor?.type !== 'float32' && tensor?.type !== 'float64') return false;
  const { data } = tensor;
  const one = data.find((value) => value !== 0);
  return data.length > 1 && one !== undefined && one > 0 && data.every((value) => value === 0 || value === one);
}

/** The third input in a form that is added to the output. */
function ownBias({ b, node, x, y, shape }: Backward): string | undefined {
  const bias = x[2];
  if (!bias) return undefined;
  if (node.op !== 'Gemm')
    return b.reshape(
      bias,
      [
        -1,
        ...shape(y[0])
          .slice(2)
          .map(() => 1),
      ],
      'bias',
    );
  const factor = numberAttribute(node, 'beta', 1);
  return factor === 1 ? bias : b.mul(bias, b.scalarLike(bias, factor), 'bias');
}
