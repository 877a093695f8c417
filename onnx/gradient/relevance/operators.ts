/** @file Which operators layer-wise relevance propagation treats alike. */
import { NONLINEARITIES, EXTREMES, MOVES } from '../operators.js';
import type { KnownOp } from '../table.js';

/** Elements are moved, copied or dropped: a multiplier goes where the element came from. */
export const MOVED = [
  ...MOVES,
  'Concat',
  'DequantizeLinear',
  'MaxUnpool',
  'ReverseSequence',
  'ScatterElements',
  'ScatterND',
  'TopK',
] as const satisfies readonly KnownOp[];

/** One of several numbers is taken: it gets all of the relevance. Where's condition is taken as it is. */
export const CHOSEN = [...EXTREMES, 'Where'] as const satisfies readonly KnownOp[];

/** y = a·x with a that stays the same along x, or a norm: gradient × input is the output. */
export const HOMOGENEOUS = ['LeakyRelu', 'PRelu', 'ReduceL1', 'ReduceL2', 'Relu'] as const satisfies readonly KnownOp[];

/** Functions of each number alone: the input gets the output's relevance. */
export const ACTIVATIONS = [...NONLINEARITIES, 'Asinh', 'Atan', 'LRN'] as const satisfies readonly KnownOp[];

/** Inputs that are added as they are, such as biases, if they do not depend on the picture. */
export const CONSTANT_PARTS: Readonly<Partial<Record<KnownOp, readonly number[] | 'all'>>> = {
  Add: 'all',
  BatchNormalization: [2, 3],
  Concat: 'all',
  InstanceNormalization: [2],
  LayerNormalization: [2],
  Max: 'all',
  Mean: 'all',
  Min: 'all',
  Sub: 'all',
  Sum: 'all',
  Where: [1, 2],
};

/** What may stand between the picture and the first layer; constants are added and multiplied there too. */
export const PREPARING: ReadonlySet<string> = new Set<KnownOp>([
  'AveragePool',
  'BatchNormalization',
  'Cast',
  'Clip',
  'Concat',
  'DequantizeLinear',
  'Dropout',
  'Flatten',
  'Gather',
  'Identity',
  'Neg',
  'Pad',
  'QuantizeLinear',
  'Reshape',
  'Resize',
  'Slice',
  'SpaceToDepth',
  'Split',
  'Squeeze',
  'Transpose',
  'Unsqueeze',
]);
