/** @file Gradients of normalizations: by batch, instance, layer and neighbouring channels, softmax and its logarithm. */
import { epsilonOf, numberAttribute } from '../../graph/attributes.js';
import { InputError } from '../../errors.js';
import { nodeLabel } from '../../graph/graph.js';
import { reshapedLike } from './common.js';
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
  const variancePlus = b.add(variance, b.scalarLike(variance, epsilonOf(node)));
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

/** The standardised x̂ = (x − mean) / √(variance + ε) over some axes, and the gradient of x from that of x̂. */
function standardised({ node, b, x }: Backward, axes: readonly number[]) {
  const data = x[0];
  const epsilon = b.scalarLike(data, epsilonOf(node));
  const centred = b.sub(data, b.reduceMean(data, axes), 'centred');
  const variance = b.reduceMean(b.mul(centred, centred), axes, true, 'variance');
  const inverse = b.op('Reciprocal', [b.op('Sqrt', [b.add(variance, epsilon)])], {}, 'inverse_deviation');
  const standard = b.mul(centred, inverse, 'standardised');
  return {
    standard,
    // dx = (dx̂ − mean(dx̂) − x̂·mean(x̂·dx̂)) / √(variance + ε)
    gradient(g: string): string {
      const slope = b.mul(standard, b.reduceMean(b.mul(g, standard), axes), 'slope');
      return b.mul(b.sub(b.sub(g, b.reduceMean(g, axes)), slope), inverse);
    },
  };
}

/** y = s·x̂ + β per channel, x̂ standardised over each picture's positions. */
const instanceNormalization: GradientRule = (backward) => {
  const { b, x, g, shape, wanted } = backward;
  const [data, scale] = x as [string, string];
  const axes = [...shape(data).keys()];
  const { standard, gradient } = standardised(backward, axes.slice(2));
  const summed = (value: string) => b.reduceSum(value, axes.toSpliced(1, 1), false);
  const scaled = () => b.mul(g, b.reshape(scale, [-1, ...axes.slice(2).map(() => 1)]));
  return [
    wanted(0) ? gradient(scaled()) : null,
    wanted(1) ? summed(b.mul(g, standard)) : null,
    wanted(2) ? summed(g) : null,
  ];
};

/** y = s·x̂ + β, x̂ standardised over the axes from `axis` on. */
const layerNormalization: GradientRule = (backward) => {
  const { node, b, x, g, dy, shape, wanted } = backward;
  if (dy[0] === null || dy.slice(1).some((other) => other)) {
    throw new InputError(
      `${nodeLabel(node)}: cannot be differentiated (its mean and standard deviation are used as outputs)`,
    );
  }
  const [data, scale] = x as [string, string];
  const axes = [...shape(data).keys()];
  const { standard, gradient } = standardised(backward, axes.slice(numberAttribute(node, 'axis', -1)));
  return [
    wanted(0) ? gradient(b.mul(g, scale)) : null,
    wanted(1) ? b.mul(g, standard) : null,
    ...(x.length > 2 ? [g] : []),
  ];
};

/** Σ of each channel's `size` neighbours, `before` of them in front of it. */
function windowSum({ b, x }: Backward, value: string, size: number, before: number): string {
  const rows = b.reshape(b.op('Unsqueeze', [value, b.ints([1])]), [0, 0, 0, -1], 'channel_rows');
  const attributes = { kernel_shape: [size, 1], pads: [before, 0, size - 1 - before, 0], count_include_pad: 1 };
  const sum = b.mul(b.op('AveragePool', [rows], attributes), b.scalarLike(value, size));
  return reshapedLike(b, sum, x[0]);
}

/** y = x·s^−β with s = k + α/n·Σ x² over n neighbouring channels: dx = dy·s^−β − 2αβ/n·x·Σ dy·y/s over the mirrored window. */
const localResponseNormalization: GradientRule = (backward) => {
  const { node, b, x, y, g } = backward;
  const data = x[0];
  const number = (name: string, fallback?: number) => numberAttribute(node, name, fallback);
  const [size, alpha, beta] = [number('size'), number('alpha', 1e-4), number('beta', 0.75)];
  const before = Math.floor((size - 1) / 2);
  const squares = windowSum(backward, b.mul(data, data), size, before);
  const scale = b.add(b.mul(squares, b.scalarLike(data, alpha / size)), b.scalarLike(data, number('bias', 1)), 'scale');
  const spread = windowSum(backward, b.div(b.mul(g, y[0]), scale), size, size - 1 - before);
  const factor = b.op('Pow', [scale, b.scalarLike(data, -beta)]);
  return [b.sub(b.mul(g, factor), b.mul(b.mul(data, b.scalarLike(data, (2 * alpha * beta) / size)), spread))];
};

const sumAlongAxis = ({ node, b }: Backward, value: string) => b.reduceSum(value, [numberAttribute(node, 'axis', -1)]);

export const normRules = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  LRN: localResponseNormalization,
  // d log softmax = dx − softmax(x)·Σ dx, transposed: dy − softmax(x)·Σ dy
  LogSoftmax: ((backward) => {
    const { b, y, g } = backward;
    return [b.sub(g, b.mul(b.op('Exp', [y[0]]), sumAlongAxis(backward, g)))];
  }) satisfies GradientRule,
  // d softmax = y·(dx − Σ y·dx), transposed: y·(dy − Σ y·dy)
  Softmax: ((backward) => {
    const { b, y, g } = backward;
    const output = y[0];
    return [b.mul(output, b.sub(g, sumAlongAxis(backward, b.mul(g, output))))];
  }) satisfies GradientRule,
};
