/** @file Maps of transformers: which tokens of the picture the scores' tokens attend to, over all layers. */
import { dependents } from '../../../inference/graphs/links.js';
import { appendedGraph } from '../../../onnx/build/append.js';
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { gradients } from '../../../onnx/gradient/walk.js';
import { prunedGraph } from '../../../onnx/graph/order.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';
import { attentionLayers, type AttentionLayer, type AttentionLayers } from '../../layers/attention.js';
import type { ExplainedNetwork, NetworkRuns, RunsMethod, ScoredGraph, SignedMap } from '../kinds/method.js';

/** The entry of a method that appends the relevance of every token [N, T]. */
function attentionMethod(
  key: string,
  title: string,
  relevance: (network: ScoredGraph, found: AttentionLayers) => string,
): RunsMethod & { kind: 'runs' } {
  return {
    kind: 'runs',
    title,
    at: 'picture',
    expectSuited({ graph, head, grid }: ExplainedNetwork): void {
      attentionLayers(graph, head, grid);
    },
    async map({ grid, values }: NetworkRuns): Promise<SignedMap> {
      const [map] = await values(key, (network) => {
        const { b, head } = network;
        const found = attentionLayers(b.graph, head, grid);
        const { leading, height, width } = found.tokens;
        const ends = [b.ints([leading]), b.ints([leading + height * width]), b.ints([1])];
        const own = b.op('Slice', [relevance(network, found), ...ends], {}, 'grid_relevance');
        return [b.op('Reshape', [own, b.ints([-1, height, width])], {}, 'relevance_map')];
      });
      const {
        data,
        dims: [, height = 1, width = 1],
      } = map as NonNullable<typeof map>;
      return { data, height, width };
    },
  };
}

/** Methods that read the attention of all layers. */
export const attentionMethods = {
  /**
   * Abnar and Zuidema 2020, section 3 (attention rollout): (½·I + ½·A_L)···(½·I + ½·A_1), A_l the mean attention of a
   * layer's heads; the mean of the rows of the tokens that the scores are made of. The target does not matter.
   */
  'attention-rollout': attentionMethod('attention-rollout', 'Attention rollout', ({ b }, found) =>
    rolledOut(
      b,
      found,
      ({ shares }) => headMean(b, b.mul(shares, b.scalarLike(shares, 0.5), 'half_shares'), found),
      0.5,
    ),
  ),
  /**
   * Chefer et al. 2021 (Generic attention-model explainability), eq. 5 and 6: (I + Ā_L)···(I + Ā_1), Ā_l the mean over heads of
   * ReLU(∂score/∂A_l ⊙ A_l); the mean of the rows of the tokens that the scores are made of.
   */
  'gradient-rollout': attentionMethod('gradient-rollout', 'Gradient rollout', ({ b, logits, weights }, found) => {
    const shares = found.layers.map((layer) => layer.shares);
    const slopes = gradients(b, logits, shares, { cotangent: weights });
    return rolledOut(b, found, ({ shares: own }) => {
      const slope = slopes.get(own);
      const evidence = slope ? b.op('Relu', [b.mul(slope, own)], {}, 'evidence') : b.mul(own, b.scalarLike(own, 0));
      return headMean(b, evidence, found);
    });
  }),
  /**
   * Bousselham et al. 2024 (LeGrad), section 3: the mean over layers, heads and rows of ReLU(∂s_l/∂A_l), s_l the score that the
   * network's head makes of the tokens after layer l instead of the last ones.
   */
  legrad: attentionMethod('legrad', 'LeGrad', ({ b, logits, weights }, found) => {
    const scores = layerScores(b, logits, found);
    const maps = found.layers.map(({ shares }, at) => {
      const slope = gradients(b, scores[at] as string, [shares], { cotangent: weights }).get(shares);
      const positive = slope ? b.op('Relu', [slope], {}, 'positive') : b.mul(shares, b.scalarLike(shares, 0));
      return b.reduceMean(headMean(b, positive, found), [1], false, 'layer_relevance');
    });
    const sum = maps.reduce((total, map) => b.add(total, map));
    return b.div(sum, b.scalarLike(sum, maps.length), 'mean_relevance');
  }),
} as const satisfies Record<string, RunsMethod>;

/** The mean over heads [N, T, T] of a value [N, heads, T, T] or [N·heads, T, T]. */
function headMean(b: GraphBuilder, value: string, { count }: AttentionLayers): string {
  const batch = b.graph.inputs[0]?.value?.shape?.[0];
  // Of an open batch one picture is explained.
  const rows = typeof batch === 'number' ? batch : 1;
  const heads = b.op('Reshape', [value, b.ints([rows, -1, count, count])], {}, 'heads');
  return b.reduceMean(heads, [1], false, 'head_mean');
}

/**
 * The mean of rows of a product of matrices c·I + M_l, the last layer first [N, T]: a row is multiplied with one after the other.
 * @param matrix M_l [N, T, T]
 * @param kept c
 */
function rolledOut(
  b: GraphBuilder,
  { layers, count, read }: AttentionLayers,
  matrix: (layer: AttentionLayer) => string,
  kept = 1,
): string {
  const start = Array.from({ length: count }, (_, at) => (read.includes(at) ? 1 / read.length : 0));
  let row = b.initializer(b.unique('read_tokens'), float32Tensor(start, [1, 1, count]));
  for (const layer of layers.toReversed()) {
    const passed = b.matMul(row, matrix(layer), 'attended');
    const own = kept === 1 ? row : b.mul(row, b.scalarLike(row, kept), 'kept');
    row = b.add(own, passed, 'row');
  }
  return b.op('Reshape', [row, b.ints([-1, count])], {}, 'relevance');
}

/** For each layer the scores [N, scores] that the end of the network makes of its tokens; the last are those of the network. */
function layerScores(b: GraphBuilder, logits: string, { layers }: AttentionLayers): string[] {
  const last = layers.at(-1)?.tokens ?? '';
  const dependent = dependents(b.graph, last);
  const computed = b.graph.nodes.flatMap(({ outputs }) => outputs).filter((name) => name !== '');
  const given = computed.filter((name) => name === last || !dependent.has(name));
  const end = prunedGraph(b.graph, [logits], new Map(given.map((name) => [name, b.type(name)])));
  const kept = [...end.initializers.keys(), ...end.inputs.map(({ name }) => name)].map((name) => [name, name] as const);
  return layers.map(({ tokens }, at) => {
    if (tokens === last) return logits;
    // Weights are shared, so only nodes are appended.
    const feeds = new Map([...kept, [last, tokens] as const]);
    return appendedGraph(b, { ...end, initializers: new Map() }, feeds, `${b.unique(`layer_${at}`)}/`)(logits);
  });
}
