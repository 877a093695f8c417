/** @file Gradients of trigonometric and hyperbolic functions, their inverses and the error function. */
import type { GraphBuilder } from '../../../build/build.js';
import { unary } from '../common.js';

const one = (b: GraphBuilder, x: string) => b.scalarLike(x, 1);
const square = (b: GraphBuilder, x: string) => b.mul(x, x);
/** 1/√x */
const inverseRoot = (b: GraphBuilder, x: string) => b.op('Reciprocal', [b.op('Sqrt', [x])]);

export const trigonometryRules = {
  // d arccos(x) = −1/√(1 − x²)
  Acos: unary((b, x) => b.op('Neg', [inverseRoot(b, b.sub(one(b, x), square(b, x)))])),
  // d arcosh(x) = 1/√(x² − 1)
  Acosh: unary((b, x) => inverseRoot(b, b.sub(square(b, x), one(b, x)))),
  // d arcsin(x) = 1/√(1 − x²)
  Asin: unary((b, x) => inverseRoot(b, b.sub(one(b, x), square(b, x)))),
  // d arsinh(x) = 1/√(x² + 1)
  Asinh: unary((b, x) => inverseRoot(b, b.add(square(b, x), one(b, x)))),
  // d arctan(x) = 1/(1 + x²)
  Atan: unary((b, x) => b.op('Reciprocal', [b.add(one(b, x), square(b, x))])),
  // d artanh(x) = 1/(1 − x²)
  Atanh: unary((b, x) => b.op('Reciprocal', [b.sub(one(b, x), square(b, x))])),
  // d cos(x) = −sin(x)
  Cos: unary((b, x) => b.op('Neg', [b.op('Sin', [x])])),
  // d cosh(x) = sinh(x)
  Cosh: unary((b, x) => b.op('Sinh', [x])),
  // d erf(x) = 2/√π·exp(−x²)
  Erf: unary((b, x) => b.mul(b.op('Exp', [b.op('Neg', [square(b, x)])]), b.scalarLike(x, 2 / Math.sqrt(Math.PI)))),
  // d sin(x) = cos(x)
  Sin: unary((b, x) => b.op('Cos', [x])),
  // d sinh(x) = cosh(x)
  Sinh: unary((b, x) => b.op('Cosh', [x])),
  // d tan(x) = 1 + tan²(x)
  Tan: unary((b, x, y) => b.add(one(b, x), square(b, y))),
};
