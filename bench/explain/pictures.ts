/** @file Pictures of the benchmarks of folders, where none are named. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { Random } from '../../inference/numeric/random.js';

/** Smooth colours of random places as JPEG files, of the same size as those of CUB-200, in a new folder. @returns their paths */
export async function drawnPictures(into: string, count: number): Promise<string[]> {
  mkdirSync(into);
  const random = new Random(1);
  const raw = { width: 20, height: 15, channels: 3 } as const;
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    const path = join(into, `${index}.jpg`);
    const colours = Buffer.from(Array.from({ length: 900 }, () => 256 * random.uniform()));
    await sharp(colours, { raw }).resize(480, 360).jpeg().toFile(path);
    paths.push(path);
  }
  return paths;
}
