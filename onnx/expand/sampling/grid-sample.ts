/** @file GridSample as elementary operators: each sample is a weighted sum of the pixels around it. */
import { numberAttribute, stringAttribute } from '../../graph/attributes.js';
import type { GraphBuilder } from '../../build/build.js';
import { elementCount, inputOf, type Dim, type Node } from '../../graph/graph.js';
import { typeCode } from '../../files/storage.js';
import { fixedSize, notExpanded, type Expansion } from '../expansion.js';

/** Where the pixels of one axis are that a sample is made of, and their weights, each [N, samples]. */
interface Neighbour {
  /** Position along the axis, within the picture. */
  at: string;
  /** Missing where it is 1. */
  weight?: string;
}

interface Axis {
  size: number;
  /** Positions in pixels [N, samples], 0 is the middle of the first pixel. */
  position: string;
}

/** The second coefficient of the cubic kernel, as in ONNX Runtime and PyTorch. */
const CUBIC = -0.75;

/** X [N, C, …sizes] sampled at positions in −1…1 [N, …places, axes]; the last axis of X comes first in a position. */
export const gridSample: Expansion = (node, b) => {
  const [data, grid] = [inputOf(node), inputOf(node, 1)];
  const [batch, channels, ...sizes] = b.types.knownShape(data, node) as [Dim, Dim, ...Dim[]];
  const places = b.types.knownShape(grid, node).slice(1, -1);
  const count = fixedSize(node, channels, 'its channels');
  const axes = sizes.map((dim, axis): Axis => {
    const size = fixedSize(node, dim, 'its picture');
    const index = b.op('Gather', [grid, b.scalar(sizes.length - 1 - axis, 'int64')], { axis: -1 }, `grid_${axis}`);
    const position = inPixels(b, node, b.op('Reshape', [index, b.ints([0, -1])]), size);
    return { size, position: padded(b, node, position, size) };
  });
  const pixels = b.op('Reshape', [data, b.ints([0, 0, -1])], {}, 'pixels');
  const samples = products(axes.map((axis) => neighbours(b, node, axis))).map((corner) => {
    const index = corner
      .map(({ at }, axis) => {
        const stride = elementCount(axes.slice(axis + 1).map(({ size }) => size));
        return stride === 1 ? at : b.mul(at, b.scalarLike(at, stride));
      })
      .reduce((sum, part) => b.add(sum, part));
    const row = b.op('Unsqueeze', [b.op('Cast', [index], { to: typeCode('int64') }), b.ints([1])]);
    const picked = b.op(
      'GatherElements',
      [pixels, b.op('Expand', [row, b.ints([1, count, 1])])],
      { axis: 2 },
      'picked',
    );
    const weights = corner.flatMap(({ weight }) => weight ?? []);
    if (weights.length === 0) return picked;
    const weight = weights.reduce((product, part) => b.mul(product, part));
    return b.mul(picked, b.op('Unsqueeze', [weight, b.ints([1])]));
  });
  const sum = samples.length === 1 ? (samples[0] as string) : b.op('Sum', samples, {}, 'samples');
  return [b.reshape(sum, [batch, count, ...places])];
};

/** From −1…1, which are the middles of the outermost pixels (align_corners) or their outer edges. */
function inPixels(b: GraphBuilder, node: Node, position: string, size: number): string {
  const aligned = numberAttribute(node, 'align_corners', 0) === 1;
  const extent = aligned ? size - 1 : size;
  const number = (value: number) => b.scalarLike(position, value);
  const fromEdge = b.mul(b.add(position, number(1)), number(extent / 2));
  return aligned ? fromEdge : b.sub(fromEdge, number(0.5));
}

/** Positions outside the picture moved into it, unless the padding is zeros. */
function padded(b: GraphBuilder, node: Node, position: string, size: number): string {
  const mode = stringAttribute(node, 'mode', 'bilinear');
  const padding = stringAttribute(node, 'padding_mode', 'zeros');
  // ONNX Runtime samples the nearest pixel before it applies the padding.
  const start = mode === 'nearest' ? b.op('Round', [position]) : position;
  if (padding === 'zeros') return start;
  if (mode !== 'nearest' && mode !== 'bilinear') throw notExpanded(node, `mode ${mode} with padding_mode ${padding}`);
  const number = (value: number) => b.scalarLike(position, value);
  const aligned = numberAttribute(node, 'align_corners', 0) === 1;
  const range = aligned ? size - 1 : size;
  if (padding !== 'reflection' || range === 0) return b.op('Clip', [start, number(0), number(size - 1)]);
  // Back and forth between the edges: r − |(|u − edge| mod 2r) − r|
  const edge = number(aligned ? 0 : -0.5);
  const turns = b.op('Mod', [b.op('Abs', [b.sub(start, edge)]), number(2 * range)], { fmod: 1 });
  const distance = b.sub(number(range), b.op('Abs', [b.sub(turns, number(range))]));
  const reflected = b.add(distance, edge);
  return mode === 'nearest' ? b.op('Floor', [reflected]) : reflected;
}

/** The pixels along an axis that a sample is made of. Those outside the picture have no weight. */
function neighbours(b: GraphBuilder, node: Node, { size, position }: Axis): Neighbour[] {
  const mode = stringAttribute(node, 'mode', 'bilinear');
  const number = (value: number) => b.scalarLike(position, value);
  const low = b.op('Floor', [position]);
  const within = (at: string, weight?: string): Neighbour => {
    const inside = b.op('Clip', [at, number(0), number(size - 1)]);
    if (stringAttribute(node, 'padding_mode', 'zeros') !== 'zeros') return { at: inside, ...(weight && { weight }) };
    const isInside = b.castLike(b.op('Equal', [inside, at]), at);
    return { at: inside, weight: weight ? b.mul(weight, isInside) : isInside };
  };
  const shifted = (by: number) => (by === 0 ? low : b.add(low, number(by)));
  const share = () => b.sub(position, low);
  switch (mode) {
    case 'nearest':
      return [within(position)];
    case 'bilinear': {
      const second = share();
      return [within(low, b.sub(number(1), second)), within(shifted(1), second)];
    }
    case 'bicubic': {
      const t = share();
      return [-1, 0, 1, 2].map((by) => within(shifted(by), cubicWeight(b, t, by)));
    }
    default:
      throw notExpanded(node, `mode ${mode}`);
  }
}

/** The cubic kernel at |t − by|: (a + 2)d³ − (a + 3)d² + 1 up to 1, and ad³ − 5ad² + 8ad − 4a up to 2. */
function cubicWeight(b: GraphBuilder, t: string, by: number): string {
  const number = (value: number) => b.scalarLike(t, value);
  const distance = by > 0 ? b.sub(number(by), t) : by === 0 ? t : b.add(t, number(-by));
  const near = by === 0 || by === 1;
  const a = CUBIC;
  const coefficients = near ? [a + 2, -(a + 3), 0, 1] : [a, -5 * a, 8 * a, -4 * a];
  const [first, ...rest] = coefficients.map(number) as [string, ...string[]];
  return rest.reduce((sum, coefficient) => b.add(b.mul(sum, distance), coefficient), first);
}

/** One neighbour of each axis, in all combinations. */
function products(axes: readonly (readonly Neighbour[])[]): Neighbour[][] {
  return axes.reduce<Neighbour[][]>(
    (corners, axis) => corners.flatMap((corner) => axis.map((neighbour) => [...corner, neighbour])),
    [[]],
  );
}
