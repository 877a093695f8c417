/** @file How Resize computes each element from its neighbours, as one matrix per axis. */
import { InputError } from '../errors.js';
import { numberAttribute, stringAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';

/** The attributes of a Resize node. */
export interface Interpolation {
  mode: string;
  /** coordinate_transformation_mode */
  coordinates: string;
  /** nearest_mode */
  nearest: string;
  cubicCoefficient: number;
  excludeOutside: boolean;
  /** Average over all elements that a smaller picture's element covers. */
  antialias?: boolean;
  /** Start and end of the region of interest, in parts of the axis's length. */
  roi: readonly [number, number];
}

/** The attributes of a node of opset 17 or their defaults. The region of interest is the whole axis. */
export function interpolationOf(node: Node): Interpolation {
  return {
    mode: stringAttribute(node, 'mode', 'nearest'),
    coordinates: stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel'),
    nearest: stringAttribute(node, 'nearest_mode', 'round_prefer_floor'),
    cubicCoefficient: numberAttribute(node, 'cubic_coeff_a', -0.75),
    excludeOutside: numberAttribute(node, 'exclude_outside', 0) === 1,
    roi: [0, 1],
  };
}

interface Axis {
  size: number;
  output: number;
  scale: number;
  roi: readonly [number, number];
}

const halfPixel = (at: number, scale: number) => Math.fround((at + 0.5) / scale) - 0.5;

/** The position in the input of element `at` of the output, as ONNX's Resize defines it. */
const positions: Readonly<Record<string, (at: number, axis: Axis) => number>> = {
  align_corners: (at, { size, output }) => (output === 1 ? 0 : (at * (size - 1)) / (output - 1)),
  asymmetric: (at, { scale }) => at / scale,
  half_pixel: (at, { scale }) => halfPixel(at, scale),
  pytorch_half_pixel: (at, { output, scale }) => (output > 1 ? halfPixel(at, scale) : 0),
  tf_crop_and_resize: (at, { size, output, roi: [start, end] }) =>
    output > 1
      ? start * (size - 1) + (at * (end - start) * (size - 1)) / (output - 1)
      : 0.5 * (start + end) * (size - 1),
  tf_half_pixel_for_nn: (at, { scale }) => (at + 0.5) / scale,
};

const roundings: Readonly<Record<string, (position: number) => number>> = {
  ceil: Math.ceil,
  floor: Math.floor,
  round_prefer_ceil: (position) => Math.floor(position + 0.5),
  round_prefer_floor: (position) => Math.ceil(position - 0.5),
};

type Weights = readonly (readonly [index: number, weight: number])[];

/** Neighbours and their weights, by mode; indices may lie outside the input. */
const modes: Readonly<Record<string, (position: number, settings: Interpolation, size: number) => Weights>> = {
  nearest: (position, { nearest }) => [[(roundings[nearest] as (value: number) => number)(position), 1]],
  linear: (position, _settings, size) => {
    const inside = Math.min(Math.max(position, 0), size - 1);
    const low = Math.floor(inside);
    return [
      [low, low + 1 - inside],
      [low + 1, inside - low],
    ];
  },
  cubic: (position, { cubicCoefficient: a, excludeOutside }, size) => {
    const low = Math.floor(position);
    const part = position - low;
    const all = [-1, 0, 1, 2].map((by) => [low + by, keys(Math.abs(part - by), a)] as const);
    return excludeOutside ? withSumOne(withinInput(all, size)) : all;
  },
};

/** Keys 1981, eq. 15, at a distance. */
function keys(d: number, a: number): number {
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

const withinInput = (weights: Weights, size: number): Weights =>
  weights.filter(([index]) => index >= 0 && index < size);

function withSumOne(weights: Weights): Weights {
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  return weights.map(([index, weight]) => [index, weight / sum] as const);
}

/** Keys' kernel and the triangle, as functions of the distance. */
const filters: Readonly<Record<string, { reach: number; weight: (distance: number, a: number) => number }>> = {
  linear: { reach: 1, weight: (d) => Math.max(0, 1 - d) },
  cubic: { reach: 2, weight: keys },
};

/** The filter widened by how much smaller the picture becomes, as Pillow does it; indices may lie outside the input. */
function antialiased(position: number, settings: Interpolation, { size, scale }: Axis, label: string): Weights {
  const { reach, weight } = listed(filters, settings.mode, 'mode (with antialias)', label);
  const widening = Math.max(1, 1 / scale);
  const centre = position + 0.5;
  const first = Math.floor(centre - reach * widening + 0.5);
  const count = Math.floor(centre + reach * widening + 0.5) - first;
  const all = Array.from({ length: count }, (_, index) => {
    const distance = Math.abs(first + index + 0.5 - centre) / widening;
    return [first + index, weight(distance, settings.cubicCoefficient)] as const;
  });
  return withSumOne(settings.excludeOutside ? withinInput(all, size) : all);
}

/**
 * Rows [output][size] with y = M·x along one axis of a Resize; elements beyond the ends are those at the ends.
 * Positions are computed in float32, as ONNX Runtime does, so that nearest takes the same elements.
 * @param scale as given, or output / size
 * @param label of the node, for messages
 * @throws InputError naming an attribute value that opset 17 does not have
 */
export function interpolationMatrix(
  size: number,
  output: number,
  scale: number,
  settings: Interpolation,
  label: string,
): number[][] {
  const position = listed(positions, settings.coordinates, 'coordinate_transformation_mode', label);
  const weights = listed(modes, settings.mode, 'mode', label);
  listed(roundings, settings.nearest, 'nearest_mode', label);
  const crops = settings.coordinates === 'tf_crop_and_resize';
  return Array.from({ length: output }, (_, at) => {
    const row = Array.from({ length: size }, () => 0);
    const axis = { size, output, scale, roi: settings.roi };
    const place = Math.fround(position(at, axis));
    // Outside the picture a crop shows extrapolation_value.
    if (crops && (place < 0 || place > size - 1)) return row;
    const parts = settings.antialias ? antialiased(place, settings, axis, label) : weights(place, settings, size);
    for (const [index, weight] of parts) {
      const inside = Math.min(Math.max(index, 0), size - 1);
      row[inside] = (row[inside] as number) + weight;
    }
    return row;
  });
}

function listed<T>(table: Readonly<Record<string, T>>, name: string, attribute: string, label: string): T {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (found !== undefined) return found;
  throw new InputError({
    name: `${label}: attribute ${attribute}`,
    expected: `one of ${Object.keys(table).join(', ')}`,
    got: `"${name}"`,
  });
}
