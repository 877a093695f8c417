/** @file What makes a region of a generator's picture: numbers of the latent, early features, and the strongest directions. */
import { Generator, type GeneratorOptions } from '../../../inference/networks/generator.js';
import type { ModelSource } from '../../../inference/networks/model-source.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { pictureFromOutput } from '../../../inference/pictures/pixels.js';
import { InputError } from '../../../onnx/errors.js';
import { boxMask } from '../../objects/mask.js';
import { requireInside, type PixelBox } from '../shared/box.js';
import { featureParts, type FeatureParts } from './feature-parts.js';
import { GeneratorRegion } from './generator-region.js';
import { strongestDirections, type RegionDirection } from './jacobian.js';

/** What to attribute. */
export interface AttributionOptions extends GeneratorOptions {
  /** A seed, or the latent [Z] itself. */
  latent: number | Float32Array;
  /** The region. */
  box: PixelBox;
  /** Name or number of the layer whose features are attributed; default the last one of the smallest grid. */
  layer?: string;
  /** How many directions, default 4, or fewer of a latent with fewer numbers. */
  directions?: number;
  /** How far pictures are moved along a direction, in units of the latent; default 3. */
  distance?: number;
}

/** What makes a region. */
export interface GeneratorAttribution {
  picture: Picture;
  latent: Float32Array;
  /** Mean brightness of the region, 0…1. */
  brightness: number;
  /** ∂brightness/∂z [Z]: the change for one unit of each number of the latent. */
  latentEffects: Float32Array;
  /** Missing where the generator has no layer with positions. */
  features?: FeatureParts;
  directions: (RegionDirection & {
    /** ‖J d‖² inside the region as a share of that of the whole picture. */
    insideShare: number;
    /** The picture moved by −distance … +distance, its own place in the middle. */
    pictures: Picture[];
  })[];
  /** How the directions were found. */
  how: string;
}

/** Places of the moved pictures, as shares of the distance. */
export const MOVES = [-1, -0.5, 0, 0.5, 1] as const;

/**
 * Attributes a region of G(z). Brightness is the mean over the region and the channels, in 0…1. Effects of the latent are a
 * vector–Jacobian product; parts of features are activation × gradient; directions are the right singular vectors of the
 * region's Jacobian with the largest singular values (as in Zhu et al. 2021, LowRankGAN, section 3), each signed so that it
 * brightens the region.
 * @throws InputError if the box is not inside the picture, or the generator cannot be differentiated
 */
export async function generatorAttribution(
  source: ModelSource,
  { latent: given, box, layer, directions: wanted, distance = 3, ...options }: AttributionOptions,
  opened?: Generator,
): Promise<GeneratorAttribution> {
  if (!(distance > 0 && Number.isFinite(distance)))
    throw new InputError({ name: 'distance', expected: 'a number above 0', got: distance });
  const generator = opened ?? (await Generator.load(source, options));
  try {
    const { latentDim, channels } = generator;
    const count = wanted ?? Math.min(4, latentDim);
    if (!Number.isInteger(count) || count < 1 || count > latentDim)
      throw new InputError({ name: 'directions', expected: `an integer of 1…${latentDim}`, got: count });
    requireInside(box, generator);
    const latent = typeof given === 'number' ? generator.latents([given]) : given;
    if (latent.length !== latentDim)
      throw new InputError({ name: 'latent', expected: `${latentDim} numbers`, got: latent.length });
    await using region = await GeneratorRegion.open(source, generator, options, layer);
    const { height, width } = generator;
    const mask = boxMask([box], generator, { height, width, resize: 'squash' }) as Uint8Array;
    const share = 1 / (channels * box.width * box.height);
    const perChannel = (value: (channel: number) => number) =>
      Float32Array.from({ length: channels * mask.length }, (_, at) => {
        return (mask[at % mask.length] as number) * value(Math.floor(at / mask.length));
      });
    const scale = (channel: number) => region.scale[channel] as number;
    const back = await region.backward(
      latent,
      perChannel((channel) => share * scale(channel)),
    );
    const picture = pictureFromOutput(back.picture, generator, generator.range);
    const squares = perChannel((channel) => scale(channel) ** 2);
    const product = (moves: readonly Float32Array[]) => region.normalProducts(latent, squares, moves, options.signal);
    const { directions, how } = await strongestDirections(product, latentDim, count);
    const signed = directions.map((each) => brightening(each, back.latents));
    return {
      picture,
      latent,
      brightness: meanInside(picture, mask),
      latentEffects: back.latents,
      ...(region.layer &&
        back.features &&
        back.slopes && {
          features: featureParts(back.features, back.slopes, region.layer),
        }),
      directions: await moved(signed, region, latent, squares, distance),
      how,
    };
  } finally {
    if (!opened) await generator.dispose();
  }
}

/** Mean of a picture's levels inside a mask, 0…1. */
function meanInside({ channels, data }: Picture, mask: Uint8Array): number {
  let [sum, count] = [0, 0];
  mask.forEach((inside, pixel) => {
    if (inside === 0) return;
    count += channels;
    for (let c = 0; c < channels; c++) sum += (data[pixel * channels + c] as number) / 255;
  });
  return sum / count;
}

/** The direction with the sign that brightens the region; where it does neither, its largest number is positive. */
function brightening(found: RegionDirection, effects: Float32Array): RegionDirection {
  const { direction } = found;
  const slope = direction.reduce((sum, value, at) => sum + value * (effects[at] as number), 0);
  const largest = direction.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return (slope || largest) < 0 ? { ...found, direction: direction.map((value) => -value) } : found;
}

async function moved(
  directions: readonly RegionDirection[],
  region: GeneratorRegion,
  latent: Float32Array,
  squares: Float32Array,
  distance: number,
): Promise<GeneratorAttribution['directions']> {
  const made: GeneratorAttribution['directions'] = [];
  const plane = squares.length / region.scale.length;
  for (const each of directions) {
    const [change = new Float32Array()] = await region.changes(latent, [each.direction]);
    let [inside, all] = [0, 0];
    change.forEach((value, at) => {
      all += (value * (region.scale[Math.floor(at / plane)] as number)) ** 2;
      inside += value * value * (squares[at] as number);
    });
    const latents = new Float32Array(MOVES.length * latent.length);
    MOVES.forEach((move, row) =>
      latents.set(
        latent.map((value, at) => value + move * distance * (each.direction[at] as number)),
        row * latent.length,
      ),
    );
    const pictures = await region.generator.pictures(latents);
    made.push({ ...each, insideShare: all === 0 ? 0 : inside / all, pictures });
  }
  return made;
}
