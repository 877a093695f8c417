/** @file Which axis of a layer's output its features stand on, and their mean over all others. */
import { ChannelAxes } from '../../inference/graphs/axes.js';
import { hasAspectOf } from '../../inference/graphs/score-place.js';
import type { NetworkInput } from '../../inference/networks/network-input.js';
import { InputError } from '../../onnx/errors.js';
import { elementCount, type Graph } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';

/**
 * The axis that a value's features stand on, as the operators before it or the picture's aspect tell, and what is averaged.
 * @param dims of the value
 * @throws InputError where tokens and features may be taken for each other
 */
export function featureAxis(
  graph: Graph,
  value: string,
  dims: readonly number[],
  { name, layout, picture }: NetworkInput,
): { axis: number; averaged: string } {
  const last = dims.length - 1;
  if (last === 1) return { axis: 1, averaged: '' };
  const known = new ChannelAxes(graph, Types.of(graph), { name, axis: layout === 'NCHW' ? 1 : 3 }).of(value);
  const axis = known === undefined || known === 0 ? guessedAxis(value, dims, { layout, picture }) : known;
  return { axis, averaged: ` (the mean over all ${last === 2 && axis === 2 ? 'tokens' : 'positions'})` };
}

/** The axis of features that no operator tells. */
function guessedAxis(
  value: string,
  dims: readonly number[],
  { layout, picture }: Pick<NetworkInput, 'layout' | 'picture'>,
): number {
  const last = dims.length - 1;
  const several = dims.flatMap((size, axis) => (axis > 0 && size !== 1 ? [axis] : []));
  // The features are the only axis, whatever it means.
  if (several.length < 2) return several[0] ?? 1;
  if (last === 2) {
    const [, a, b] = dims;
    throw new InputError({
      name: `features "${value}"`,
      expected:
        `a value whose axis of features can be told; this one is ${a} features at ${b} positions or ${b} features at ` +
        `${a} positions: name another after the colon`,
      got: `[${dims.join(', ')}]`,
    });
  }
  const [likely, other] = layout === 'NCHW' ? [1, last] : [last, 1];
  const isMap = (axis: number) => {
    const [height = 1, width = 1] = dims.filter((_, at) => at > 0 && at !== axis);
    return hasAspectOf(picture, height, width);
  };
  return last === 3 && isMap(other) && !isMap(likely) ? other : likely;
}

/** [N, D, …], [N, …, D] or any other place of the features → [N, D]. */
export function meanOverPositions(data: Float32Array, dims: readonly number[], axis: number): Float32Array {
  if (dims.length === 2) return data;
  const [count = 1] = dims;
  const size = dims[axis] as number;
  const before = elementCount(dims.slice(1, axis));
  const after = elementCount(dims.slice(axis + 1));
  return Float32Array.from({ length: count * size }, (_, at) => {
    const first = Math.floor(at / size) * before * size + (at % size);
    let sum = 0;
    for (let outer = 0; outer < before; outer++) {
      const start = (first + outer * size) * after;
      for (let inner = 0; inner < after; inner++) sum += data[start + inner] as number;
    }
    return sum / (before * after);
  });
}
