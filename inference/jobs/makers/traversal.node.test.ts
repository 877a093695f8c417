/** @file Walks along directions as animations. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveModel } from '../../../onnx/index.js';
import { headingOf, textRuler } from '../../figures/boxes.node.js';
import { MARGIN } from '../../figures/theme.js';
import { Generator } from '../../networks/generator.js';
import { toyGenerator } from '../../networks/generator.test.helper.js';
import { normalLatents } from '../../latent/latents.js';
import { decodePicture } from '../../pictures/pictures.node.js';
import type { Picture } from '../../pictures/pictures.js';
import type { PictureRecord } from '../shared/context.node.js';
import { jobOf, type Words } from './job-of.test.helper.js';
import { runJob } from '../run-job.node.js';

const SIZE = 96;
/** Where pictures begin below a title of one line. */
const TITLED = MARGIN + headingOf('title', 1000, textRuler()).height;

let folder: string;
let generator: Generator;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-traversal-'));
  model = join(folder, 'generator.onnx');
  await saveModel(model, toyGenerator({ latentDim: 6, size: SIZE }));
  generator = await Generator.load(model, { device: 'cpu' });
});
afterAll(async () => {
  await generator.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function walked(request: Words) {
  const records: PictureRecord[] = [];
  const context = { model, generator, record: (record: PictureRecord) => records.push(record) };
  return { files: await runJob(jobOf(request), context), records };
}

/** The picture in a column of the first row of a sheet with a title. */
function cell({ width, data }: Picture, column: number): Uint8Array {
  const [left, top] = [MARGIN + column * (SIZE + 8), TITLED];
  const rows = Array.from({ length: SIZE }, (_, y) => {
    const start = 3 * ((top + y) * width + left);
    return data.subarray(start, start + 3 * SIZE);
  });
  return new Uint8Array(Buffer.concat(rows));
}

/** Between two latents sums are rounded, which may move a level by one. */
function largestDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

async function pictureAt(index: number, along: number): Promise<Uint8Array> {
  const latent = normalLatents([7], 6);
  latent[index] = (latent[index] as number) + along;
  const [picture] = await generator.pictures(latent);
  return (picture as Picture).data;
}

describe('runJob of --traverse --format', () => {
  it('walks forth and back in all rows at once, beside the figure', async () => {
    const out = join(folder, 'walk');
    const { files, records } = await walked({ traverse: '1,4', seed: 7, extent: 2, frames: 8, format: 'webp', out });
    const written = ['traversal.png', 'traversal.webp', 'filmstrip.png', join('frames', '00000…00007.png')];
    expect(files).toEqual(written.map((name) => join(out, name)));
    const names = (await readdir(join(out, 'frames'))).toSorted();
    const frames = await Promise.all(names.map((name) => decodePicture(join(out, 'frames', name))));
    expect(frames).toHaveLength(8);
    for (const [column, index] of [1, 4].entries()) {
      expect(cell(frames[0] as Picture, column)).toEqual(await pictureAt(index, -2));
      expect(largestDifference(cell(frames[2] as Picture, column), await pictureAt(index, 0))).toBeLessThanOrEqual(1);
      expect(cell(frames[4] as Picture, column)).toEqual(await pictureAt(index, 2));
      expect(cell(frames[1] as Picture, column)).not.toEqual(cell(frames[0] as Picture, column));
    }
    for (const at of [1, 2, 3]) {
      const [forth, back] = [frames[at] as Picture, frames[8 - at] as Picture];
      expect(largestDifference(forth.data, back.data)).toBeLessThanOrEqual(1);
    }
    const figure = await decodePicture(join(out, 'traversal.png'));
    expect(cell(figure, 0)).toEqual(cell(frames[0] as Picture, 0));
    expect(cell(figure, 8)).toEqual(cell(frames[4] as Picture, 0));
    expect(records.map(({ index }) => index)).toEqual(Array.from({ length: 18 + 8 }, (_, i) => i));
    expect(records[19]).toEqual({ index: 19, frame: 1, file: join(out, 'frames', '00001.png') });
  });

  it.each(['pair.png', 'pair.gif'])('writes figure and animation of one name for --out %s', async (name) => {
    const [figure, animation] = [join(folder, 'pair.png'), join(folder, 'pair.gif')];
    const request = { traverse: '0', count: 3, frames: 6, fps: 20, format: 'gif', out: join(folder, name) };
    expect((await walked(request)).files).toEqual([figure, animation]);
    const { pages, delay, loop, width, pageHeight } = await sharp(await readFile(animation), {
      animated: true,
    }).metadata();
    expect([pages, delay, loop]).toEqual([6, Array(6).fill(50), 0]);
    expect([width, pageHeight]).toEqual([2 * MARGIN + 2 * 104 - 8, TITLED + 2 * 124 - 8 + MARGIN]);
    expect((await decodePicture(figure)).width).toBe(2 * MARGIN + 9 * 104 - 8);
  });

  it('refuses what does not fit into memory', async () => {
    const request = { traverse: '0', count: 9, frames: 4000, format: 'gif', out: join(folder, 'large') };
    await expect(walked(request)).rejects.toThrow(/^frames: expected at most \d+ frames of 352×\d+; got 4000$/);
  });
});
