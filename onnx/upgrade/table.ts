/** @file The table of conversions to opset 17, by operator. */
import { affineGrid } from '../expand/sampling/affine-grid.js';
import { centerCropPad } from '../expand/pad-and-crop.js';
import { sequenceFirst } from './batch-first.js';
import { deformConv } from '../expand/sampling/deform-conv.js';
import { col2im } from '../expand/col2im.js';
import {
  attributesToInputs,
  dropping,
  expanding,
  NEWEST_OPSET as NEWEST,
  ofShortIntegers,
  type Conversion,
} from './conversion.js';
import { matMulNBits } from './block-quantized.js';
import * as contributed from './contributed.js';
import * as expanded from './expanded.js';
import * as newer from './newer.js';
import * as older from './older.js';
import * as quantized from './quantized.js';

/** First and last opset of a form, and its conversion to opset 17. */
export type Form = readonly [first: number, last: number, convert: Conversion];

const reductions = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'];
const legacyOperators = ['Add', 'And', 'Div', 'Equal', 'Greater', 'Less', 'Mul', 'Or', 'Pow', 'Sub', 'Xor'];
const POOL_ATTRIBUTES = ['auto_pad', 'ceil_mode', 'count_include_pad', 'kernel_shape', 'pads', 'strides'];
/** Layout came with opset 14. */
const recurrent: readonly Form[] = [[14, NEWEST, sequenceFirst]];
const cast = dropping('saturate', 'round_mode');

/** The forms of each operator that differ from opset 17. */
export const forms: Record<string, readonly Form[]> = {
  AveragePool: [[19, NEWEST, newer.averagePool]],
  BatchNormalization: [[1, 13, older.batchNormalization]],
  Cast: [
    [1, 5, older.castByName],
    [19, NEWEST, cast],
  ],
  Clip: [[1, 10, older.clip]],
  Concat: [[1, 3, older.defaultAxis]],
  DequantizeLinear: [[21, NEWEST, ofShortIntegers(newer.refusing({ block_size: 0, output_dtype: 0 }))]],
  Dropout: [[1, 11, older.dropout]],
  Gemm: [[1, 6, dropping('broadcast')]],
  GRU: recurrent,
  GridSample: [[20, NEWEST, newer.gridSample]],
  Hardmax: [[1, 12, older.flattenedSoftmax]],
  LSTM: recurrent,
  LogSoftmax: [[1, 12, older.flattenedSoftmax]],
  LpPool: [[18, NEWEST, newer.refusing({ ceil_mode: 0, dilations: 1 })]],
  PRelu: [[1, 6, older.channelSlopes]],
  RNN: recurrent,
  Pad: [
    [1, 10, older.pad],
    [18, NEWEST, newer.pad],
  ],
  QuantizeLinear: [
    [19, NEWEST, ofShortIntegers(newer.refusing({ saturate: 1, block_size: 0, output_dtype: 0, precision: 0 }))],
  ],
  ReduceSum: [[1, 12, attributesToInputs('axes')]],
  Reshape: [[1, 4, attributesToInputs('shape')]],
  Resize: [
    [10, 10, older.upsample],
    [18, NEWEST, newer.resize],
  ],
  RoiAlign: [[10, 15, older.wholePixels]],
  Slice: [[1, 9, attributesToInputs('starts', 'ends', 'axes')]],
  Softmax: [[1, 12, older.flattenedSoftmax]],
  Split: [
    [1, 12, attributesToInputs('split')],
    [18, NEWEST, newer.countedSplit],
  ],
  Squeeze: [[1, 12, attributesToInputs('axes')]],
  TopK: [[1, 9, older.topK]],
  Unsqueeze: [[1, 12, attributesToInputs('axes')]],
  ...Object.fromEntries(reductions.map((name) => [`Reduce${name}`, [[18, NEWEST, newer.axesToAttribute]]])),
  ...Object.fromEntries(legacyOperators.map((name) => [name, [[1, 6, older.legacyBroadcast]]])),
};

