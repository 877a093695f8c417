/** @file Which axis of a value holds its channels (or classes), told by the operators that it comes from. */
import { intsAttribute, numberAttribute } from '../../onnx/graph/attributes.js';
import { positiveAxis } from '../../onnx/graph/dims.js';
import { presentInputs, type Graph, type Node, type Shape } from '../../onnx/graph/graph.js';
import type { Types } from '../../onnx/shapes/types.js';

/** Operators whose output is [N, C, …]. */
const channelsFirst = new Set([
  'Conv',
  'ConvTranspose',
  'MaxPool',
  'AveragePool',
  'LpPool',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'BatchNormalization',
  'InstanceNormalization',
  'LRN',
  'DepthToSpace',
  'SpaceToDepth',
  'Gemm',
  'GridSample',
]);

/** Operators that may reduce axes away. */
const reducing = /^(Reduce|ArgM)/;
const reshaping = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

/** The channel axis of the values of a graph, where it can be told. */
export class ChannelAxes {
  readonly #axes = new Map<string, number>();
  readonly #types: Types;

  /**
   * @param graph in topological order
   * @param picture the channel axis of the picture input
   */
  constructor(graph: Graph, types: Types, picture?: { name: string; axis: number }) {
    this.#types = types;
    if (picture) this.#axes.set(picture.name, picture.axis);
    for (const node of graph.nodes) {
      for (const output of node.outputs) {
        const axis = output === '' ? undefined : this.#axisOf(node, output);
        if (axis !== undefined) this.#axes.set(output, axis);
      }
    }
  }

  /** Counted from 0; undefined where it cannot be told. */
  of(value: string): number | undefined {
    return this.#axes.get(value);
  }

  #axisOf(node: Node, output: string): number | undefined {
    const shape = this.#types.shape(output);
    if (!shape || node.domain !== '') return undefined;
    if (channelsFirst.has(node.op)) return shape.length > 1 ? 1 : undefined;
    const [first = '', second = ''] = node.inputs;
    const from = this.#axes.get(first);
    const before = this.#types.shape(first);
    if (node.op === 'MatMul') return this.#types.shape(second)?.length === 2 ? shape.length - 1 : undefined;
    if (node.op === 'LayerNormalization' && numberAttribute(node, 'axis', -1) === -1) return shape.length - 1;
    if (node.op === 'Transpose') {
      const order = intsAttribute(node, 'perm') ?? shape.map((_, axis) => shape.length - 1 - axis);
      const axis = from === undefined ? -1 : order.indexOf(from);
      return axis < 0 ? undefined : axis;
    }
    if (reducing.test(node.op)) {
      const axes = this.#types.integers(second) ?? intsAttribute(node, 'axes') ?? [numberAttribute(node, 'axis', 0)];
      const rank = before?.length ?? 0;
      const gone = axes.map((axis) => positiveAxis(axis, rank));
      if (from === undefined) return undefined;
      if (shape.length === rank) return from;
      return gone.includes(from) ? undefined : from - gone.filter((axis) => axis < from).length;
    }
    if (node.op === 'Gather') {
      const axis = (numberAttribute(node, 'axis', 0) + (before?.length ?? 0)) % (before?.length || 1);
      const lost = (before?.length ?? 0) - shape.length;
      return from === undefined || (lost > 0 && from === axis) ? undefined : from - (from > axis ? lost : 0);
    }
    if (reshaping.has(node.op)) return from === undefined || !before ? undefined : keptAxis(before, shape, from);
    // Whatever else keeps the rank keeps the axes: element by element, Softmax, Concat, Slice, Pad, Resize, Split.
    return presentInputs(node)
      .filter((name) => this.#types.shape(name)?.length === shape.length)
      .map((name) => this.#axes.get(name))
      .find((axis) => axis !== undefined);
  }
}

/** Where an axis goes in a reshape that keeps all sizes up to it, or all from it on; undefined in any other. */
function keptAxis(before: Shape, after: Shape, axis: number): number | undefined {
  if (axis < after.length && before.slice(0, axis + 1).every((size, at) => size === after[at])) return axis;
  const fromEnd = before.length - axis;
  const place = after.length - fromEnd;
  return place >= 0 && before.slice(axis).every((size, at) => size === after[place + at]) ? place : undefined;
}
