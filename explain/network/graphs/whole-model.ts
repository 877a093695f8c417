/** @file An explanation as one graph: picture in, logits and the maps of all layers and methods out. */
import type { ScoreHead } from '../../../inference/networks/score-head.js';
import type { GraphBuilder } from '../../../onnx/build/build.js';
import type { Model } from '../../../onnx/graph/graph.js';
import { prunedGraph } from '../../../onnx/graph/order.js';
import { explainsLayer, methods, type MethodName } from '../../methods/table.js';
import type { Layer } from '../../layers/layer.js';
import { appendedMaps, mapValues, type MapOutput } from '../../methods/graph/map-outputs.js';
import { layerEnds, scoredNetwork, withTopClass } from './scored-network.js';

/** The graph of a whole explanation, and the names of its outputs. */
export interface WholeModel {
  model: Model;
  /** [N, scores] */
  logits: string;
  layers: readonly WholeLayer[];
}

/** The outputs of one layer. */
export interface WholeLayer {
  layer: Layer;
  /** Whether the logits depend on it. */
  connected: boolean;
  /** Largest |∂score/∂A| per picture [N]. */
  largestGradient: string;
  maps: readonly MapOutput[];
}

/** Whether a method's maps can be computed in the same graph as the network: they need only one gradient of the score. */
export function fitsWhole(name: MethodName): boolean {
  const method = methods[name];
  if (method.kind === 'runs') return false;
  if (method.kind === 'gradient') return method.backward === undefined;
  return method.kind === 'projection' || method.contrast === undefined;
}

/**
 * The network with the gradient of its tail and the maps. Target weights of zeros mean the top class of a classifier.
 * @param layers to explain; the picture itself comes last if a method explains it
 * @param eigen whether maps are first principal components instead of sums of weighted activations
 * @throws InputError if a node between a layer and the logits cannot be differentiated
 */
export function wholeModel(
  model: Model,
  head: ScoreHead,
  layers: readonly Layer[],
  names: readonly MethodName[],
  eigen: boolean,
): WholeModel {
  const scored = scoredNetwork(
    model,
    head,
    layers.map(({ value }) => value),
    (b, logits, fed) => (head.kind === 'classifier' ? withTopClass(b, logits, fed, head.classes) : fed),
  );
  const { b, logits, picture } = scored;
  const made = layerEnds(scored, layers).map(({ layer, activations, gradient }): WholeLayer => {
    const own = names.filter((name) => explainsLayer(name) === (layer.value !== picture));
    return b.within(layer.name, () => {
      const g = gradient ?? b.mul(activations, b.scalarLike(activations, 0), 'no_gradient');
      const maps = appendedMaps(b, own, activations, g, eigen);
      return {
        layer,
        connected: gradient !== null,
        largestGradient: largestOf(b, g),
        maps,
      };
    });
  });
  const outputs = made.flatMap(({ largestGradient, maps }) => [largestGradient, ...mapValues(maps)]);
  for (const output of outputs) b.output(output);
  return { model: { ...model, graph: prunedGraph(b.graph, [logits, ...outputs]) }, logits, layers: made };
}

/** Largest magnitude of a gradient [N, K, h, w] per picture [N]. */
function largestOf(b: GraphBuilder, gradient: string): string {
  const size = b.op('Abs', [gradient], {}, 'gradient_size');
  return b.op('ReduceMax', [size], { axes: [1, 2, 3], keepdims: 0 }, 'largest_gradient');
}
