/** @file Which operators DeepLIFT treats alike. */
import { NONLINEARITIES, MOVES, WEIGHTED_SUMS } from '../operators.js';
import type { KnownOp } from '../table.js';

/** Functions of each number alone; exponents, slopes and bounds are constants. */
export const ELEMENTWISE = [
  ...NONLINEARITIES,
  'Cos',
  'Exp',
  'LeakyRelu',
  'Log',
  'PRelu',
  'Reciprocal',
  'Relu',
  'Sin',
] as const satisfies readonly KnownOp[];
/** Linear in the first input; the others, such as weights, are constants. */
export const LINEAR = [...MOVES, ...WEIGHTED_SUMS, 'Conv', 'ConvTranspose'] as const satisfies readonly KnownOp[];
