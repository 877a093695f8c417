/** @file Heads of one linear layer behind global average pooling: which value is pooled, and the weights of each class. */
import { producersOf } from '../../onnx/graph/neighbours.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { intsAttribute, numberAttribute } from '../../onnx/graph/attributes.js';
import { positiveAxis } from '../../onnx/graph/dims.js';
import { InputError } from '../../onnx/errors.js';
import { nodeLabel, type Graph, type Node } from '../../onnx/graph/graph.js';
import { axesOf } from '../../onnx/shapes/rule.js';
import { layerContext, layerOfValue, withTokens, type LayerContext } from './candidates.js';
import { isSpatial, type Layer, type TokenGrid } from './layer.js';
import { remembered } from './remembered.js';

/** Global average pooling of a layer, and the linear layer that makes the scores of its means. */
export interface PooledHead {
  /** The layer that is pooled. */
  layer: Layer;
  /** The initializer with a weight for each class and channel; missing where the means are the scores themselves. */
  weights?: { name: string; order: 'classes, channels' | 'channels, classes' };
}

/** Operators that only give a row of means or scores another shape. */
const reshaping = new Set(['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Identity', 'Dropout', 'Cast']);

/**
 * Reads a head back from its scores.
 * @param graph of our dialect, in topological order
 * @throws InputError that says what the head is instead
 */
export function pooledHead(graph: Graph, head: ScoreHead, grid: TokenGrid): PooledHead {
  return remembered(graph, ['pooled head', head.logits, grid], () => foundHead(graph, head, grid));
}

function foundHead(graph: Graph, head: ScoreHead, grid: TokenGrid): PooledHead {
  const context = layerContext(graph);
  const makers = producersOf(graph);
  if (head.grid || head.within) throw otherHead(`scores at every position, "${head.logits}"`);
  let weights: PooledHead['weights'];
  for (let value = head.logits; ;) {
    const node = makers.get(value);
    if (!node || node.domain !== '') throw otherHead(node ? nodeLabel(node) : 'scores of the picture itself');
    if (poolsAll(node, context))
      return { layer: pooledLayer(node, context, makers, grid), ...(weights && { weights }) };
    const constant = node.inputs.findIndex((name) => context.types.constant(name) !== undefined);
    if (reshaping.has(node.op)) value = node.inputs[0] ?? '';
    else if (node.op === 'Add' && constant >= 0 && !weights) value = node.inputs[1 - constant] ?? '';
    else {
      const found = weights ? undefined : linearWeights(node, context);
      if (!found) throw otherHead(weights ? `${nodeLabel(node)} before the last layer` : nodeLabel(node));
      weights = found;
      value = node.inputs[0] ?? '';
    }
  }
}

/** The weights of a linear layer of rows, or of a convolution of 1×1 positions. */
function linearWeights(node: Node, { types }: LayerContext): PooledHead['weights'] {
  const name = node.inputs[1] ?? '';
  const shape = types.shape(name) ?? [];
  if (types.constant(name) === undefined) return undefined;
  if (node.op === 'MatMul' && shape.length === 2) return { name, order: 'channels, classes' };
  if (node.op === 'Gemm' && numberAttribute(node, 'transA', 0) === 0 && numberAttribute(node, 'alpha', 1) === 1)
    return { name, order: numberAttribute(node, 'transB', 0) === 0 ? 'channels, classes' : 'classes, channels' };
  const isPointwise = shape.length === 4 && shape[2] === 1 && shape[3] === 1 && numberAttribute(node, 'group', 1) === 1;
  return node.op === 'Conv' && isPointwise ? { name, order: 'classes, channels' } : undefined;
}

/** Whether a node averages all positions. */
function poolsAll(node: Node, { types, axes }: LayerContext): boolean {
  const value = node.inputs[0] ?? '';
  const shape = types.shape(value) ?? [];
  if (node.op === 'GlobalAveragePool') return shape.length === 4;
  if (node.op === 'AveragePool') {
    const kernel = intsAttribute(node, 'kernel_shape');
    return shape.length === 4 && kernel?.[0] === shape[2] && kernel?.[1] === shape[3] && isUnpadded(node);
  }
  if (node.op !== 'ReduceMean') return false;
  const channel = axes.of(value) ?? (shape.length === 3 ? 2 : 1);
  const positions = shape.map((_, axis) => axis).filter((axis) => axis > 0 && axis !== channel);
  const reduced = axesOf(node, types)?.map((axis) => positiveAxis(axis, shape.length));
  return reduced?.length === positions.length && positions.every((axis) => reduced.includes(axis));
}

const isUnpadded = (node: Node) => (intsAttribute(node, 'pads') ?? []).every((pad) => pad === 0);

/** What a node pools, as a layer. */
function pooledLayer(node: Node, context: LayerContext, makers: ReadonlyMap<string, Node>, grid: TokenGrid): Layer {
  const value = node.inputs[0] ?? '';
  const maker = makers.get(value);
  if (!maker) throw otherHead(`${nodeLabel(node)} of the picture itself`);
  const layer = layerOfValue(context, maker, value);
  if (isSpatial(layer)) return layer;
  const [tokens] = withTokens(layer, grid);
  const area = (tokens?.tokens?.height ?? 0) * (tokens?.tokens?.width ?? 0);
  if (!tokens || area !== layer.shape[1])
    throw otherHead(`${nodeLabel(node)} of [${layer.shape.join(', ')}], which is no grid`);
  return tokens;
}

function otherHead(got: string): InputError {
  return new InputError({
    name: 'method',
    expected: 'for cam, scores made by global average pooling and one linear layer',
    got,
  });
}
