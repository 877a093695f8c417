/** @file Which parts of its inputs a part of a node's output is made of, where the node only moves or combines positions. */
import { intsAttribute, numberAttribute } from '../../onnx/graph/attributes.js';
import { positiveAxis } from '../../onnx/graph/dims.js';
import { inputOf, type Node, type Shape } from '../../onnx/graph/graph.js';
import { axesOf } from '../../onnx/shapes/rule.js';
import type { Types } from '../../onnx/shapes/types.js';

/** What is read of a value: all, or a range along one axis. */
export type Part = 'all' | { axis: number; from: number; to: number };

/** The smallest part that holds two. */
export function union(a: Part, b: Part): Part {
  if (a === 'all' || b === 'all' || a.axis !== b.axis) return 'all';
  return { axis: a.axis, from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}

/** The inputs that a part of an output is made of, and which part of each. */
export function readParts(node: Node, output: string, part: Part, types: Types): [string, Part][] {
  const shape = types.shape(output) ?? [];
  const first = inputOf(node);
  const given = types.shape(first) ?? [];
  const axis = positiveAxis(numberAttribute(node, 'axis', 0), given.length);
  if (node.op === 'Split') return [[first, narrowed(part, axis, ...splitRange(node, output, axis, types))]];
  if (node.op === 'Slice') return [[first, ofSlice(node, part, given, types)]];
  if (node.op === 'Gather') return [[first, ofGather(node, part, axis, given, types)]];
  const all = node.inputs.map((name): [string, Part] => [name, 'all']);
  if (part === 'all') return all;
  if (node.op === 'Concat') {
    if (part.axis === axis) return ofJoined(node.inputs, types, part) ?? all;
    return all.map(([name]) => [name, part]);
  }
  const moved = movedAxis(node, part.axis, { shape, given }, types);
  return all.map(([name]): [string, Part] => {
    const own = types.shape(name) ?? [];
    const at = moved === undefined ? part.axis - (shape.length - own.length) : name === first ? moved : -1;
    const keeps = at >= 0 && own[at] !== undefined && own[at] === shape[part.axis];
    return [name, keeps ? { ...part, axis: at } : 'all'];
  });
}

/** A part of what a range of an axis leaves, as a part of the whole. */
function narrowed(part: Part, axis: number, from: number | undefined, size: unknown): Part {
  if (part !== 'all' && part.axis !== axis) return part;
  if (from === undefined || typeof size !== 'number') return 'all';
  return part === 'all'
    ? { axis, from, to: from + size }
    : { axis, from: from + part.from, to: Math.min(from + part.to, from + size) };
}

/** Where a Split's output begins on its axis, and how long it is. */
function splitRange(node: Node, output: string, axis: number, types: Types): [number | undefined, unknown] {
  const sizes = node.outputs.map((name) => types.shape(name)?.[axis]);
  const at = node.outputs.indexOf(output);
  const before = sizes.slice(0, at);
  const known = before.every((size) => typeof size === 'number');
  return [known ? before.reduce((sum: number, size) => sum + Number(size), 0) : undefined, sizes[at]];
}

function ofSlice(node: Node, part: Part, given: Shape, types: Types): Part {
  const [starts, ends, axes, steps] = node.inputs.slice(1).map((name) => types.integers(name));
  const [start, end] = [starts?.[0], ends?.[0]];
  const axis = positiveAxis(axes?.[0] ?? 0, given.length);
  const size = given[axis];
  if (starts?.length !== 1 || start === undefined || end === undefined || (steps?.[0] ?? 1) !== 1) return 'all';
  if (typeof size !== 'number') return part !== 'all' && part.axis !== axis ? part : 'all';
  const place = (index: number) => Math.max(0, Math.min(size, index < 0 ? index + size : index));
  return narrowed(part, axis, place(start), place(end) - place(start));
}

function ofGather(node: Node, part: Part, axis: number, given: Shape, types: Types): Part {
  const index = inputOf(node, 1);
  const rank = types.shape(index)?.length;
  if (rank === undefined) return 'all';
  if (part === 'all' || (part.axis >= axis && part.axis < axis + rank)) {
    const [at, ...more] = types.integers(index) ?? [];
    const size = given[axis];
    if (at === undefined || more.length > 0 || typeof size !== 'number' || size === 1) return 'all';
    return { axis, from: at < 0 ? at + size : at, to: (at < 0 ? at + size : at) + 1 };
  }
  return { ...part, axis: part.axis < axis ? part.axis : part.axis - rank + 1 };
}

/** Where an axis of the output stood before a node that moves axes: −1 where it was none; undefined for other nodes. */
function movedAxis(
  node: Node,
  axis: number,
  { shape, given }: { shape: Shape; given: Shape },
  types: Types,
): number | undefined {
  switch (node.op) {
    case 'Transpose':
      return intsAttribute(node, 'perm')?.[axis] ?? given.length - 1 - axis;
    case 'Squeeze':
    case 'Unsqueeze': {
      const rank = Math.max(shape.length, given.length);
      const listed = axesOf(node, types)?.map((each) => positiveAxis(each, rank));
      const left = Array.from({ length: rank }, (_, at) => at).filter((at) =>
        listed ? !listed.includes(at) : given[at] !== 1,
      );
      return node.op === 'Squeeze' ? (left[axis] ?? -1) : left.indexOf(axis);
    }
    case 'Reshape':
    case 'Flatten': {
      const behind = (sizes: Shape, at: number) => sizes.slice(at + 1).reduce((a: number, size) => a * Number(size), 1);
      const same = given.findIndex((size, at) => size === shape[axis] && behind(given, at) === behind(shape, axis));
      return same >= 0 ? same : axis;
    }
    default:
      return undefined;
  }
}

/** The parts of a Concat along its axis that a range covers; undefined where their sizes are not known. */
function ofJoined(
  inputs: readonly string[],
  types: Types,
  { axis, from, to }: { axis: number; from: number; to: number },
): [string, Part][] | undefined {
  const sizes = inputs.map((name) => types.shape(name)?.[axis]);
  if (!sizes.every((size) => typeof size === 'number')) return undefined;
  let start = 0;
  return inputs.flatMap((name, at): [string, Part][] => {
    const size = Number(sizes[at]);
    const [low, high] = [Math.max(0, from - start), Math.min(size, to - start)];
    start += size;
    return low < high ? [[name, { axis, from: low, to: high }]] : [];
  });
}
