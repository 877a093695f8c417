/** @file Dense layers, layers that change only the form of a value, and the wrapper that goes through steps. */
import { elementCount } from '../../onnx/graph/graph.js';
import { activated } from './activations.js';
import { fromTfjs, fromTfjsOrder, inTfjsOrder, onnxAxis, toTfjs, transposed } from './layout.js';
import type { Layer, LayerCall, LayerRule } from './rule.js';

/** Types as the Cast operator has them. */
const FLOAT = 1;
const INT64 = 7;

/** Dense works on the last axis, which for pictures is the channels. The numbers of classes stand for one-hot rows: each chooses a row of the kernel. */
const dense: LayerRule = (call) => {
  const { b, inputs, weight } = call;
  const [x] = inputs;
  const kernel = weight('kernel') as string;
  const bias = weight('bias');
  const [batch = 1, ...sizes] = b.shape(x);
  if (b.type(x).type === 'int64') {
    const row = b.op('Gather', [kernel, x], { axis: 0 });
    return activated(call, bias ? b.add(row, bias) : row);
  }
  if (sizes.length === 1) {
    return activated(call, bias ? b.op('Gemm', [x, kernel, bias]) : b.matMul(x, kernel));
  }
  const isPicture = sizes.length === 3;
  const positions = (isPicture ? sizes.slice(1) : sizes.slice(0, -1)) as number[];
  const channels = (isPicture ? sizes[0] : sizes.at(-1)) as number;
  const rows = b.reshape(inTfjsOrder(b, x), [batch, ...positions, channels]);
  const product = b.matMul(rows, kernel);
  const units = b.shape(product).at(-1) as number;
  return activated(call, fromTfjsOrder(b, bias ? b.add(product, bias) : product, [...positions, units]));
};

const flatten: LayerRule = (call) => {
  const { b, inputs, options } = call;
  const [x] = inputs;
  if (b.shape(x).length === 2) return x;
  // Of channelsFirst, tfjs moves the channels to the end before it flattens.
  const value = options.string('dataFormat', 'channelsLast') === 'channelsFirst' ? channelsMovedLast(call) : x;
  return b.op('Flatten', [inTfjsOrder(b, value)], { axis: 1 });
};

/** A channelsFirst value as tfjs has it for channelsLast. */
function channelsMovedLast({ b, inputs: [x] }: LayerCall): string {
  const rank = b.shape(x).length;
  const order = [0, ...Array.from({ length: rank - 2 }, (_, index) => index + 2), 1];
  return fromTfjs(b, transposed(b, toTfjs(b, x), order));
}

const reshape: LayerRule = ({ b, inputs: [x], options }) => {
  const elements = elementCount(b.shape(x).slice(1) as number[]);
  return fromTfjsOrder(b, inTfjsOrder(b, x), options.sizes('targetShape', elements));
};

/** tfjs counts the axes behind the batch from 1. */
const permute: LayerRule = ({ b, inputs: [x], options }) =>
  fromTfjs(b, transposed(b, toTfjs(b, x), [0, ...options.integers('dims')]));

const repeatVector: LayerRule = ({ b, inputs: [x], options }) => {
  const repeated = b.op('Unsqueeze', [x, b.ints([1])]);
  return b.op('Expand', [repeated, b.ints([1, options.number('n'), 1])]);
};

/** Rows of a table by their numbers. */
const embedding: LayerRule = ({ b, inputs: [x], weight }) => {
  const numbers = toTfjs(b, x);
  const rows = b.type(x).type === 'int64' ? numbers : b.op('Cast', [numbers], { to: INT64 });
  return fromTfjs(b, b.op('Gather', [weight('embeddings') as string, rows], { axis: 0 }));
};

/** Steps whose numbers are all the mask's become zeros. Only recurrent layers would also skip them; models with both are refused. */
const masking: LayerRule = ({ b, inputs: [x], options }) => {
  const differs = b.op('Not', [b.op('Equal', [x, b.scalar(options.number('maskValue', 0))])]);
  const count = b.reduceSum(b.op('Cast', [differs], { to: FLOAT }), [onnxAxis(-1, b.shape(x).length)]);
  return b.mul(x, b.op('Cast', [b.op('Greater', [count, b.scalar(0)])], { to: FLOAT }));
};

/** The steps become rows of the batch for the layer inside. */
const timeDistributed: LayerRule = ({ b, layer, inputs: [x], wrapped }) => {
  const inner = 'layer' in layer ? (layer.layer as Layer) : undefined;
  if (!inner) throw new Error(`the wrapper "${layer.name}" holds no layer`);
  const [, steps, ...sizes] = b.shape(toTfjs(b, x)) as number[];
  const rows = fromTfjs(b, b.reshape(toTfjs(b, x), ['rows', ...sizes]));
  const result = toTfjs(b, wrapped(inner, rows));
  return fromTfjs(b, b.reshape(result, ['batch', steps as number, ...b.shape(result).slice(1)]));
};

/** Layers that change the form of a value. */
export const structureLayers = {
  Dense: dense,
  Embedding: embedding,
  Flatten: flatten,
  Masking: masking,
  Permute: permute,
  RepeatVector: repeatVector,
  Reshape: reshape,
  TimeDistributed: timeDistributed,
} satisfies Record<string, LayerRule>;
