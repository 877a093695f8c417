/** @file Jobs that draw one picture: corners, arithmetic, traversals. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveModel } from '../../../onnx/index.js';
import { headingOf, textRuler } from '../../figures/boxes.node.js';
import { MARGIN } from '../../figures/theme.js';
import { Generator } from '../../networks/generator.js';
import { toyGenerator } from '../../networks/generator.test.helper.js';
import { loadLatents } from '../../latent/files/latents-file.node.js';
import { normalLatents } from '../../latent/latents.js';
import { decodePicture, encodePng } from '../../pictures/pictures.node.js';
import type { Picture } from '../../pictures/pictures.js';
import type { PictureRecord } from '../shared/context.node.js';
import { jobOf, type Words } from './job-of.test.helper.js';
import { runJob } from '../run-job.node.js';

/** Where pictures begin below a title of one line. */
const TITLED = MARGIN + headingOf('title', 1000, textRuler()).height;

let folder: string;
let generator: Generator;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-jobs-'));
  model = join(folder, 'generator.onnx');
  await saveModel(model, toyGenerator({ latentDim: 6, size: 32 }));
  generator = await Generator.load(model, { device: 'cpu' });
});
afterAll(async () => {
  await generator.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function drawn(request: Words) {
  const out = join(folder, 'picture.png');
  const saved = join(folder, 'saved.npy');
  const records: PictureRecord[] = [];
  const job = jobOf({ ...request, out, saveLatents: saved });
  const files = await runJob(job, { model, generator, record: (record) => records.push(record) });
  expect(files).toEqual([out]);
  return { picture: await decodePicture(await readFile(out)), latents: await loadLatents(saved, 6), records };
}

/** The picture that lies at a place of another, whose pixels are `factor` times as large. */
function cut(from: Picture, left: number, top: number, factor: number): Uint8Array {
  return Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 32, Math.floor(i / 96)];
    return from.data[3 * ((top + factor * y) * from.width + left + factor * x) + (i % 3)] as number;
  });
}

const pictureOf = async (latent: Float32Array) => (await generator.pictures(latent))[0]?.data;

