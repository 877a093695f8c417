/** @file What distances of features make of disturbed and of generated pictures. */
import { Random } from '../../inference/numeric/random.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import type { Features } from '../../trainer/quality/distance/features.js';
import { frechetDistance } from '../../trainer/quality/distance/frechet.node.js';
import { kernelDistance } from '../../trainer/quality/distance/kernel-distance.node.js';
import { disturbances, LEVELS } from './disturbances.js';

/** Of KID: fewer than by default, to save time. */
const SUBSETS = 25;

/** Distances of a set of pictures to clean ones. */
export interface Distances {
  frechet: number;
  kid: number;
  /** Standard deviation over KID's subsets. */
  kidStd: number;
}

export interface Sensitivity {
  /** Of one half of the pictures to the other. */
  clean: Distances;
  /** Of the second half, disturbed at each level, to the first. */
  disturbed: Record<string, Distances[]>;
  /** Of each generator's samples to the first half. */
  generated: Distances[];
}

/** Compares everything with the first half of `pictures`. */
export async function sensitivity(
  pictures: readonly Picture[],
  generators: readonly (readonly Picture[])[],
  features: (pictures: readonly Picture[]) => Promise<Features>,
): Promise<Sensitivity> {
  const half = Math.floor(pictures.length / 2);
  const real = await features(pictures.slice(0, half));
  const others = pictures.slice(half, 2 * half);
  const distances = async (set: readonly Picture[]): Promise<Distances> => {
    const fake = await features(set.slice(0, half));
    const { mean: kid, std: kidStd } = await kernelDistance(real, fake, { subsets: SUBSETS });
    return { frechet: await frechetDistance(real, fake), kid, kidStd };
  };
  const clean = await distances(others);
  const disturbed: Record<string, Distances[]> = {};
  for (const [name, disturb] of Object.entries(disturbances)) {
    const found: Distances[] = [];
    for (let level = 0; level < LEVELS; level++) {
      const random = Random.derived(0, `${name}/${level}`);
      found.push(await distances(others.map((picture) => disturb(picture, level, random))));
    }
    disturbed[name] = found;
  }
  const generated: Distances[] = [];
  for (const samples of generators) generated.push(await distances(samples));
  return { clean, disturbed, generated };
}
