/** @file A network with the score given by target weights. Every backward pass starts here. */
import type { ScoreHead } from '../../../inference/networks/score-head.js';
import { appendScoreRows, scoreCount } from '../../../inference/networks/score-head.js';
import { GraphBuilder, rebuilding } from '../../../onnx/build/build.js';
import { gradients } from '../../../onnx/gradient/walk.js';
import type { Graph, Model, Shape, ValueType } from '../../../onnx/graph/graph.js';
import { prunedGraph, valuesRead } from '../../../onnx/graph/order.js';
import { int64Tensor } from '../../../onnx/graph/tensor.js';
import { onGrid, type Layer } from '../../layers/layer.js';
import { remembered } from '../../layers/remembered.js';

/** Input [N, scores]: the share of each logit in the score. Its name is `fedName`'s. */
export const TARGET_WEIGHTS = 'target_weights';

/** The name of an input that is fed beside the network's own: the first that is free. */
export function fedName(graph: Graph, name: string): string {
  return remembered(graph, ['fed', name], () => rebuilding(graph).unique(name));
}

/** The network up to its logits and some values, and the gradient of the score with respect to the logits. */
export interface ScoredNetwork {
  b: GraphBuilder;
  head: ScoreHead;
  /** The picture input. */
  picture: string;
  /** [N, scores] */
  logits: string;
  /** The input of target weights. */
  fed: string;
  /** The share of each logit in the score [N, scores], which is ∂score/∂logits. */
  weights: string;
  /** The values that depend on the picture, with their types. */
  computed: ReadonlyMap<string, ValueType>;
}

/**
 * Builds the network and its score, the start of every explanation. The logits are the only output.
 * @param values to keep in addition to the logits
 * @param resolved appends the effective target weights, computed from the logits and the weights in the feed
 */
export function scoredNetwork(
  model: Model,
  head: ScoreHead,
  values: readonly string[] = [],
  resolved: (b: GraphBuilder, logits: string, fed: string) => string = (_b, _logits, fed) => fed,
): ScoredNetwork {
  const b = new GraphBuilder({ ...prunedGraph(model.graph, [head.logits, ...values]), outputs: [] });
  const input = model.graph.inputs[0];
  const picture = input?.name ?? '';
  const batch = input?.value?.shape?.[0] ?? 'batch';
  const logits = appendScoreRows(b, head);
  b.output(logits);
  const computed = dependentValues(b, picture);
  const fed = b.input(fedName(model.graph, TARGET_WEIGHTS), 'float32', [batch, scoreCount(head)]);
  return { b, head, picture, logits, fed, weights: resolved(b, logits, fed), computed };
}

/** A layer's activations and their gradient, in the layout that maps read. */
export interface LayerEnds {
  layer: Layer;
  /** [N, K, h, w] */
  activations: string;
  /** Null where the score does not depend on the layer. */
  gradient: string | null;
  shape: Shape;
}

/**
 * Appends the gradient of the network's tail with respect to each layer.
 * @throws InputError if a node between a layer and the logits cannot be differentiated
 */
export function layerEnds({ b, logits, weights }: ScoredNetwork, layers: readonly Layer[]): LayerEnds[] {
  const values = layers.map(({ value }) => value);
  const tail = gradients(b, logits, values, { cotangent: weights });
  return layers.map((layer) =>
    b.within(layer.name, () => {
      const gradient = tail.get(layer.value) ?? null;
      const activations = onGrid(b, layer, layer.value);
      return {
        layer,
        activations,
        gradient: gradient && onGrid(b, layer, gradient),
        shape: b.shape(activations),
      };
    }),
  );
}

/** The values that depend on a value, including itself, with their types. */
export function dependentValues(b: GraphBuilder, value: string): Map<string, ValueType> {
  const found = new Map([[value, b.type(value)]]);
  for (const node of b.graph.nodes) {
    if (!valuesRead(node).some((name) => found.has(name))) continue;
    for (const output of node.outputs) {
      const type = output ? b.types.get(output) : undefined;
      if (type) found.set(output, type);
    }
  }
  return found;
}

/** The target weights [N, classes], with each row of zeros replaced by the one-hot row of the picture's largest logit. */
export function withTopClass(b: GraphBuilder, logits: string, fed: string, classes: number): string {
  const numbers = b.initializer(
    'target/class_numbers',
    int64Tensor(
      Array.from({ length: classes }, (_, index) => index),
      [1, classes],
    ),
  );
  const top = b.op('ArgMax', [logits], { axis: 1, keepdims: 1 }, 'top_class');
  const oneHot = b.op('Cast', [b.op('Equal', [numbers, top], {}, 'is_top')], { to: 1 }, 'top_weights');
  const size = b.op('ReduceMax', [b.op('Abs', [fed])], { axes: [1], keepdims: 1 }, 'weight_size');
  const given = b.op('Greater', [size, b.scalar(0)], {}, 'is_given');
  return b.op('Where', [given, fed, oneHot], {}, 'weights');
}