describe('runJob', () => {
  it('draws a row of the same latents for each class, under its name', async () => {
    const labelled = join(folder, 'labelled.onnx');
    await saveModel(labelled, toyGenerator({ latentDim: 6, size: 96, classes: 3 }));
    const conditional = await Generator.load(labelled, { device: 'cpu', label: 'all' });
    const records: PictureRecord[] = [];
    const context = {
      model: labelled,
      generator: conditional,
      record: (record: PictureRecord) => records.push(record),
    };
    const out = join(folder, 'classes.png');
    await runJob(jobOf({ seeds: '4,5', out }), context);
    const sheet = await decodePicture(await readFile(out));
    expect(records.map(({ seed, class: name, row }) => [seed, name, row])).toEqual(
      [0, 1, 2].flatMap((row) => [4, 5].map((seed) => [seed, String(row), row])),
    );
    // Cells of 96 pixels with gaps of 8 and captions of 20.
    const [own] = await conditional.pictures(normalLatents([5], 6), { label: 2 });
    const [left, top] = [MARGIN + 104, MARGIN + 2 * 124];
    const at = (x: number, y: number) => sheet.data[3 * ((top + y) * sheet.width + left + x)];
    for (const [x, y] of [
      [0, 0],
      [95, 95],
      [40, 7],
    ] as const)
      expect(at(x, y)).toBe(own?.data[3 * (96 * y + x)]);
    const grid = runJob(jobOf({ grid: '4x4', out }), context);
    await expect(grid).rejects.toThrow('grid: expected COLUMNSx3 with as many seeds as columns');
    await conditional.dispose();
  });

  it('enlarges the pictures of grids and animations', async () => {
    const { picture } = await drawn({ seeds: '4,5', grid: '2x1', scale: '3' });
    expect([picture.width, picture.height]).toEqual([6 + 2 * (96 + 6), 96 + 12]);
    expect(cut(picture, 6 + 96 + 6, 6, 3)).toEqual(await pictureOf(normalLatents([5], 6)));
    const smooth = await drawn({ seeds: '4,5', grid: '2x1', scale: '3:lanczos' });
    expect(smooth.picture.width).toBe(picture.width);
    expect(Buffer.compare(smooth.picture.data, picture.data)).not.toBe(0);
    const corners = await drawn({ corners: '1,2,3,4', grid: '2x2', scale: '2' });
    expect(corners.picture.width).toBe(4 + 2 * (64 + 4));
    const out = join(folder, 'walk.webp');
    await runJob(jobOf({ interpolate: '', frames: 4, scale: '2', out }), { model, generator });
    expect((await decodePicture(out)).width).toBe(64);
  });

  it.each(['0', '17', '1.5', '4:bicubic', 'big'])('refuses the scale %s', (scale) => {
    expect(() => jobOf({ scale })).toThrow(/^scale: expected a factor of 1…16, such as 4, or with a filter/);
  });

  it('draws a grid between corners', async () => {
    const { picture, latents, records } = await drawn({ corners: '1,2,3,4', grid: '3x2' });
    expect([picture.width, picture.height, latents.length / 6]).toEqual([104, 70, 6]);
    expect(cut(picture, 2 + 2 * 34, 2 + 34, 1)).toEqual(await pictureOf(normalLatents([4], 6)));
    expect(records.at(-1)).toMatchObject({ index: 5, column: 2, row: 1 });
  });

  it('draws arithmetic: exemplars above their mean, operators, the result with noise around', async () => {
    const { picture, latents } = await drawn({ arithmetic: 'mean(1,2) - 3' });
    const z = (seed: number) => normalLatents([seed], 6);
    const result = z(1).map((value, i) => (value + (z(2)[i] as number)) / 2 - (z(3)[i] as number));
    result.forEach((value, i) => expect(latents[i]).toBeCloseTo(value, 6));
    // Columns: mean, −, 3, =, and 3×3; cells of 96 with 8 between and 20 for captions, and a title above.
    expect([picture.width, picture.height]).toEqual([2 * MARGIN + 7 * 104 - 8, MARGIN + TITLED + 3 * 124 - 8]);
    const cell = (column: number, row: number) => cut(picture, MARGIN + 104 * column, TITLED + 124 * row, 3);
    expect(cell(0, 0)).toEqual(await pictureOf(z(1)));
    expect(cell(0, 1)).toEqual(await pictureOf(z(2)));
    expect(cell(2, 2)).toEqual(await pictureOf(z(3)));
    expect(cell(5, 1)).toEqual(await pictureOf(latents));
    expect(cell(4, 0)).not.toEqual(cell(5, 1));
  });

  it('draws walks along numbers and principal directions', async () => {
    const one = await drawn({ traverse: '2', seeds: '8,9', frames: 3, extent: 2 });
    const moved = normalLatents([9], 6);
    moved[2] = (moved[2] as number) + 2;
    expect(one.latents.slice(-6)).toEqual(moved);
    expect(cut(one.picture, MARGIN + 104, TITLED, 3)).toEqual(await pictureOf(normalLatents([8], 6)));
    const several = await drawn({ traverse: 'principal:1-2', frames: 5 });
    expect(several.records).toHaveLength(10);
    expect(several.latents.slice(12, 18)).toEqual(normalLatents([0], 6));
    expect(several.latents.slice(0, 6)).not.toEqual(several.latents.slice(30, 36));
  });

  it('projects a picture: result, filmstrip, losses, latent', async () => {
    const out = join(folder, 'projection');
    const target = join(folder, 'target.png');
    const [made] = await generator.pictures(normalLatents([70], 6));
    await writeFile(target, await encodePng(made as Picture));
    const job = jobOf({ project: target, steps: 100, restarts: 3, out });
    const files = await runJob(job, { model, generator });
    expect(files).toEqual(['result.png', 'filmstrip.png', 'loss.png', 'latent.npy'].map((name) => join(out, name)));
    const result = await decodePicture(join(out, 'result.png'));
    const largest = result.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (made?.data[i] ?? 0))), 0);
    expect(largest).toBeLessThan(12);
    expect(await pictureOf(await loadLatents(join(out, 'latent.npy'), 6))).toEqual(result.data);
    const film = await decodePicture(join(out, 'filmstrip.png'));
    expect([film.width, film.height]).toEqual([2 * MARGIN + 9 * 104 - 8, 2 * MARGIN + 116]);
    expect(cut(film, MARGIN, MARGIN, 3)).toEqual(made?.data);
    expect(cut(film, MARGIN + 8 * 104, MARGIN, 3)).toEqual(result.data);
    await expect(runJob({ ...job, featureWeight: 1 } as typeof job, { model, generator })).rejects.toThrow(
      /^discriminator: expected an \.onnx file, as there is no .*discriminator\.onnx$/,
    );
  });

  it.each<[Words, RegExp]>([
    [{ project: 'a.png', restarts: 0 }, /^restarts: expected an integer of 1…1024; got 0$/],
    [{ project: 'a.png', learningRate: 0 }, /^learningRate: expected a number above 0/],
    [
      { project: 'a.png', discriminator: 'd.onnx' },
      /^discriminator: expected to be used with a `featureWeight` above 0$/,
    ],
    [{ project: 'a.png', truncation: 1 }, /^truncation and project cannot be combined$/],
    [{ corners: '1,2,3' }, /^corners: expected 4 seeds or a file of 4 latents; got 3$/],
    [{ corners: '1-4', seed: 3 }, /^seed and corners cannot be combined$/],
    [{ traverse: '1,2', count: 3 }, /^traverse: expected one latent along several directions/],
    [{ traverse: '1', frames: 1 }, /^frames: expected an integer of 2…500; got 1$/],
    [{ arithmetic: '1', noise: -1 }, /^noise: expected a number of 0…100; got -1$/],
    [{ noise: 1 }, /^noise: expected to be used with `arithmetic`$/],
  ])('refuses %j', (request, message) => {
    expect(() => jobOf(request)).toThrow(message);
  });
});
