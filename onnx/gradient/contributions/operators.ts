/** @file Which operators DeepLIFT treats alike. */
import type { KnownOp } from '../table.js';

/** Functions of each number alone; exponents, slopes and bounds are constants. */
export const ELEMENTWISE = [
  'Abs',
  'Celu',
  'Clip',
  'Cos',
  'Elu',
  'Erf',
  'Exp',
  'HardSigmoid',
  'HardSwish',
  'LeakyRelu',
  'Log',
  'PRelu',
  'Pow',
  'Reciprocal',
  'Relu',
  'Selu',
  'Shrink',
  'Sigmoid',
  'Sin',
  'Softplus',
  'Softsign',
  'Sqrt',
  'Tanh',
  'ThresholdedRelu',
] as const satisfies readonly KnownOp[];
/** Linear in the first input; the others, such as weights, are constants. */
export const LINEAR = [
  'AveragePool',
  'BatchNormalization',
  'Cast',
  'Conv',
  'ConvTranspose',
  'CumSum',
  'DepthToSpace',
  'Dropout',
  'Expand',
  'Flatten',
  'Gather',
  'GatherElements',
  'GatherND',
  'GlobalAveragePool',
  'Identity',
  'Neg',
  'Pad',
  'ReduceMean',
  'ReduceSum',
  'Reshape',
  'Resize',
  'Slice',
  'SpaceToDepth',
  'Split',
  'Squeeze',
  'Tile',
  'Transpose',
  'Trilu',
  'Unsqueeze',
] as const satisfies readonly KnownOp[];
/** Linear in all inputs together. */
export const SUMS = ['Add', 'Concat', 'Mean', 'Sub', 'Sum'] as const satisfies readonly KnownOp[];
/** The largest or smallest of numbers. */
export const EXTREMES = [
  'GlobalMaxPool',
  'Max',
  'MaxPool',
  'Min',
  'ReduceMax',
  'ReduceMin',
] as const satisfies readonly KnownOp[];
