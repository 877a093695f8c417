/** @file Gradients of normalizations: batch normalization in inference form, softmax and its logarithm. */
import { numberAttribute } from '../attributes.js';
import { InputError } from '../errors.js';
import { nodeLabel } from '../graph.js';
import type { Backward, GradientRule } from './rule.js';

/** y = (x − μ)·s/√(v + ε) + β per channel, with fixed statistics μ and v. */
const batchNormalization: GradientRule = ({ node, b, x, g, shape, wanted }) => {
  if (numberAttribute(node, 'training_mode', 0) !== 0) {
    throw new InputError(`${nodeLabel(node)}: cannot be differentiated (training_mode=1: write it as primitives)`);
  }
  const [data, scale, , mean, variance] = x as [string, string, string, string, string];
  const axes = [...shape(data).keys()];
  const perChannel = (value: string) => b.reshape(value, [-1, ...axes.slice(2).map(() => 1)]);
  const summed = (value: string) => b.reduceSum(value, axes.toSpliced(1, 1), false);
  const variancePlus = b.add(variance, b.scalarLike(variance, numberAttribute(node, 'epsilon', 1e-5)));
  const inverse = b.op('Reciprocal', [b.op('Sqrt', [variancePlus])], {}, 'inverse_deviation');
  const slope = b.mul(scale, inverse, 'slope');
  const any = (...indices: number[]) => indices.some((index) => wanted(index));
  // Σ dy and Σ dy·(x − μ)/√(v + ε), per channel
  const total = any(2, 3) ? summed(g) : '';
  const correlation = any(1, 4) ? b.mul(summed(b.mul(g, b.sub(data, perChannel(mean)))), inverse, 'correlation') : '';
  return [
    wanted(0) ? b.mul(g, perChannel(slope)) : null,
    wanted(1) ? correlation : null,
    wanted(2) ? total : null,
    wanted(3) ? b.op('Neg', [b.mul(slope, total)]) : null,
    // d/dv (v + ε)^−½ = −½·(v + ε)^−3⁄2
    wanted(4) ? b.mul(b.scalarLike(variance, -0.5), b.div(b.mul(scale, correlation), variancePlus)) : null,
  ];
};

const sumAlongAxis = ({ node, b }: Backward, value: string) => b.reduceSum(value, [numberAttribute(node, 'axis', -1)]);

export const normRules = {
  BatchNormalization: batchNormalization,
  // d log softmax = dx − softmax(x)·Σ dx, transposed: dy − softmax(x)·Σ dy
  LogSoftmax: ((backward) => {
    const { b, y, g } = backward;
    return [b.sub(g, b.mul(b.op('Exp', [y[0] as string]), sumAlongAxis(backward, g)))];
  }) satisfies GradientRule,
  // d softmax = y·(dx − Σ y·dx), transposed: y·(dy − Σ y·dy)
  Softmax: ((backward) => {
    const { b, y, g } = backward;
    const output = y[0] as string;
    return [b.mul(output, b.sub(g, sumAlongAxis(backward, b.mul(g, output))))];
  }) satisfies GradientRule,
};
