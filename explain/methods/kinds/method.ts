/** @file What a method of explanation is. There are four kinds, each with one interface. */
import type { Random } from '../../../inference/numeric/random.js';
import type { ScoreHead } from '../../../inference/networks/score-head.js';
import type { GraphBuilder } from '../../../onnx/build/build.js';
import type { Composite } from '../../../onnx/gradient/relevance/composite.js';
import type { Graph } from '../../../onnx/graph/graph.js';
import type { Layer, TokenGrid } from '../../layers/layer.js';

/** What all methods have in common. */
interface Described {
  /** Name for display. */
  title: string;
  /** @throws InputError that says why the method explains no such network, or not at these layers */
  expectSuited?(network: ExplainedNetwork): void;
}

/** What a method may look at before it explains a network. */
export interface ExplainedNetwork {
  graph: Graph;
  head: ScoreHead;
  grid: TokenGrid;
  /** The layers that are chosen; missing before the choice. */
  layers?: readonly Layer[];
}

/**
 * A class activation map as ONNX nodes, which a self-explaining model can contain: weighted activations of a layer. The
 * map is their sum over channels, before the ReLU.
 */
export interface WeightedMethod extends Described {
  kind: 'weighted';
  /** Uses only activations, so the target does not matter. */
  gradientFree?: true;
  /** Compare the target's score with those of similar classes; default the target's score alone. */
  contrast?: 'similar classes';
  /** The map is not proportional to the gradient: that it is small does not tell that gradients cancel out. */
  nonlinear?: true;
  /**
   * @param activations A [N, K, H, W], the layer's output
   * @param gradients g = ∂score/∂A [N, K, H, W]
   * @returns weighted activations [N, K, H, W]
   */
  weighted(b: GraphBuilder, activations: string, gradients: string): string;
  /** The weights [N, K, 1, 1] of a method that has one per channel: their sum is a matrix product. */
  channelWeights?(b: GraphBuilder, activations: string, gradients: string): string;
  /** What these add up, without signs [N, K, 1, 1]; default the gradient of each position. Rounding is relative to it. */
  weightSizes?(b: GraphBuilder, activations: string, gradients: string): string;
}

/** The first principal component of weighted activations over channels; it is computed outside the graph. */
export interface ProjectionMethod extends Described {
  kind: 'projection';
  /** Uses only activations, so the target does not matter. */
  gradientFree?: true;
  /** Which sign the component has: positive where the sum over channels is (the default), or where its largest magnitude is. */
  sign?: 'largest';
  /** As in `WeightedMethod`. */
  weighted(b: GraphBuilder, activations: string, gradients: string): string;
}

/** How rectifiers pass a gradient: as it is, or by the rules of `onnx/gradient/guided.ts`. */
export type Backward = 'true' | 'guided' | 'deconvolution';

/** A map of the gradient with respect to the picture, as ONNX nodes. */
export interface GradientMethod extends Described {
  kind: 'gradient';
  /** How rectifiers pass the gradient, if not as they are. */
  backward?: Exclude<Backward, 'true'>;
  /**
   * @param input x [N, C, H, W], the prepared picture
   * @param gradient ∂score/∂x [N, C, H, W]
   * @returns the map [N, H, W]
   */
  map(b: GraphBuilder, input: string, gradient: string): string;
}

/** A map that needs further runs of the network, one picture at a time. */
export interface RunsMethod extends Described {
  kind: 'runs';
  /** Whether it explains a layer or the picture. */
  at: 'layer' | 'picture';
  /** Each pixel has a value of its own, as of a gradient: a few outliers stand out of the map. */
  pixelwise?: true;
  /** Takes minutes for each picture of a large network: to be named, not one of `all`. */
  costly?: true;
  /** Forward passes of a map where `NetworkRuns.runs` gives no number; missing for methods that have no such budget. */
  runs?: number;
  map(network: NetworkRuns): Promise<SignedMap>;
}

/** One entry of the table of methods. */
export type Method = WeightedMethod | ProjectionMethod | GradientMethod | RunsMethod;

/** A map before ReLU: positive where there is evidence for the target. */
export interface SignedMap {
  /** [height, width] */
  data: Float32Array;
  height: number;
  width: number;
  /** The sum of a map that should add up to a difference of scores, and that difference. */
  completeness?: { sum: number; difference: number };
  /** The sum of a map of relevances, what biases took on the way, and the score that both together should be. */
  conservation?: { sum: number; biases: number; score: number };
  /** Standard errors of a map that is estimated from random draws [height, width]. */
  standardError?: Float32Array;
}

