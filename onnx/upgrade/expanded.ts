/** @file Expands operators that opset 17 does not have. */
import { epsilonOf, float, numberAttribute, stringAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import { inputOf, nodeLabel, outputOf } from '../graph/graph.js';
import { float32Tensor } from '../graph/tensor.js';
import { expectWithin } from '../graph/limits.js';
import type { Conversion } from './conversion.js';

/** gelu(x) = x/2·(1 + erf(x/√2)), or with tanh(√(2/π)(x + 0.044715x³)) for erf. */
export const gelu: Conversion = (node, b) => {
  const x = inputOf(node);
  const output = outputOf(node);
  b.within(output, () => {
    const times = (value: string, factor: number) => b.mul(value, b.scalarLike(x, factor));
    const cubic = () => b.add(x, times(b.mul(x, b.mul(x, x)), 0.044715));
    const approximate = stringAttribute(node, 'approximate', 'none') === 'tanh';
    const curve = approximate
      ? b.op('Tanh', [times(cubic(), Math.sqrt(2 / Math.PI))])
      : b.op('Erf', [times(x, Math.SQRT1_2)]);
    const share = b.add(curve, b.scalarLike(x, 1));
    b.append({ ...node, op: 'Mul', inputs: [times(x, 0.5), share], attributes: {} });
  });
};

/** mish(x) = x·tanh(softplus(x)) */
export const mish: Conversion = (node, b) => {
  const x = inputOf(node);
  const factor = b.within(outputOf(node), () => b.op('Tanh', [b.op('Softplus', [x])]));
  b.append({ ...node, op: 'Mul', inputs: [x, factor], attributes: {} });
};

/** swish(x) = x·sigmoid(αx) */
export const swish: Conversion = (node, b) => {
  const x = inputOf(node);
  const alpha = numberAttribute(node, 'alpha', 1);
  const factor = b.within(outputOf(node), () => b.op('Sigmoid', [alpha === 1 ? x : b.mul(x, b.scalarLike(x, alpha))]));
  b.append({ ...node, op: 'Mul', inputs: [x, factor], attributes: {} });
};

/** Each group of channels is one instance of an instance norm; before opset 21 there is one scale and bias per group. */
export const groupNormalization: Conversion = (node, b, from) => {
  const [x, scale, bias] = node.inputs as [string, string, string];
  const groups = numberAttribute(node, 'num_groups');
  const epsilon = float(epsilonOf(node));
  const rank = b.types.knownShape(x, node).length;
  expectWithin('ruleElements', groups, nodeLabel(node));
  b.within(outputOf(node), () => {
    const grouped = b.reshape(x, [0, groups, -1], 'groups');
    const filled = (value: number) => {
      const tensor = float32Tensor(new Float32Array(groups).fill(value), [groups]);
      return b.castLike(b.op('Constant', [], { value: tensor }, value === 1 ? 'ones' : 'zeros'), x);
    };
    const perGroup = from < 21 ? [scale, bias] : [filled(1), filled(0)];
    const normal = b.op('InstanceNormalization', [grouped, ...perGroup], { epsilon }, 'normalised');
    const sizes = b.op('Shape', [x]);
    if (from < 21) return b.append({ ...node, op: 'Reshape', inputs: [normal, sizes], attributes: {} });
    const perChannel = (value: string) => b.reshape(value, [-1, ...Array.from({ length: rank - 2 }, () => 1)]);
    const scaled = b.mul(b.op('Reshape', [normal, sizes]), perChannel(scale), 'scaled');
    return b.append({ ...node, op: 'Add', inputs: [scaled, perChannel(bias)], attributes: {} });
  });
};

/** y = s·x / √(mean(x²) + ε) over the axes from `axis` on. */
export const rmsNormalization: Conversion = (node, b) => {
  const [x, scale] = node.inputs as [string, string];
  const axes = [...b.types.knownShape(x, node).keys()].slice(numberAttribute(node, 'axis', -1));
  b.within(outputOf(node), () => {
    const power = b.reduceMean(b.mul(x, x), axes, true, 'power');
    const root = b.op('Sqrt', [b.add(power, b.scalarLike(x, epsilonOf(node)))]);
    b.append({ ...node, op: 'Mul', inputs: [b.div(x, root), scale], attributes: {} });
  });
};

/**
 * y = softmax(scale·QKᵀ + mask)·V per head (Vaswani et al. 2017, eq. 1).
 * @throws InputError for caches of keys and values, a soft cap, or fewer heads of keys than of queries
 */
export const attention: Conversion = (node, b) => {
  const [q, k, v, mask] = node.inputs as [string, string, string, string?];
  const refused = (what: string) => new InputError(`${nodeLabel(node)}: ${what} has no counterpart in opset 17`);
  if (node.inputs.slice(4).some((name) => name !== '')) throw refused('a cache of keys and values');
  if (numberAttribute(node, 'softcap', 0) !== 0) throw refused('attribute softcap');
  const flat = b.types.knownShape(q, node).length === 3;
  const heads = (name: string, value: string) =>
    flat ? numberAttribute(node, name) : b.types.knownShape(value, node)[1];
  if (heads('q_num_heads', q) !== heads('kv_num_heads', k)) throw refused('fewer heads of keys than of queries');
  b.within(outputOf(node), () => {
    const perHead = (value: string) =>
      flat ? b.transpose(b.reshape(value, [0, 0, numberAttribute(node, 'q_num_heads'), -1]), [0, 2, 1, 3]) : value;
    const [queries, keys, values] = [q, k, v].map(perHead) as [string, string, string];
    const width = b.shape(queries)[3];
    if (typeof width !== 'number') throw refused(`an open head size "${width}"`);
    const scale = numberAttribute(node, 'scale', 1 / Math.sqrt(width));
    const products = b.matMul(b.mul(queries, b.scalarLike(q, scale)), b.transpose(keys, [0, 1, 3, 2]), 'products');
    const product = b.matMul(
      shares(b, products, mask, numberAttribute(node, 'is_causal', 0) === 1),
      values,
      'per_head',
    );
    const joined = flat ? b.reshape(b.transpose(product, [0, 2, 1, 3]), [0, 0, -1]) : product;
    const outputs = node.outputs.slice(0, 1);
    b.append({ ...node, op: 'Identity', inputs: [joined], outputs, attributes: {} });
  });
};

/** The softmax over the keys that a query may see: those where a mask of booleans holds, or with a mask of numbers added. */
function shares(b: GraphBuilder, products: string, mask: string | undefined, isCausal: boolean): string {
  const isChoice = mask && b.type(mask).type === 'bool' ? [mask] : [];
  const scores = mask && isChoice.length === 0 ? b.add(products, mask, 'masked') : products;
  const seen = [...(isCausal ? [earlier(b, products)] : []), ...isChoice];
  const [only] = seen;
  if (!only) return b.op('Softmax', [scores], { axis: -1 });
  const isSeen = seen.length > 1 ? b.op('And', seen, {}, 'is_seen') : only;
  // float16 holds no lower number than this.
  const lowered = b.op('Where', [isSeen, scores, b.scalarLike(scores, -65504)], {}, 'masked');
  const all = b.op('Softmax', [lowered], { axis: -1 });
  // A query for which the mask leaves no key gets zeros, not the mean of all values.
  return isChoice.length > 0 ? b.mul(all, b.castLike(isSeen, all)) : all;
}

/** Whether a key is not after a query, [queries, keys]. */
function earlier(b: GraphBuilder, products: string): string {
  const ones = b.op('Expand', [b.scalarLike(products, 1), b.op('Shape', [products], { start: 2 })], {}, 'ones');
  return b.op('Greater', [b.op('Trilu', [ones], { upper: 0 }), b.scalarLike(products, 0)], {}, 'is_earlier');
}
