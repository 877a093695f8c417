/** @file Attribution of a generator's region as a folder of figures, arrays and results.json. */
import { Generator } from '../../../inference/networks/generator.js';
import { npyBytes } from '../../../inference/numeric/npy.js';
import { encodePng } from '../../../inference/pictures/pictures.node.js';
import { InputError } from '../../../onnx/errors.js';
import { factorTo, framedPicture } from '../shared/box.js';
import { inProbeFolder, type ProbeFiles, type ProbeFolderOptions } from '../shared/probe-folder.node.js';
import { generatorAttribution, type AttributionOptions, type GeneratorAttribution } from './attribution.js';
import {
  directionSheet,
  featureSheet,
  latentChart,
  signedNumber,
  strongestEffects,
} from './attribution-figures.node.js';

/** What is attributed, and where the files go. */
export interface GeneratorProbeOptions extends Omit<AttributionOptions, 'latent'>, ProbeFolderOptions {
  /** The generator's file. */
  model: string;
  seed: number;
}

/** Numbers of the latent and features in results.json. */
export const LISTED = 20;

/**
 * Attributes a region of a generator's picture (`generatorAttribution`) and writes figures (`latent.png`, `features.png`,
 * `directions.png`, `picture.png`), the arrays behind them and `results.json`.
 * @param generator of the same file; it is not disposed of
 * @throws as `generatorAttribution` and `inProbeFolder`
 */
export async function probeGenerator(
  generator: Generator,
  options: GeneratorProbeOptions,
): Promise<ProbeFiles & { attribution: GeneratorAttribution; lines: string[] }> {
  const { out, model, provenance, seed, box, distance = 3, ...attributing } = options;
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new InputError({ name: 'seed', expected: 'an integer of 0…2^53 − 1', got: seed });
  const attribution = await generatorAttribution(model, { ...attributing, latent: seed, box, distance }, generator);
  const { latentEffects, features, directions, brightness, how, picture } = attribution;
  const where = `${box.width}×${box.height} pixels at ${box.x},${box.y} of seed ${seed}`;
  const effects = strongestEffects(latentEffects).slice(0, LISTED);
  const written = await inProbeFolder('generator', { out, model, provenance: provenance ?? {} }, async (write) => {
    const factor = factorTo(picture, 192);
    await write('picture.png', await encodePng(framedPicture(picture, box, factor)));
    await write('latent.png', latentChart(latentEffects, `What brightens ${where}: the latent`, 'brightness'));
    const sheet =
      features && featureSheet(attribution, box, `What brightens ${where}: features of ${features.layer.name}`);
    if (sheet) await write('features.png', sheet);
    await write('directions.png', directionSheet(attribution, box, distance, `Strongest directions of ${where}`));
    await write('latent-effects.npy', npyBytes(latentEffects, [latentEffects.length]));
    if (features) await write('features.npy', npyBytes(features.maps, features.layer.sizes));
    const vectors = Float32Array.from(directions.flatMap(({ direction }) => Array.from(direction)));
    await write('directions.npy', npyBytes(vectors, [directions.length, latentEffects.length]));
    return {
      attribution: {
        seed,
        box,
        brightness,
        latent: effects,
        ...(features && { layer: features.layer, features: features.parts.slice(0, LISTED) }),
        directions: directions.map(({ strength, insideShare }) => ({ strength, insideShare })),
        directionsFound: how,
        distance,
      },
    };
  });
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const lines = [
    `Brightness of ${where}: ${brightness.toFixed(3)}`,
    `Latent: ${effects
      .slice(0, 6)
      .map(({ index, effect }) => `z${index} ${signedNumber(effect)}`)
      .join(', ')} for one unit`,
    ...(features
      ? [
          `Features of ${features.layer.name}: ` +
            features.parts
              .slice(0, 6)
              .map(({ feature, part }) => `${feature} ${signedNumber(part)}`)
              .join(', '),
        ]
      : ['Features: none, as the generator has no layer with positions that is smaller than its picture']),
    `Directions (${how}): ` +
      directions
        .map(({ strength, insideShare }) => `${strength.toFixed(2)} (${percent(insideShare)} inside)`)
        .join(', '),
  ];
  return { ...written, attribution, lines };
}
