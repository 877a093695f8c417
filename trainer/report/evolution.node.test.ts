/** @file The animation of a run's sample grids. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import { evolutionWebp } from './evolution.node.js';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'ganscope-evolution-'));
  await mkdir(join(run, 'samples'));
});
afterEach(() => rm(run, { recursive: true, force: true }));

/** A grid of one grey level. */
async function writeGrid(step: number, level: number, size = 40): Promise<void> {
  const data = new Uint8Array(size * size).fill(level);
  const name = `step-${`${step}`.padStart(7, '0')}.png`;
  await writeFile(join(run, 'samples', name), await encodePng({ width: size, height: size, channels: 1, data }));
}

/** Grey levels of the frames' middles. */
async function levelsOf(
  webp: Uint8Array,
): Promise<{ levels: number[]; delays: number[]; width: number; height: number }> {
  const {
    pages = 1,
    width,
    pageHeight: height = 0,
    delay: delays = [],
  } = await sharp(webp, { animated: true }).metadata();
  const levels: number[] = [];
  for (let page = 0; page < pages; page++) {
    const { data, info } = await sharp(webp, { page }).raw().toBuffer({ resolveWithObject: true });
    levels.push(data[info.channels * (20 * info.width + 20)] as number);
  }
  return { levels, delays, width, height };
}

it('shows the grids in the order of steps, up to the wanted one, and holds the last', async () => {
  await writeGrid(10_000_000, 250);
  await writeGrid(500, 120);
  await writeGrid(0, 20);
  await writeGrid(1000, 220);
  const { levels, delays, width, height } = await levelsOf((await evolutionWebp(run, 1000)) as Uint8Array);
  expect(levels.map((level) => Math.round(level / 20) * 20)).toEqual([20, 120, 220]);
  expect(delays).toEqual([167, 166, 1667]);
  expect([width, height]).toEqual([40, 74]);
});

it('has a bounded number of frames, the first and the last among them', async () => {
  for (let step = 0; step <= 200; step++) await writeGrid(step, step);
  const { levels } = await levelsOf((await evolutionWebp(run, 200)) as Uint8Array);
  expect(levels).toHaveLength(48);
  expect([levels[0], levels.at(-1)]).toEqual([0, 200]);
});

it('is of a bounded size', async () => {
  await writeGrid(0, 20, 700);
  await writeGrid(1, 200, 700);
  const { width, height } = await levelsOf((await evolutionWebp(run, 200)) as Uint8Array);
  expect([width, height]).toEqual([640, 674]);
});

it('needs at least two grids', async () => {
  expect(await evolutionWebp(run, 10)).toBeUndefined();
  await writeGrid(0, 20);
  expect(await evolutionWebp(run, 10)).toBeUndefined();
});
