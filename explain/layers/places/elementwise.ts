/** @file Operators that keep the place of every element. */

/** Operators of each element, or of elements along the last axis. */
export const elementwise: ReadonlySet<string> = new Set(
  (
    'Add Sub Mul Div Pow Sqrt Reciprocal Neg Abs Exp Log Erf Tanh Sigmoid ' +
    'Relu LeakyRelu Elu Selu Gelu HardSigmoid HardSwish Softplus Clip Cast Identity ' +
    'Dropout Where Max Min Mish Sum PRelu'
  ).split(' '),
);
