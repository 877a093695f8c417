/** @file Which operators DeepLIFT and layer-wise relevance propagation both treat alike. */
import type { KnownOp } from './table.js';

/** Elements of the first input are moved, copied, dropped or negated. */
export const MOVES = [
  'Cast',
  'DepthToSpace',
  'Dropout',
  'Expand',
  'Flatten',
  'Gather',
  'GatherElements',
  'GatherND',
  'Identity',
  'Neg',
  'Pad',
  'Reshape',
  'Slice',
  'SpaceToDepth',
  'Split',
  'Squeeze',
  'Tile',
  'Transpose',
  'Trilu',
  'Unsqueeze',
] as const satisfies readonly KnownOp[];

/** Weighted sums along axes of the first input, with fixed weights. */
export const WEIGHTED_SUMS = [
  'AveragePool',
  'BatchNormalization',
  'CumSum',
  'GlobalAveragePool',
  'ReduceMean',
  'ReduceSum',
  'Resize',
] as const satisfies readonly KnownOp[];

/** Sums of several inputs. */
export const SUMS = ['Add', 'Mean', 'Sub', 'Sum'] as const satisfies readonly KnownOp[];

/** The largest or smallest of numbers. */
export const EXTREMES = [
  'GlobalMaxPool',
  'Max',
  'MaxPool',
  'Min',
  'ReduceMax',
  'ReduceMin',
] as const satisfies readonly KnownOp[];

/** Functions of each number alone that are not linear; exponents and bounds are constants. */
export const NONLINEARITIES = [
  'Abs',
  'Celu',
  'Clip',
  'Elu',
  'Erf',
  'HardSigmoid',
  'HardSwish',
  'Pow',
  'Selu',
  'Shrink',
  'Sigmoid',
  'Softplus',
  'Softsign',
  'Sqrt',
  'Tanh',
  'ThresholdedRelu',
] as const satisfies readonly KnownOp[];
