/** @file Gradient of Resize: the transposed interpolation, as one matrix per axis. */
import { stringAttribute } from '../../graph/attributes.js';
import { multipliedAlong } from '../../build/along-axis.js';
import { InputError } from '../../errors.js';
import { nodeLabel, type Dim, type Node, type Tensor } from '../../graph/graph.js';
import { expectWithin } from '../../graph/limits.js';
import { interpolationMatrix, interpolationOf } from '../../shapes/interpolation.js';
import { float32Tensor } from '../../graph/tensor.js';
import { sizedLike } from './common.js';
import type { Backward, GradientRule } from './rule.js';

/** What is done along one axis; `scale` as given, or the ratio of sizes. */
interface ResizedAxis {
  axis: number;
  size: Dim;
  output: Dim;
  scale: number;
}

/** y = M x along each axis that changes: dx = Mᵀ dy. Nearest repetition by whole factors sums blocks instead. */
const resize: GradientRule = (backward) => {
  const { b, x, g } = backward;
  const changed = resizedAxes(backward);
  const summed = blockSums(backward, changed) ?? changed.reduce((value, axis) => alongAxis(backward, value, axis), g);
  return x.map((_, index) => (index === 0 ? sizedLike(b, summed, x[0]) : null));
};

function resizedAxes({ node, b, x, y, shape }: Backward): ResizedAxis[] {
  const [sizes, outputs] = [shape(x[0]), shape(y[0])];
  const scales = x[2] ? b.types.numbers(x[2]) : undefined;
  const crops = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize';
  return sizes.flatMap((size, axis) => {
    const output = outputs[axis] as Dim;
    const stated = scales?.length === sizes.length ? scales[axis] : undefined;
    const scale = stated ?? (size === output ? 1 : Math.fround(Number(output) / Number(size)));
    const whole = crops ? cropOf(node, b.types.numbers(x[1]), axis, sizes.length).join() === '0,1' : true;
    return scale === 1 && whole ? [] : [{ axis, size, output, scale }];
  });
}

/** Start and end of the axis's region of interest, in parts of its length. @throws InputError where they are not constant */
function cropOf(node: Node, roi: readonly number[] | undefined, axis: number, rank: number): [number, number] {
  const [start, end] = [roi?.[axis], roi?.[axis + rank]];
  if (start !== undefined && end !== undefined) return [start, end];
  throw new InputError({ name: `${nodeLabel(node)}: cannot be differentiated (roi`, expected: 'constants)' });
}

/** Coordinate and rounding modes that mean ⌊i/s⌋ for whole s. */
const floorModes = new Set(['asymmetric/floor', 'half_pixel/round_prefer_floor', 'half_pixel/round_prefer_ceil']);

/** y[i] = x[⌊i/s⌋] along picture axes: dx is the sum over each s×…×s block, for open picture sizes too. */
function blockSums({ node, b, x, g, shape }: Backward, changed: readonly ResizedAxis[]): string | undefined {
  const coordinates = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  const rounding = `${coordinates}/${stringAttribute(node, 'nearest_mode', 'round_prefer_floor')}`;
  if (stringAttribute(node, 'mode', 'nearest') !== 'nearest' || !floorModes.has(rounding)) return undefined;
  if (changed.some(({ axis, scale }) => axis < 2 || !Number.isInteger(scale) || scale < 1)) return undefined;
  const kernel = shape(x[0]).map((_, axis) => changed.find((each) => each.axis === axis)?.scale ?? 1);
  const block = kernel.slice(2);
  if (block.length === 0) return g;
  const mean = b.op('AveragePool', [g], { kernel_shape: block, strides: block }, 'blocks');
  const count = kernel.reduce((product, scale) => product * scale, 1);
  return b.mul(mean, b.scalarLike(g, count));
}

/** Mᵀ · value along one axis. */
function alongAxis({ node, b, x, shape }: Backward, value: string, { axis, size, output, scale }: ResizedAxis): string {
  const label = nodeLabel(node);
  if (typeof size !== 'number' || typeof output !== 'number') {
    throw new InputError(`${label}: differentiating needs fixed sizes; got ${size} → ${output}`);
  }
  const rank = shape(x[0]).length;
  const settings = interpolationOf(node);
  if (settings.coordinates === 'tf_crop_and_resize') settings.roi = cropOf(node, b.types.numbers(x[1]), axis, rank);
  expectWithin('ruleElements', size * output, label);
  const rows = interpolationMatrix(size, output, scale, settings, label);
  const values = Array.from({ length: size * output }, (_, at) => rows[at % output]?.[Math.floor(at / output)] ?? 0);
  const dims = [size, output];
  const tensor: Tensor =
    b.types.get(value)?.type === 'float64'
      ? { type: 'float64', dims, data: Float64Array.from(values) }
      : float32Tensor(values, dims);
  const matrix = b.castLike(b.op('Constant', [], { value: tensor }, `transposed_${axis}`), value);
  return multipliedAlong(b, matrix, value, axis);
}

export const resizeRules = { Resize: resize };
