/** @file Tells features from scores by what a graph does last. */
import { intsAttribute, numberAttribute } from '../../../onnx/graph/attributes.js';
import { positiveAxis } from '../../../onnx/graph/dims.js';
import type { Node } from '../../../onnx/graph/graph.js';
import type { KnownGraph } from '../scores-behind.js';

/** What ends with features: where, and whether that is certain. */
export interface FeatureEnd {
  node: Node;
  /** Certain for numbers divided by their length; pooled or normalized numbers may be scores as well. */
  certain: boolean;
}

/** Operators that only move numbers. */
const moving = new Set([
  'Identity',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Dropout',
  'Cast',
  'Slice',
  'Gather',
]);
/** Operators that pool or normalize features. */
const pooling = new Set(
  'GlobalAveragePool GlobalMaxPool AveragePool MaxPool ReduceMean ReduceMax LayerNormalization BatchNormalization'.split(
    ' ',
  ),
);

/** The node by which a value of numbers per picture is one of features, if nothing with weights follows that node. */
export function featureEnd(graph: KnownGraph, value: string): FeatureEnd | undefined {
  for (let at = value; ;) {
    const node = graph.producers.get(at);
    if (!node || node.domain !== '') return undefined;
    if (dividesByLength(graph, node)) return { node, certain: true };
    if (pooling.has(node.op)) return averagesScores(graph, node) ? undefined : { node, certain: false };
    if (!moving.has(node.op)) return undefined;
    at = node.inputs[0] ?? '';
  }
}

/** Whether a node reduces stacked scores of several heads or networks, as ensembles do. */
function averagesScores(graph: KnownGraph, node: Node): boolean {
  const before = (value: string): Node | undefined => {
    const maker = graph.producers.get(value);
    return maker && (moving.has(maker.op) || maker.op === 'Unsqueeze') ? before(maker.inputs[0] ?? '') : maker;
  };
  const stack = before(node.inputs[0] ?? '');
  if (stack?.op !== 'Concat') return false;
  return stack.inputs.every((value) => {
    const shape = graph.types.shape(value) ?? [];
    const maker = before(value);
    if (shape[positiveAxis(numberAttribute(stack, 'axis', 0), shape.length)] !== 1) return false;
    const weighted = maker?.op === 'Add' ? maker.inputs.map((name) => graph.producers.get(name)) : [maker];
    return weighted.some((each) => each?.op === 'Gemm' || each?.op === 'MatMul');
  });
}

/** x / ‖x‖ along all numbers of a picture: as one operator, or by the root of the sum of squares. */
function dividesByLength(graph: KnownGraph, node: Node): boolean {
  const [x = '', divisor = ''] = node.inputs;
  if (node.op === 'LpNormalization') {
    const axis = numberAttribute(node, 'axis', -1);
    return numberAttribute(node, 'p', 2) === 2 && isLast(graph, x, [axis]);
  }
  return node.op === 'Div' && isLengthOf(graph, divisor, x);
}

/** Operators that keep a length away from 0, or bring it to the shape of what it divides. */
const keeping = new Set(['Clip', 'Max', 'Add', 'Expand', 'Unsqueeze', 'Reshape', 'Identity', 'Cast']);

function isLengthOf(graph: KnownGraph, divisor: string, x: string): boolean {
  let rooted = false;
  for (let at = divisor; ;) {
    const node = graph.producers.get(at);
    if (!node || node.domain !== '') return false;
    const [input = ''] = node.inputs;
    const axes = graph.types.integers(node.inputs[1]) ?? intsAttribute(node, 'axes') ?? [];
    if (node.op === 'ReduceL2') return input === x && isLast(graph, x, axes);
    if (node.op === 'ReduceSumSquare') return rooted && input === x && isLast(graph, x, axes);
    if (node.op === 'ReduceSum') return rooted && isSquareOf(graph, input, x) && isLast(graph, x, axes);
    const isRoot = node.op === 'Sqrt' || (node.op === 'Pow' && exponent(graph, node) === 0.5);
    if (!isRoot && !keeping.has(node.op)) return false;
    rooted ||= isRoot;
    at = input;
  }
}

function isSquareOf(graph: KnownGraph, value: string, x: string): boolean {
  const node = graph.producers.get(value);
  if (node?.inputs[0] === x && node.op === 'Mul') return node.inputs[1] === x;
  const size = graph.producers.get(node?.inputs[0] ?? '');
  const base = size?.op === 'Abs' ? size.inputs[0] : node?.inputs[0];
  return node?.op === 'Pow' && base === x && exponent(graph, node) === 2;
}

const exponent = ({ types }: KnownGraph, { inputs: [, power = ''] }: Node) => Number(types.constant(power)?.data[0]);

/** Whether axes are all but those of size 1 and the batch. */
function isLast({ types }: KnownGraph, x: string, axes: readonly number[]): boolean {
  const shape = types.shape(x) ?? [];
  const own = axes.map((axis) => positiveAxis(axis, shape.length));
  return shape.every((size, axis) => axis === 0 || size === 1 || own.includes(axis)) && !own.includes(0);
}
