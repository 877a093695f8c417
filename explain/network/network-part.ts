/** @file What the parts of a network that answer for one picture share. */
import type { NetworkInput } from '../../inference/networks/network-input.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import type { SessionTensor } from '../../inference/runtime/session.js';
import type { Model } from '../../onnx/graph/graph.js';
import { pictureFeed, weightsFeed } from './feeds.js';
import type { Graphs } from './graphs/graphs.js';
import type { Sessions } from './sessions.js';

/** The network that pictures are run through. */
export interface NetworkOfPictures {
  model: Model;
  input: NetworkInput;
  head: ScoreHead;
  /** Different pictures per run. */
  batch: number;
  /** Logits [M, scores] of pictures [M, C, H, W]. */
  logits(pictures: Float32Array): Promise<Float32Array>;
}

/** A network with its graphs and sessions. */
export abstract class NetworkPart {
  constructor(
    readonly network: NetworkOfPictures,
    protected readonly graphs: Graphs,
    protected readonly sessions: Sessions,
  ) {}

  /**
   * What a graph of the target's score is fed with, for one picture.
   * @param weights the share of each logit in the score [scores]
   */
  protected scoredFeeds(picture: Float32Array, weights: Float32Array): Record<string, SessionTensor> {
    return { ...pictureFeed(this.network.input, picture), ...weightsFeed(this.network, weights, weights.length) };
  }
}
