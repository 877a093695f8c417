/** @file What a method of explanation is. There are four kinds, by what they need; each has one interface. */
import type { Random } from '../../inference/numeric/random.js';
import type { GraphBuilder } from '../../onnx/build/build.js';

/** What all methods have. */
interface Described {
  /** What the method is called in print. */
  title: string;
}

/**
 * A class activation map in ONNX nodes, which a self-explaining model can hold: weighted activations of a layer. The
 * map is their sum over channels, before the ReLU.
 */
export interface WeightedMethod extends Described {
  kind: 'weighted';
  /** What the layer's channels are weighed for: the target's score, or how it exceeds those of similar classes. */
  contrast?: 'similar classes';
  /**
   * @param activations A [N, K, H, W], the layer's output
   * @param gradients g = ∂score/∂A [N, K, H, W]
   * @returns weighted activations [N, K, H, W]
   */
  weighted(b: GraphBuilder, activations: string, gradients: string): string;
}

/** The first principal component over channels of weighted activations, which needs linear algebra on the CPU. */
export interface ProjectionMethod extends Described {
  kind: 'projection';
  /** Whether it reads activations alone, so that the target does not matter. */
  gradientFree?: true;
  /** As in `WeightedMethod`. */
  weighted(b: GraphBuilder, activations: string, gradients: string): string;
}

/** A map of the picture's own gradient in ONNX nodes. */
export interface GradientMethod extends Described {
  kind: 'gradient';
  /** Which gradient: the true one, or that of guided backpropagation. */
  backward?: 'guided';
  /**
   * @param input x [N, C, H, W], the prepared picture
   * @param gradient ∂score/∂x [N, C, H, W]
   * @returns the map [N, H, W]
   */
  map(b: GraphBuilder, input: string, gradient: string): string;
}

/** A map that takes further runs of the network, one picture at a time. */
export interface RunsMethod extends Described {
  kind: 'runs';
  /** Whether it explains a layer or the picture. */
  at: 'layer' | 'picture';
  map(network: NetworkRuns): Promise<SignedMap>;
}

/** One entry of the table of methods. */
export type Method = WeightedMethod | ProjectionMethod | GradientMethod | RunsMethod;

/** A map before ReLU: positive where something speaks for the target. */
export interface SignedMap {
  /** [height, width] */
  data: Float32Array;
  height: number;
  width: number;
}

/** Sizes of a picture or of a layer's output. */
export interface Sizes {
  channels: number;
  height: number;
  width: number;
}

/** One picture with its target, and what further runs of the network tell about it. M is any number, batched inside. */
export interface NetworkRuns {
  /** The prepared picture [C, H, W]. */
  input: Float32Array;
  /** A black picture, prepared [C, H, W]. */
  black: Float32Array;
  picture: Sizes;
  /** The layer's output for the picture [K, h, w]; a token layer's as a grid. */
  activations: Float32Array;
  layer: Sizes;
  /** The map of one weight per channel: Σ_k w_k A_k, or the first principal component of these where that is asked for. */
  weighted(weights: ArrayLike<number>): SignedMap;
  /** The target's score of the picture. */
  score: number;
  random: Random;
  /** Noisy copies of the picture. */
  samples: number;
  /** Standard deviation of their noise, as a share of the picture's range. */
  noise: number;
  /** Steps of an integral. */
  steps: number;
  /** How many pictures a run takes, for methods that make many. */
  batch: number;
  /** Scores of pictures [M, C, H, W]. */
  scores(pictures: Float32Array): Promise<Float32Array>;
  /** The picture's score with one channel of the layer set to 0, for each of the channels. */
  scoresWithout(channels: readonly number[]): Promise<Float32Array>;
  /** ∂score/∂picture of pictures [M, C, H, W]. */
  gradients(pictures: Float32Array): Promise<Float32Array>;
  /** ∂score/∂A of pictures [M, C, H, W] at the layer [M, K, h, w]. */
  layerGradients(pictures: Float32Array): Promise<Float32Array>;
  /** x·∂score/∂x [C, H, W] and, for every layer with biases on a grid, bias·∂score/∂bias at each position [K, h, w]. */
  fullGradient(): Promise<{ data: Float32Array; sizes: Sizes }[]>;
}
