/** @file Which tokens are positions of the picture: a detector's queries, a resampler's latents and class tokens are not. */
import { descendants } from '../../inference/graphs/links.js';
import { intsAttribute, numberAttribute } from '../../onnx/graph/attributes.js';
import { positiveAxis } from '../../onnx/graph/dims.js';
import type { Graph, Node, Shape } from '../../onnx/graph/graph.js';
import { valuesRead } from '../../onnx/graph/order.js';
import type { Types } from '../../onnx/shapes/types.js';
import { MAX_LEADING, type Rows } from './layer.js';

/** Operators that give rows or slots chosen by what the picture holds, or made without it. */
const elsewhere = new Set([
  'Shape',
  'Size',
  'TopK',
  'NonZero',
  'ArgMax',
  'ConstantOfShape',
  'RandomNormal',
  'GatherElements',
]);
/** Operators with a value for each element of any of their inputs. */
const joining = new Set(['Add', 'Sub', 'Mul', 'Div', 'Sum', 'Mean', 'Max', 'Min', 'Where', 'Concat', 'Einsum']);
/** Operators with subgraphs. */
const holding = new Set(['If', 'Loop', 'Scan']);
/** Operators whose rows are places that another input gives. */
const sampling = new Set(['Gather', 'GatherND', 'GridSample']);

/**
 * The values whose rows come from rows of the picture, some of them at least. The rows of an attention's result are those of
 * its queries, so what learnt queries read from the picture has none; nor has a class token that is taken from the others.
 * @param graph in topological order; its first input is the picture
 */
export function positionalValues(graph: Graph, types: Types): ReadonlyMap<string, Rows> {
  const picture = graph.inputs[0]?.name ?? '';
  const found = new Map<string, Rows>([[picture, 'all']]);
  const dependent = descendants(graph, picture);
  for (const node of graph.nodes) {
    const rows = hasPositions(node, found, dependent) ? rowsOf(node, found, types) : undefined;
    if (rows !== undefined) for (const output of node.outputs) found.set(output, rows);
  }
  return found;
}

function hasPositions(node: Node, known: ReadonlyMap<string, Rows>, dependent: ReadonlySet<string>): boolean {
  const { op, domain, inputs } = node;
  const [first = '', second = ''] = inputs;
  if (domain !== '') return inputs.some((name) => known.has(name));
  if (elsewhere.has(op)) return false;
  if (joining.has(op) || holding.has(op)) return valuesRead(node).some((name) => known.has(name));
  if (sampling.has(op))
    return known.has(first) && (!dependent.has(second) || (op === 'GridSample' && known.has(second)));
  return known.has(first);
}

/** Undefined where no row is left. */
function rowsOf(node: Node, known: ReadonlyMap<string, Rows>, types: Types): Rows | undefined {
  const [first = ''] = node.inputs;
  const [shape, output] = [first, node.outputs[0] ?? ''].map((name) => types.shape(name) ?? []) as [Shape, Shape];
  if (node.op === 'Concat') return joinedRows(node, known, types, output);
  const own = joining.has(node.op) ? commonRows(node, known, types, output) : (known.get(first) ?? 'all');
  if (node.op === 'Slice') return slicedRows(node, own, types, shape);
  if (node.op === 'Gather') return gatheredRows(node, own, types, shape);
  if (own === 'all') return own;
  if (node.op === 'Transpose') {
    const axis = (intsAttribute(node, 'perm') ?? []).indexOf(own.axis);
    return axis < 0 ? 'all' : { ...own, axis };
  }
  return shape.slice(0, own.axis + 1).every((size, at) => size === output[at]) ? own : 'all';
}

/** Rows that are positions in all inputs which have some: a class token that reads the patches stays one. */
function commonRows(node: Node, known: ReadonlyMap<string, Rows>, types: Types, output: Shape): Rows {
  const ranges = node.inputs.flatMap((name) => {
    const rows = known.get(name);
    return rows === undefined || rows === 'all' || types.shape(name)?.length !== output.length ? [] : [rows];
  });
  const [first] = ranges;
  if (!first || ranges.some(({ axis }) => axis !== first.axis)) return 'all';
  const [from, to] = [Math.max(...ranges.map((each) => each.from)), Math.min(...ranges.map((each) => each.to))];
  return from < to ? { ...first, from, to } : 'all';
}

/** From the first row that is one to the last. */
function joinedRows(node: Node, known: ReadonlyMap<string, Rows>, types: Types, output: Shape): Rows {
  const axis = positiveAxis(numberAttribute(node, 'axis', 0), output.length);
  const sizes = node.inputs.map((name) => types.shape(name)?.[axis]);
  if (node.inputs.every((name) => known.get(name) === 'all') || !sizes.every((size) => typeof size === 'number'))
    return 'all';
  let start = 0;
  const places = node.inputs.flatMap((name, at) => {
    const size = Number(sizes[at]);
    const rows = known.get(name);
    const from = start;
    start += size;
    if (rows === undefined) return [];
    return rows === 'all' || rows.axis !== axis ? [from, from + size] : [from + rows.from, from + rows.to];
  });
  return { axis, from: Math.min(...places), to: Math.max(...places) };
}

function slicedRows(node: Node, rows: Rows, types: Types, shape: Shape): Rows | undefined {
  const [starts, ends, axes, steps] = node.inputs.slice(1).map((name) => types.integers(name));
  const after = types.shape(node.outputs[0] ?? '')?.[1];
  if (rows === 'all')
    return hasMany(shape) && typeof after === 'number' && after <= MAX_LEADING && after !== shape[1] ? undefined : rows;
  const at = axes ? axes.findIndex((axis) => positiveAxis(axis, shape.length) === rows.axis) : rows.axis;
  const size = shape[rows.axis];
  if (at < 0 || starts?.[at] === undefined) return rows;
  if (typeof size !== 'number' || ends?.[at] === undefined || (steps?.[at] ?? 1) !== 1) return 'all';
  const place = (index: number) => Math.max(0, Math.min(size, positiveAxis(index, size)));
  const [start, end] = [place(starts[at]), place(ends[at])];
  const [from, to] = [Math.max(rows.from, start) - start, Math.min(rows.to, end) - start];
  return from < to ? { ...rows, from, to } : undefined;
}

function gatheredRows(node: Node, rows: Rows, types: Types, shape: Shape): Rows | undefined {
  const axis = positiveAxis(numberAttribute(node, 'axis', 0), shape.length);
  const indices = types.integers(node.inputs[1]);
  const isOne = types.shape(node.inputs[1] ?? '')?.length === 0;
  if (rows === 'all') return isOne && axis === 1 && hasMany(shape) ? undefined : rows;
  if (axis !== rows.axis) return isOne && axis < rows.axis ? { ...rows, axis: rows.axis - 1 } : rows;
  if (!indices) return 'all';
  const size = Number(shape[axis]);
  return indices.some((index) => positiveAxis(index, size) >= rows.from && positiveAxis(index, size) < rows.to)
    ? 'all'
    : undefined;
}

/** Whether a value has so many tokens [N, T, C] that one or a few of them are class tokens. */
const hasMany = (shape: Shape) => shape.length === 3 && typeof shape[1] === 'number' && shape[1] > MAX_LEADING;
