/** @file Explaining the test networks, as the tests of the explainer share it. */
import type { Picture } from '../inference/pictures/pictures.js';
import { Random } from '../inference/numeric/random.js';
import type { Model } from '../onnx/graph/graph.js';
import { Explainer, type ExplainOptions } from './maps/explain.js';
import type { Explanation } from './maps/explanation.js';
import { brightnessNetwork, spotPicture } from './networks.test.helper.js';

/** Size of the pictures. */
export const [WIDTH, HEIGHT] = [40, 24];
/** A white spot at (31, 5). */
export const SPOT = spotPicture(WIDTH, HEIGHT, 31, 5);
/** Numbers 0…1. */
export const PREPARATION = { normalization: { mean: [0, 0, 0], std: [1, 1, 1] }, resize: 'crop' } as const;

/** Maps at the convolution of a `brightnessNetwork`. */
export async function explained(
  model: Model,
  pictures: readonly Picture[],
  options: ExplainOptions = {},
): Promise<Explanation[]> {
  const explainer = await Explainer.load(model, { device: 'cpu', preparation: PREPARATION });
  try {
    return await explainer.explain(pictures, { layers: 'features_conv', ...options });
  } finally {
    await explainer.dispose();
  }
}

/** A network with two classes, bright and dark. */
export const classifier = (changes: Partial<Parameters<typeof brightnessNetwork>[0]> = {}) =>
  brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [1, -1], ...changes });

/** Another picture of the network's size per seed. */
export function noisePicture(seed: number): Picture {
  const random = new Random(seed);
  const data = Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, () => random.integer(256));
  return { width: WIDTH, height: HEIGHT, channels: 3, data };
}
