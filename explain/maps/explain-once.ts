/** @file Explaining pictures by one call. */
import type { ModelSource } from '../../inference/networks/model-source.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { Explainer, type ExplainerOptions, type ExplainOptions } from './explain.js';
import type { Explanation } from './explanation.js';

/**
 * Explains pictures once; an `Explainer` keeps the network for more.
 * @param source a discriminator or classifier
 * @param pictures of any size; one, or several
 * @returns one explanation for each picture, layer and method, in that order of loops
 * @throws as `Explainer.load` and `Explainer.explain`
 * @example
 * import { explain } from 'ganscope/explain';
 * import { decodePicture } from 'ganscope/inference';
 *
 * const picture = await decodePicture('bird.png');
 * const [map] = await explain('runs/latest/onnx/discriminator.onnx', picture, { methods: ['gradcam'], targets: 'fake' });
 * console.log(map.layer.name, map.score, map.normalized.length === map.width * map.height);
 */
export async function explain(
  source: ModelSource,
  pictures: Picture | readonly Picture[],
  options: ExplainerOptions & ExplainOptions = {},
): Promise<Explanation[]> {
  const explainer = await Explainer.load(source, options);
  try {
    return await explainer.explain('data' in pictures ? [pictures] : pictures, options);
  } finally {
    await explainer.dispose();
  }
}
