/** @file Layers that merge several values. */
import { InputError } from '../../onnx/errors.js';
import type { GraphBuilder } from '../../onnx/build/build.js';
import { onnxAxis } from './layout.js';
import type { LayerCall, LayerRule } from './rule.js';

/** A rule for an element-wise merge. */
const merge =
  (combined: (call: LayerCall) => string): LayerRule =>
  (call) => {
    const ranks = new Set(call.inputs.map((value) => call.b.shape(value).length));
    if (ranks.size === 1) return combined(call);
    const label = `${call.layer.getClassName()} layer "${call.layer.name}"`;
    throw new InputError({ name: label, expected: 'inputs of one rank', got: `ranks ${[...ranks].join(' and ')}` });
  };

const chained = (op: string) =>
  merge(({ b, inputs: [first, ...rest] }) => rest.reduce((sum, value) => b.op(op, [sum, value]), first));

const concatenate: LayerRule = ({ b, inputs, options }) =>
  b.op('Concat', inputs, { axis: onnxAxis(options.number('axis', -1), b.shape(inputs[0]).length) });

const average = merge((call) => {
  const { b, inputs } = call;
  return b.mul(chained('Add')(call), b.scalar(1 / inputs.length));
});

/** Products over one axis of two values of rank 2 or 3; with `normalize`, of their directions. */
const dot: LayerRule = ({ b, inputs, options }) => {
  const given = options.integers('axes');
  const sides = inputs.slice(0, 2).map((value, side) => {
    const rank = b.shape(value).length;
    const axis = given[side] ?? (given[0] as number);
    return { rank, axis: axis < 0 ? axis + rank : axis, value };
  });
  if (sides.length !== 2 || sides.some(({ rank, axis }) => rank < 2 || rank > 3 || axis === 0)) {
    throw options.unsupported('axes', 'an axis behind the batch, of two inputs of rank 2 or 3');
  }
  const [left, right] = sides.map(({ rank, axis, value }, side) => {
    const directed = options.boolean('normalize') ? direction(b, value, axis) : value;
    // The left one's summed axis has to be the last, the right one's the one before it.
    if (rank === 2) return b.op('Unsqueeze', [directed, b.ints([side === 0 ? 1 : 2])]);
    return axis === (side === 0 ? 2 : 1) ? directed : b.transpose(directed, [0, 2, 1]);
  }) as [string, string];
  const product = b.matMul(left, right);
  const [leftRank, rightRank] = sides.map(({ rank }) => rank);
  if (leftRank === 3 && rightRank === 3) return product;
  return b.op('Squeeze', [product, b.ints([rightRank === 2 ? 2 : 1])]);
};

/** x/√max(Σx², 1e-7), as tfjs's `l2Normalize`. */
function direction(b: GraphBuilder, value: string, axis: number): string {
  const squares = b.reduceSum(b.mul(value, value), [axis]);
  return b.div(value, b.op('Sqrt', [b.op('Max', [squares, b.scalar(1e-7)])]));
}

/** Layers that merge several values. */
export const mergeLayers = {
  Add: chained('Add'),
  Average: average,
  Concatenate: concatenate,
  Dot: dot,
  Maximum: merge(({ b, inputs }) => b.op('Max', inputs)),
  Minimum: merge(({ b, inputs }) => b.op('Min', inputs)),
  Multiply: chained('Mul'),
} satisfies Record<string, LayerRule>;
