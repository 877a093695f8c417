/** @file Random weights from a seed: the untrained baseline (Adebayo et al. 2018). */
import { Random } from '../../inference/numeric/random.js';
import type { Model, Tensor } from '../../onnx/graph/graph.js';
import { withRandomWeights } from '../../onnx/passes/random-weights.js';

/**
 * The model with untrained weights; see `withRandomWeights`. Every weight has its own stream of random numbers, derived
 * from the seed and the weight's name.
 * @param model of our dialect, in topological order
 * @param seed integer of 0…2^53 − 1
 * @param top randomise only the last `top` layers that `weightedLayers` counts, and everything between them
 * @param drawn weights of the same seed that were drawn before; new ones are added
 * @throws InputError for any other seed, or if the kernel of a convolution is not constant
 */
export function randomizedWeights(model: Model, seed: number, top?: number, drawn?: Map<string, Tensor>): Model {
  return withRandomWeights(
    model,
    (weight) => {
      const random = Random.derived(seed, `weights/${weight}`);
      return () => random.normal();
    },
    top,
    drawn,
  );
}