/** Operators that are replaced by others. */
export const expansions: Record<string, readonly Form[]> = {
  AffineGrid: [[20, NEWEST, expanding(affineGrid)]],
  Attention: [[23, NEWEST, expanded.attention]],
  CastLike: [[15, NEWEST, newer.castLike]],
  CenterCropPad: [[18, NEWEST, expanding(centerCropPad)]],
  Col2Im: [[18, NEWEST, expanding(col2im)]],
  ConvInteger: [[10, NEWEST, quantized.convInteger]],
  DeformConv: [[19, NEWEST, expanding(deformConv)]],
  Gelu: [[20, NEWEST, expanded.gelu]],
  GroupNormalization: [[18, NEWEST, expanded.groupNormalization]],
  MatMulInteger: [[10, NEWEST, quantized.matMulInteger]],
  Mish: [[18, NEWEST, expanded.mish]],
  QLinearConv: [[10, NEWEST, quantized.qLinearConv]],
  QLinearMatMul: [[10, NEWEST, quantized.qLinearMatMul]],
  RMSNormalization: [[23, NEWEST, expanded.rmsNormalization]],
  Scatter: [[9, 10, older.scatter]],
  Swish: [[24, NEWEST, expanded.swish]],
  Upsample: [[1, 9, older.upsample]],
};

/** Operators of com.microsoft, written by ONNX Runtime's optimiser and quantiser, that are converted to others. */
export const contributedOperators: Readonly<Record<string, Conversion>> = {
  BiasGelu: contributed.biasGelu,
  DequantizeLinear: ofShortIntegers(contributed.asStandard),
  DynamicQuantizeMatMul: contributed.dynamicQuantizeMatMul,
  FastGelu: contributed.fastGelu,
  FusedConv: contributed.fusedConv,
  FusedGemm: contributed.fusedGemm,
  FusedMatMul: contributed.fusedMatMul,
  Gelu: contributed.contributedGelu,
  MatMulNBits: matMulNBits,
  QGemm: quantized.qGemm,
  QLinearAdd: quantized.qLinearBinary('Add'),
  QLinearAveragePool: quantized.qLinearUnary('AveragePool', ...POOL_ATTRIBUTES),
  QLinearConcat: quantized.qLinearConcat,
  QLinearGlobalAveragePool: quantized.qLinearUnary('GlobalAveragePool'),
  QLinearLeakyRelu: quantized.qLinearUnary('LeakyRelu', 'alpha'),
  QLinearMul: quantized.qLinearBinary('Mul'),
  QLinearSigmoid: quantized.qLinearUnary('Sigmoid'),
  QLinearSoftmax: quantized.qLinearSoftmax,
  QuantizeLinear: ofShortIntegers(contributed.asStandard),
  QuickGelu: contributed.quickGelu,
  SkipLayerNormalization: contributed.skipLayerNormalization,
  TransposeMatMul: contributed.fusedMatMul,
};

/** Operators that came after opset 17 and have no counterpart; of DFT the newer form has none, of Scan the first one, of batches. */
export const refusals: Record<string, readonly Form[]> = {
  ...Object.fromEntries(newer.newerOperators.map((name) => [name, [[18, NEWEST, newer.refused]]])),
  DFT: [[20, NEWEST, newer.refused]],
  Scan: [[8, 8, newer.refused]],
};

const conversions = { ...forms, ...expansions, ...refusals };

/** The conversion of an operator from opset `from`; undefined if it is the same as in opset 17. */
export function conversionOf(op: string, from: number, domain = ''): Conversion | undefined {
  if (domain === 'com.microsoft') return Object.hasOwn(contributedOperators, op) ? contributedOperators[op] : undefined;
  if (domain !== '') return undefined;
  const known = Object.hasOwn(conversions, op) ? (conversions[op] as readonly Form[]) : [];
  return known.find(([first, last]) => from >= first && from <= last)?.[2];
}
