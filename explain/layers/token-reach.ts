/** @file Which tokens of a value the scores depend on: behind the last mixing of tokens, often the class token alone. */
import { intsAttribute, numberAttribute, stringAttribute } from '../../onnx/graph/attributes.js';
import { positiveAxis } from '../../onnx/graph/dims.js';
import type { Graph, Node } from '../../onnx/graph/graph.js';
import { valuesRead } from '../../onnx/graph/order.js';
import type { Types } from '../../onnx/shapes/types.js';
import { elementwise } from './places/elementwise.js';

/** All positions, or some of one axis. */
export type Reach = 'all' | { axis: number; positions: ReadonlySet<number> };

/** A slice of more positions counts as all. */
const MAX_POSITIONS = 4096;

const normalizing = new Set(['LayerNormalization', 'Softmax', 'LogSoftmax']);

/**
 * What reaches a value from the values before it, by name; values that do not lead there are missing.
 * @param graph in topological order
 */
export function tokenReach(graph: Graph, types: Types, target: string): Map<string, Reach> {
  const reached = new Map<string, Reach>([[target, 'all']]);
  for (const node of graph.nodes.toReversed()) {
    const after = node.outputs.flatMap((name) => reached.get(name) ?? []);
    if (after.length === 0 || node.op === 'Shape') continue;
    const reach = after.reduce(joined);
    node.inputs.forEach((name, index) => {
      if (name === '' || types.constant(name)) return;
      const own = reachOfInput(node, index, reach, types);
      if (own !== 'all' && own.positions.size === 0) return;
      const known = reached.get(name);
      reached.set(name, known === undefined ? own : joined(known, own));
    });
    for (const name of valuesRead(node)) if (!node.inputs.includes(name)) reached.set(name, 'all');
  }
  return reached;
}

function joined(a: Reach, b: Reach): Reach {
  if (a === 'all' || b === 'all' || a.axis !== b.axis) return 'all';
  return { axis: a.axis, positions: new Set([...a.positions, ...b.positions]) };
}

function reachOfInput(node: Node, index: number, reach: Reach, types: Types): Reach {
  const shape = types.shape(node.inputs[index] ?? '') ?? [];
  const output = types.shape(node.outputs[0] ?? '') ?? [];
  const rank = shape.length;
  if (node.domain !== '') return 'all';
  if (node.op === 'Gather' && index === 0) {
    const axis = positiveAxis(numberAttribute(node, 'axis', 0), rank);
    return somePositions(axis, types.integers(node.inputs[1]), shape[axis]);
  }
  if (node.op === 'Slice' && index === 0) return ofSlice(node, shape, types) ?? 'all';
  if (reach === 'all') return 'all';
  if (node.op === 'Transpose') {
    const axis = intsAttribute(node, 'perm')?.[reach.axis];
    return axis === undefined ? 'all' : { ...reach, axis };
  }
  if (node.op === 'Reshape' && index === 0) return sameUpTo(shape, output, reach.axis) ? reach : 'all';
  if (node.op === 'Concat' || node.op === 'Pad') return ofPart(node, index, reach, types) ?? 'all';
  const isLast = reach.axis === output.length - 1;
  const alongLast =
    (normalizing.has(node.op) && positiveAxis(numberAttribute(node, 'axis', -1), rank) === rank - 1) ||
    (node.op === 'MatMul' && index === 0) ||
    (node.op.startsWith('Reduce') &&
      intsAttribute(node, 'axes')?.every((axis) => positiveAxis(axis, rank) === rank - 1));
  const keeps = elementwise.has(node.op) || (alongLast && !isLast);
  return keeps && rank === output.length && shape[reach.axis] === output[reach.axis] ? reach : 'all';
}

function sameUpTo(a: readonly unknown[], b: readonly unknown[], axis: number): boolean {
  return a.slice(0, axis + 1).every((size, at) => size === b[at]) && axis < a.length;
}

/** Positions of an input that a Concat or Pad places among others; undefined where sizes are not known. */
function ofPart(node: Node, index: number, reach: Exclude<Reach, 'all'>, types: Types): Reach | undefined {
  const shape = types.shape(node.inputs[index] ?? '') ?? [];
  const size = shape[reach.axis];
  const start =
    node.op === 'Pad' ? padBefore(node, reach.axis, shape.length, types) : startIn(node, index, reach, types);
  if (start === undefined || typeof size !== 'number') return undefined;
  const own = [...reach.positions].map((position) => position - start).filter((at) => at >= 0 && at < size);
  return { ...reach, positions: new Set(own) };
}

function startIn(node: Node, index: number, { axis }: { axis: number }, types: Types): number | undefined {
  const shapes = node.inputs.map((name) => types.shape(name) ?? []);
  if (positiveAxis(numberAttribute(node, 'axis', 0), shapes[index]?.length ?? 0) !== axis) return 0;
  const before = shapes.slice(0, index).map((shape) => shape[axis]);
  return before.every((size) => typeof size === 'number')
    ? before.reduce((a: number, b) => a + Number(b), 0)
    : undefined;
}

/** What a Pad with zeros adds before an axis; other modes copy positions. */
function padBefore(node: Node, axis: number, rank: number, types: Types): number | undefined {
  const pads = types.integers(node.inputs[1]);
  const axes = node.inputs[3] ? types.integers(node.inputs[3])?.map((each) => positiveAxis(each, rank)) : undefined;
  if (!pads || (node.inputs[3] && !axes) || stringAttribute(node, 'mode', 'constant') !== 'constant') return undefined;
  const at = axes ? axes.indexOf(axis) : axis;
  return at < 0 ? 0 : pads[at];
}

function somePositions(axis: number, indices: readonly number[] | undefined, size: unknown): Reach {
  if (!indices || indices.length > MAX_POSITIONS) return 'all';
  const at = indices.map((index) => (index < 0 && typeof size === 'number' ? index + size : index));
  return { axis, positions: new Set(at) };
}

/** A slice of few positions along one axis. */
function ofSlice({ inputs }: Node, shape: readonly unknown[], types: Types): Reach | undefined {
  const [starts, ends, axes, steps] = inputs.slice(1).map((name) => types.integers(name));
  if (!starts || !ends) return undefined;
  for (const [at, start] of starts.entries()) {
    const axis = positiveAxis(axes?.[at] ?? at, shape.length);
    const size = shape[axis];
    if (typeof size !== 'number' || (steps?.[at] ?? 1) !== 1) continue;
    const place = (index: number) => Math.max(0, Math.min(size, positiveAxis(index, size)));
    const [from, to] = [place(start), place(ends[at] ?? size)];
    // The first axis is that of pictures, if the second is not.
    const isPicture = axis === 0 && typeof shape[1] === 'number';
    const isSome = to - from < size && to - from <= MAX_POSITIONS && !isPicture;
    if (isSome) return { axis, positions: new Set(Array.from({ length: to - from }, (_, i) => from + i)) };
  }
  return undefined;
}
