/** @file The pictures of `bench:quality`: a fixed part is held out; all are at the size of the networks, as files of classes and as raw numbers. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../inference/files/missing.node.js';
import { Random } from '../../inference/numeric/random.js';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import { openDataset } from '../../trainer/data/formats/table.node.js';
import { ReadablePictures } from '../../trainer/data/sets/readable.js';
import type { QualityData } from './configurations.js';

/** Where the pictures to train on are, and those that were held out. */
export interface SplitPictures {
  /** Class folders of PNG files. */
  train: string;
  /** The same pictures as bytes [N, S, S, C], for PyTorch. */
  raw: string;
  heldOut: Picture[];
  /** Their classes, by number in alphabetical order of their names; all 0 where the pictures have none. */
  heldOutLabels: number[];
}

/** Splits the pictures once; later calls find them in `folder`. */
export async function splitPictures(
  folder: string,
  source: string,
  { imageSize, channels, heldOut: fraction }: QualityData,
): Promise<SplitPictures> {
  const [train, raw, rest] = [join(folder, 'train'), join(folder, 'train.bin'), join(folder, 'held-out.bin')];
  const classes = join(folder, 'held-out.json');
  if (!(await exists(classes))) {
    const making = `${folder}.part`;
    await rm(making, { recursive: true, force: true });
    await mkdir(making, { recursive: true });
    const dataset = await openDataset(source, { imageSize });
    const readable = new ReadablePictures(dataset);
    const order = Random.derived(0, 'held-out').shuffled(dataset.length);
    const count = Math.round(fraction * order.length);
    const parts: { train: Uint8Array[]; rest: Uint8Array[] } = { train: [], rest: [] };
    const heldOutLabels: number[] = [];
    const { labels } = dataset;
    const alphabetical = labels?.classes.toSorted() ?? [];
    for (const [at, index] of order.entries()) {
      const found = await readable.picture(index);
      if (!found) continue;
      const picture = resizedPicture(found, { width: imageSize, height: imageSize, channels, resize: 'crop' });
      (at < count ? parts.rest : parts.train).push(picture.data);
      const name = labels?.classes[labels.indices[index] as number] ?? 'all';
      if (at < count) {
        heldOutLabels.push(Math.max(0, alphabetical.indexOf(name)));
        continue;
      }
      await mkdir(join(making, 'train', name), { recursive: true });
      await writeFile(join(making, 'train', name, `${index}.png`), await encodePng(picture));
    }
    await writeFile(join(making, 'train.bin'), Buffer.concat(parts.train));
    await writeFile(join(making, 'held-out.bin'), Buffer.concat(parts.rest));
    await writeFile(join(making, 'held-out.json'), JSON.stringify(heldOutLabels));
    await rm(folder, { recursive: true, force: true });
    await rename(making, folder);
  }
  const heldOutLabels = JSON.parse(await readFile(classes, 'utf8')) as number[];
  return { train, raw, heldOut: picturesOf(await readFile(rest), imageSize, channels), heldOutLabels };
}

/** The pictures in bytes [N, S, S, C]. */
export function picturesOf(bytes: Uint8Array, imageSize: number, channels: 1 | 3): Picture[] {
  // Not a Buffer, whose slice() is no copy.
  const plain = new Uint8Array(bytes);
  const stride = channels * imageSize ** 2;
  return Array.from({ length: plain.length / stride }, (_, index) => ({
    width: imageSize,
    height: imageSize,
    channels,
    data: plain.subarray(index * stride, (index + 1) * stride),
  }));
}
