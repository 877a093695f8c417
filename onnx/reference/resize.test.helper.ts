/** @file Resize in float64: nearest, linear and cubic, one axis after the other. */
import { numberAttribute, stringAttribute } from '../graph/attributes.js';
import { elementCount } from '../graph/graph.js';
import { transposed, type NdArray } from './array.test.helper.js';
import { requireMode } from './elementwise.test.helper.js';
import type { Kernel } from './evaluate.test.helper.js';

/** Sources and their weights for one position of an output axis. */
type Mix = readonly (readonly [source: number, weight: number])[];

/** Keys' kernel with coefficient a. */
function cubic(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

function mixOf(place: number, size: number, mode: string, a: number): Mix {
  const inside = (at: number) => Math.min(Math.max(at, 0), size - 1);
  const low = Math.floor(place);
  if (mode === 'nearest') return [[inside(low), 1]];
  if (mode === 'cubic') return [-1, 0, 1, 2].map((step) => [inside(low + step), cubic(place - low - step, a)] as const);
  return [
    [inside(low), 1 - (place - low)],
    [inside(low + 1), place - low],
  ];
}

/** The array with its last axis mixed anew. */
function mixed(x: NdArray, mixes: readonly Mix[]): NdArray {
  const size = x.dims.at(-1) as number;
  const dims = [...x.dims.slice(0, -1), mixes.length];
  const data = new Float64Array(elementCount(dims)).map((_, at) => {
    const start = Math.floor(at / mixes.length) * size;
    return (mixes[at % mixes.length] as Mix).reduce(
      (sum, [source, weight]) => sum + weight * (x.data[start + source] as number),
      0,
    );
  });
  return { dims, data };
}

export const resize: Kernel = (node, [x, , scales, sizes]) => {
  let value = x as NdArray;
  const mode = requireMode(node, 'mode', 'nearest', ['nearest', 'linear', 'cubic']);
  const place = requireMode(node, 'coordinate_transformation_mode', 'half_pixel', [
    'half_pixel',
    'asymmetric',
    'align_corners',
  ]);
  if (mode === 'nearest' && stringAttribute(node, 'nearest_mode', 'round_prefer_floor') !== 'floor') {
    throw new Error('Resize to the nearest other than floor has no float64 kernel');
  }
  const a = numberAttribute(node, 'cubic_coeff_a', -0.75);
  const targets = value.dims.map(
    (size, axis) => sizes?.data[axis] ?? Math.floor(size * (scales?.data[axis] as number)),
  );
  for (let axis = 0; axis < targets.length; axis++) {
    const [size, target] = [value.dims[axis] as number, targets[axis] as number];
    const scale = sizes ? target / size : (scales?.data[axis] as number);
    const mixes = Array.from({ length: target }, (_, at) => {
      const half = (at + 0.5) / scale - 0.5;
      const corners = target > 1 ? (at * (size - 1)) / (target - 1) : 0;
      const position = { half_pixel: half, asymmetric: at / scale, align_corners: corners }[place] as number;
      return mixOf(position, size, mode, a);
    });
    const last = targets.length - 1;
    const order = targets.map((_, each) => (each === axis ? last : each === last ? axis : each));
    if (size !== target) value = transposed(mixed(transposed(value, order), mixes), order);
  }
  return [value];
};
