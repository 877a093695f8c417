/** @file The built-in pictures: planets, galaxies, nebulae and stars, drawn from a seed. */
import type { Picture } from '../../../inference/pictures/pictures.js';
import { Random } from '../../../inference/numeric/random.js';
import { paintEllipticalGalaxy, paintSpiralGalaxy } from './galaxy.js';
import { paintNebula } from './nebula.js';
import { Canvas } from './paint.js';
import { paintBandedPlanet, paintRingedPlanet, paintRockyPlanet } from './planet.js';
import { paintBackgroundStars, paintBrightStar, paintCluster } from './stars.js';

const BACKGROUND_STARS = 10;

/** What a picture shows, each with its share in percent. */
const objects: readonly { share: number; paint: (canvas: Canvas, random: Random) => void }[] = [
  { share: 24, paint: paintBandedPlanet },
  { share: 20, paint: paintRockyPlanet },
  { share: 22, paint: paintRingedPlanet },
  { share: 16, paint: paintSpiralGalaxy },
  { share: 4, paint: paintEllipticalGalaxy },
  { share: 8, paint: paintNebula },
  { share: 4, paint: paintBrightStar },
  { share: 2, paint: paintCluster },
];

/**
 * A picture of one object before stars on a black sky. What it shows depends on `seed` and `index` only, how fine it is
 * drawn on `size`; the bytes are the same on every machine.
 * @param size width and height in pixels
 * @param seed integer of 0…2^53 − 1
 * @param index which of the endlessly many pictures of a seed
 * @returns an RGB picture
 */
export function spacePicture(size: number, seed: number, index: number): Picture {
  const random = Random.derived(seed, `space/${index}`);
  const canvas = new Canvas(size);
  paintBackgroundStars(canvas, random, BACKGROUND_STARS);
  let draw = random.integer(100);
  const object = objects.find(({ share }) => (draw -= share) < 0);
  object?.paint(canvas, random);
  return canvas.picture();
}
