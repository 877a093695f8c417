/** @file Weight clipping as ONNX nodes. */
import type { GraphBuilder } from '../../../../onnx/index.js';
import type { Weights } from './weights.js';

/** w ← clip(w, −c, c) for all trained weights of a network (Arjovsky et al. 2017, "Wasserstein GAN", algorithm 1, line 7). */
export function clipWeights(b: GraphBuilder, weights: Weights<string>, limit: number): void {
  for (const { name } of weights.trainable) {
    const clipped = b.op('Clip', [weights.current(name), b.scalar(-limit), b.scalar(limit)], {}, `${name}_clipped`);
    weights.replace(name, clipped);
  }
}