/** Sizes of a picture or of a layer's output. */
export interface Sizes {
  channels: number;
  height: number;
  width: number;
}

/** A network with its score, to which a method appends what it computes. */
export interface ScoredGraph {
  b: GraphBuilder;
  head: ScoreHead;
  /** [N, scores] */
  logits: string;
  /** The share of each logit in the score [N, scores], which is ∂score/∂logits. */
  weights: string;
  /** The layer's output, or the picture. */
  layer: string;
  /** A value of the layer's shape as [N, K, h, w]; tokens are arranged on their grid. */
  onGrid(this: void, value: string): string;
}

/** Numbers, and their sizes. */
export interface Values {
  data: Float32Array;
  dims: readonly number[];
}

/** Maps of a layer [M, h, w], missing if the score does not depend on it; whether something from the picture bypasses them. */
export interface LayerShares {
  maps?: Float32Array;
  bypassed: boolean;
}

/** One picture with its target, and further runs of the network. M is any number; runs are batched internally. */
export interface NetworkRuns {
  /** The prepared picture [C, H, W]. */
  input: Float32Array;
  /** Pictures that hold nothing, prepared [C, H, W]: where paths begin. */
  baselines: readonly Float32Array[];
  /** The picture in its own numbers and the order RGB [C, H, W], for what looks at colours. */
  shown: Float32Array;
  picture: Sizes;
  /** The layer's output for the picture [K, h, w]; tokens are arranged on their grid. */
  activations: Float32Array;
  layer: Sizes;
  /** The size of the network's input, and the grid of tokens if it is stated. */
  grid: TokenGrid;
  /** The map for one weight per channel: Σ_k w_k A_k, or the first principal component of w_k A_k with `eigen`. */
  weighted(weights: ArrayLike<number>): SignedMap;
  /** The target's score of the picture. */
  score: number;
  random: Random;
  /** Noisy copies of the picture. */
  samples: number;
  /** Standard deviation of their noise, as a fraction of the picture's range. */
  noise: number;
  /** Steps of an integral. */
  steps: number;
  /** Forward passes of a map that is estimated from random draws; by default as many as its method recommends. */
  runs?: number;
  /** A value that methods have in common for this picture and target: made once. */
  shared<T>(name: string, make: () => Promise<T>): Promise<T>;
  /** Told how many of a map's forward passes are done. */
  progress?(this: void, done: number, total: number): void;
  /** Pictures per run. */
  batch: number;
  /** Scores of pictures [M, C, H, W]. */
  scores(pictures: Float32Array): Promise<Float32Array>;
  /** The picture's score with one channel of the layer set to 0, for each of the channels. */
  scoresWithout(channels: readonly number[]): Promise<Float32Array>;
  /** ∂score/∂picture of pictures [M, C, H, W]. */
  gradients(pictures: Float32Array, backward?: Backward): Promise<Float32Array>;
  /** DeepLIFT's multipliers Δscore/Δpicture of pictures [M, C, H, W] compared with baselines [M, C, H, W]. */
  multipliers(pictures: Float32Array, baselines: Float32Array): Promise<Float32Array>;
  /** The picture's relevance by layer-wise relevance propagation [C, H, W], and what biases took of the score. */
  relevance(composite: Composite): Promise<{ data: Float32Array; kept: number }>;
  /** The layer's output A of pictures [M, C, H, W], and ∂score/∂A; [M, K, h, w] each. */
  atLayer(pictures: Float32Array): Promise<{ activations: Float32Array; gradients: Float32Array }>;
  /** Σ_k (A − A′) ⊙ ∂score/∂A at places A′ + share·(A − A′), A′ the layer's output for a baseline. */
  alongLayer(baseline: Float32Array, shares: readonly number[]): Promise<LayerShares>;
  /** DeepLIFT's Σ_k (A − A′) ⊙ Δscore/ΔA, A′ the layer's outputs for baselines. */
  layerMultipliers(baselines: readonly Float32Array[]): Promise<LayerShares>;
  /**
   * Values [N, …] that a method appends to the network, for the picture alone [1, …].
   * @param key the same for the same values
   */
  values(key: string, append: (network: ScoredGraph) => string[]): Promise<Values[]>;
  /** x·∂score/∂x [C, H, W] and, for every layer with biases on a grid, bias·∂score/∂bias at each position [K, h, w]. */
  fullGradient(): Promise<{ data: Float32Array; sizes: Sizes }[]>;
}
