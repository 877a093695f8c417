/** @file The averaged generator as ONNX nodes. */
import type { GraphBuilder } from '../../../../onnx/index.js';
import type { Weights } from './weights.js';

/**
 * Moves the averaged weights towards the updated ones: a ← w + β·(a − w) (Karras et al. 2018, "Progressive Growing of
 * GANs", section 6.1). Running statistics of batch norm are averaged too, as in BigGAN (Brock et al. 2019), because they
 * must match the averaged weights.
 * @param decay β, a scalar value
 */
export function updateAverage(b: GraphBuilder, weights: Weights, decay: string): void {
  for (const request of weights.all) {
    const { name } = request;
    const average = weights.tensor('ema', request);
    const current = weights.current(name);
    const gap = b.mul(b.sub(average, current), decay);
    weights.replace(name, b.add(current, gap, `${name}_averaged`), 'ema');
  }
}
