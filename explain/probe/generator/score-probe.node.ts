/** @file Attribution of the score of a generated picture as a folder of figures, arrays and results.json. */
import { shownPath } from '../../../inference/files/copies.node.js';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import type { Generator } from '../../../inference/networks/generator.js';
import { npyBytes } from '../../../inference/numeric/npy.js';
import { encodePng } from '../../../inference/pictures/pictures.node.js';
import { discriminatorBeside } from '../../../inference/runs/default-model.node.js';
import { InputError } from '../../../onnx/errors.js';
import { inProbeFolder, type ProbeFiles, type ProbeFolderOptions } from '../shared/probe-folder.node.js';
import { featureSheet, latentChart, scoreSheet, signedNumber, strongestEffects } from './attribution-figures.node.js';
import { LISTED } from './generator-probe.node.js';
import { scoreAttribution, type ScoreAttribution, type ScoreAttributionOptions } from './score-attribution.js';

/** What is attributed, and where the files go. */
export interface ScoreProbeOptions extends Omit<ScoreAttributionOptions, 'latent'>, ProbeFolderOptions {
  /** The generator's file. */
  model: string;
  /** The file of the network that judges; default the discriminator that was exported beside the generator. */
  discriminator?: string;
  seed: number;
}

/**
 * Attributes the score of a generator's picture (`scoreAttribution`) and writes figures (`latent.png`, `features.png`,
 * `along.png`, `picture.png`), the arrays behind them and `results.json`.
 * @param generator of the same file; it is not disposed of
 * @throws as `scoreAttribution` and `inProbeFolder`
 */
export async function probeScore(
  generator: Generator,
  options: ScoreProbeOptions,
): Promise<ProbeFiles & { attribution: ScoreAttribution; lines: string[] }> {
  const { out, model, discriminator: named, provenance, seed, distance = 3, ...attributing } = options;
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new InputError({ name: 'seed', expected: 'an integer of 0…2^53 − 1', got: seed });
  const discriminator = await discriminatorBeside(model, named);
  const attribution = await scoreAttribution(
    model,
    discriminator,
    { ...attributing, latent: seed, distance },
    generator,
  );
  const { latentEffects, features, label, score, slope, moved, picture } = attribution;
  const what = `score "${label}" of seed ${seed}`;
  const effects = strongestEffects(latentEffects).slice(0, LISTED);
  const written = await inProbeFolder('generator', { out, model, provenance: provenance ?? {} }, async (write) => {
    await write('picture.png', await encodePng(picture));
    await write('latent.png', latentChart(latentEffects, `What raises the ${what}: the latent`, 'the score'));
    const sheet =
      features && featureSheet(attribution, undefined, `What raises the ${what}: features of ${features.layer.name}`);
    if (sheet) await write('features.png', sheet);
    if (moved.length > 0) await write('along.png', scoreSheet(moved, `The ${what} along its gradient`));
    await write('latent-effects.npy', npyBytes(latentEffects, [latentEffects.length]));
    if (features) await write('features.npy', npyBytes(features.maps, features.layer.sizes));
    return {
      scoreAttribution: {
        seed,
        discriminator: shownPath(discriminator),
        target: label,
        score,
        slope,
        latent: effects,
        ...(features && { layer: features.layer, features: features.parts.slice(0, LISTED) }),
        along: moved.map(({ move, score: there }) => ({ move, score: there })),
        distance,
      },
    };
  });
  const lines = [
    `Discriminator: ${shownPath(discriminator)}`,
    `Score "${label}" of seed ${seed}: ${formattedNumber(score)}, ${formattedNumber(slope)} a unit along its gradient`,
    `Latent: ${effects
      .slice(0, 6)
      .map(({ index, effect }) => `z${index} ${signedNumber(effect)}`)
      .join(', ')} for one unit`,
    features
      ? `Features of ${features.layer.name}: ${features.parts
          .slice(0, 6)
          .map(({ feature, part }) => `${feature} ${signedNumber(part)}`)
          .join(', ')}`
      : 'Features: none, as the generator has no layer with positions that is smaller than its picture',
    moved.length > 0
      ? `Along the gradient: ${moved.map(({ move, score: there }) => `${signedNumber(move)}: ${formattedNumber(there)}`).join(', ')}`
      : 'Along the gradient: none, as it is 0 everywhere',
  ];
  return { ...written, attribution, lines };
}
