/** @file What changed in operators between opsets: the conversions to opset 17, by operator. */
import { attributesToInputs, dropping, NEWEST_OPSET as NEWEST, type Conversion } from './conversion.js';
import * as expanded from './expanded.js';
import * as newer from './newer.js';
import * as older from './older.js';

/** First and last opset of a form, and how it is brought to opset 17. */
type Form = readonly [first: number, last: number, convert: Conversion];

const reductions = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'];
const legacyOperators = ['Add', 'And', 'Div', 'Equal', 'Greater', 'Less', 'Mul', 'Or', 'Pow', 'Sub', 'Xor'];
const cast = dropping('saturate', 'round_mode');

/** The forms of each operator that differ from that of opset 17. */
export const conversions: Record<string, readonly Form[]> = {
  Attention: [[23, NEWEST, expanded.attention]],
  AveragePool: [[19, NEWEST, newer.refusing({ dilations: 1 })]],
  BatchNormalization: [[1, 13, older.batchNormalization]],
  Cast: [
    [1, 5, older.castByName],
    [19, NEWEST, cast],
  ],
  CastLike: [[15, NEWEST, newer.castLike]],
  Clip: [[1, 10, older.clip]],
  Concat: [[1, 3, older.defaultAxis]],
  DFT: [[20, NEWEST, newer.refused]],
  DequantizeLinear: [[21, NEWEST, newer.refusing({ block_size: 0, output_dtype: 0 })]],
  Dropout: [[1, 11, older.dropout]],
  Gelu: [[20, NEWEST, expanded.gelu]],
  Gemm: [[1, 6, dropping('broadcast')]],
  GroupNormalization: [[18, NEWEST, expanded.groupNormalization]],
  GridSample: [[20, NEWEST, newer.gridSample]],
  Hardmax: [[1, 12, older.flattenedSoftmax]],
  LogSoftmax: [[1, 12, older.flattenedSoftmax]],
  LpPool: [[18, NEWEST, newer.refusing({ ceil_mode: 0, dilations: 1 })]],
  Mish: [[18, NEWEST, expanded.mish]],
  PRelu: [[1, 6, older.channelSlopes]],
  Pad: [
    [1, 10, older.pad],
    [18, NEWEST, newer.pad],
  ],
  QuantizeLinear: [[19, NEWEST, newer.refusing({ saturate: 1, block_size: 0, output_dtype: 0, precision: 0 })]],
  RMSNormalization: [[23, NEWEST, expanded.rmsNormalization]],
  ReduceSum: [[1, 12, attributesToInputs('axes')]],
  Reshape: [[1, 4, attributesToInputs('shape')]],
  Resize: [
    [10, 10, older.upsample],
    [18, NEWEST, newer.resize],
  ],
  Scatter: [[9, 10, older.scatter]],
  Slice: [[1, 9, attributesToInputs('starts', 'ends', 'axes')]],
  Softmax: [[1, 12, older.flattenedSoftmax]],
  Split: [
    [1, 12, attributesToInputs('split')],
    [18, NEWEST, newer.countedSplit],
  ],
  Squeeze: [[1, 12, attributesToInputs('axes')]],
  Swish: [[24, NEWEST, expanded.swish]],
  TopK: [[1, 9, older.topK]],
  Unsqueeze: [[1, 12, attributesToInputs('axes')]],
  Upsample: [[1, 9, older.upsample]],
  ...Object.fromEntries(reductions.map((name) => [`Reduce${name}`, [[18, NEWEST, newer.axesToAttribute]]])),
  ...Object.fromEntries(newer.newerOperators.map((name) => [name, [[18, NEWEST, newer.refused]]])),
  ...Object.fromEntries(legacyOperators.map((name) => [name, [[1, 6, older.legacyBroadcast]]])),
};

/** The conversion of an operator of opset `from`; undefined where its form is that of opset 17. */
export function conversionOf(op: string, from: number): Conversion | undefined {
  const forms = Object.hasOwn(conversions, op) ? (conversions[op] as readonly Form[]) : [];
  return forms.find(([first, last]) => from >= first && from <= last)?.[2];
}
