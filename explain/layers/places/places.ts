/** @file Where the positions of the picture lie in values: on rows and columns, in rows of tokens, or folded as in windows. */
import { intsAttribute, numberAttribute } from '../../../onnx/graph/attributes.js';
import { positiveAxis } from '../../../onnx/graph/dims.js';
import type { Graph, Node, Shape } from '../../../onnx/graph/graph.js';
import { axesOf } from '../../../onnx/shapes/rule.js';
import type { Types } from '../../../onnx/shapes/types.js';
import { elementwise } from './elementwise.js';
import { isPositional, reshapedPlaces, runsAlong, runsRowByRow, wholeAxis, type Part, type Places } from './parts.js';

/** Operators of [N, C, H, W] whose rows and columns remain the picture's. */
const spatial = new Set(
  'Conv ConvTranspose MaxPool AveragePool LpPool Resize GlobalAveragePool GlobalMaxPool DepthToSpace SpaceToDepth'.split(
    ' ',
  ),
);
const reshaping = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);
const resizing = new Set(['Slice', 'Pad', 'Split']);
const normalizing = new Set(
  'BatchNormalization InstanceNormalization LayerNormalization LRN Softmax LogSoftmax LpNormalization'.split(' '),
);

/** Where positions lie in the values of a graph, as far as its operators tell. */
export class PositionPlaces {
  readonly #places = new Map<string, Places>();
  readonly #types: Types;

  /**
   * @param graph in topological order
   * @param channelAxis of its first input, the picture
   */
  constructor(graph: Graph, types: Types, channelAxis: number) {
    this.#types = types;
    const [picture] = graph.inputs;
    const shape = picture?.value?.shape ?? [];
    if (!picture || shape.length !== 4 || shape.slice(1).some((size) => typeof size !== 'number')) return;
    const kinds = channelAxis === 3 ? (['other', 'y', 'x', 'other'] as const) : (['other', 'other', 'y', 'x'] as const);
    this.#places.set(
      picture.name,
      kinds.map((along, axis) => wholeAxis(along, typeof shape[axis] === 'number' ? shape[axis] : Number.NaN)),
    );
    for (const node of graph.nodes) this.#add(node);
  }

  /**
   * Whether a value's positions are known to lie in another order than the picture's, such as those of windows, of unfolded
   * patches, or of attention between tokens.
   * @param channelAxis where it is known
   */
  areElsewhere(value: string, channelAxis: number | undefined): boolean {
    const places = this.#places.get(value);
    if (!places?.some(isPositional)) return false;
    if (places.length === 3) return !runsRowByRow(places[channelAxis === 1 ? 2 : 1] ?? []);
    if (places.length !== 4) return false;
    return [channelAxis ?? [1, 3]].flat().every((channels) => {
      const [rows = [], columns = []] = places.filter((_, axis) => axis > 0 && axis !== channels);
      return !runsAlong(rows, 'y') || !runsAlong(columns, 'x');
    });
  }

  #add(node: Node): void {
    if (node.domain !== '') return;
    for (const output of node.outputs) {
      const shape = this.#types.shape(output);
      const places = shape && this.#after(node, shape);
      if (places?.length === shape?.length && places) this.#places.set(output, places);
    }
  }

  #after(node: Node, shape: Shape): Places | undefined {
    const { op } = node;
    if (elementwise.has(op) || normalizing.has(op)) return this.#same(node, shape);
    const [first = '', second = ''] = node.inputs;
    if (op === 'Concat') return this.#resized(node.inputs.find((name) => this.#places.has(name)) ?? '', shape);
    const before = this.#places.get(first);
    if (!before) return undefined;
    if (spatial.has(op)) return this.#spatial(before, first, shape);
    if (reshaping.has(op)) return reshapedPlaces(before, shape);
    if (resizing.has(op)) return this.#isReversed(node) ? undefined : this.#resized(first, shape);
    if (op === 'Transpose') {
      const order = intsAttribute(node, 'perm') ?? before.map((_, axis) => before.length - 1 - axis);
      return order.map((axis) => before[axis] ?? []);
    }
    if (op === 'MatMul') return multiplied(before, this.#places.get(second), shape);
    if (op === 'Gather') return gathered(before, positiveAxis(numberAttribute(node, 'axis', 0), before.length), shape);
    if (!op.startsWith('Reduce')) return undefined;
    const gone = axesOf(node, this.#types)?.map((axis) => positiveAxis(axis, before.length));
    if (!gone) return undefined;
    return shape.length === before.length
      ? before.map((parts, axis) => (gone.includes(axis) ? [] : parts))
      : before.filter((_, axis) => !gone.includes(axis));
  }

  /** Those of the inputs of the same shape, where they agree. */
  #same(node: Node, shape: Shape): Places | undefined {
    const found = node.inputs.flatMap((name) => {
      const own = this.#types.shape(name);
      const places = this.#places.get(name);
      return places && own?.length === shape.length && own.every((size, axis) => size === shape[axis]) ? [places] : [];
    });
    const [places, ...others] = found;
    return others.every((other) => JSON.stringify(other) === JSON.stringify(places)) ? places : undefined;
  }

  #spatial(before: Places, value: string, shape: Shape): Places | undefined {
    const own = this.#types.shape(value) ?? [];
    const [batch, , rows, columns] = before;
    const [, channels, height, width] = shape;
    if (!batch || !rows || !columns || typeof height !== 'number' || typeof width !== 'number') return undefined;
    const kept = own[2] === height && own[3] === width;
    if (!kept && (!runsAlong(rows, 'y') || !runsAlong(columns, 'x'))) return undefined;
    const positions = kept ? [rows, columns] : [wholeAxis('y', height), wholeAxis('x', width)];
    return [batch, wholeAxis('other', Number(channels)), ...positions];
  }

  /** After some places of axes were left out or added at their ends. */
  #resized(value: string, shape: Shape): Places | undefined {
    const own = this.#types.shape(value) ?? [];
    const axes = this.#places.get(value)?.map((parts, axis) => {
      const size = shape[axis];
      return size === own[axis] ? parts : resizedAxis(parts, typeof size === 'number' ? size : Number.NaN);
    });
    return axes?.every((parts) => parts !== undefined) ? (axes as Part[][]) : undefined;
  }

  #isReversed(node: Node): boolean {
    return node.op === 'Slice' && (this.#types.integers(node.inputs[4]) ?? []).some((step) => step < 0);
  }
}

function resizedAxis(parts: readonly Part[], size: number): Part[] | undefined {
  const along = (['other', 'y', 'x'] as const).find((each) => parts.every((part) => part.along === each));
  return along === undefined || (along !== 'other' && !runsAlong(parts, along)) ? undefined : wholeAxis(along, size);
}

/** Rows are those of the first factor, columns those of the second. */
function multiplied(a: Places, b: Places | undefined, shape: Shape): Places | undefined {
  const rows = a.slice(0, -1);
  // Positions that are the only ones are mixed: others may follow in any order.
  if (isPositional(a.at(-1) ?? []) && !rows.some(isPositional)) return undefined;
  const columns = b?.length === a.length ? b.at(-1) : undefined;
  return [...rows, columns ?? wholeAxis('other', Number(shape.at(-1)))];
}

/** Rows may be gathered in any order, so those of positions are not known after it. */
function gathered(before: Places, axis: number, shape: Shape): Places | undefined {
  if (isPositional(before[axis] ?? [])) return undefined;
  if (shape.length < before.length) return before.filter((_, at) => at !== axis);
  return before.map((parts, at) => (at === axis ? wholeAxis('other', Number(shape[at])) : parts));
}
