/** @file Jobs that stream pictures to disk. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveModel } from '../../../onnx/index.js';
import { Generator } from '../../networks/generator.js';
import { toyGenerator } from '../../networks/generator.test.helper.js';
import { normalLatents, seedsFrom } from '../../latent/latents.js';
import { parsedNpy } from '../../numeric/npy.js';
import { decodePicture } from '../../pictures/pictures.node.js';
import { contents } from './contents.test.helper.js';
import type { JobContext, PictureRecord } from '../shared/context.node.js';
import { shardsOf, type Words } from './job-of.test.helper.js';
import { runJob } from '../run-job.node.js';

let folder: string;
let generator: Generator;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-shards-'));
  model = join(folder, 'generator.onnx');
  await saveModel(model, toyGenerator({ latentDim: 4, size: 8 }));
  generator = await Generator.load(model, { device: 'cpu' });
});
afterAll(async () => {
  await generator.dispose();
  await rm(folder, { recursive: true, force: true });
});

const COUNT = 400;
const SHARD = 200;
const perform = (request: Words, context: Partial<JobContext> = {}) =>
  runJob({ ...shardsOf({ count: COUNT, ...request }), shardSize: SHARD }, { model, generator, ...context });

describe('runJob of --format', () => {
  it('npy writes uint8 [N, H, W, C] in files, and the latents beside', async () => {
    const out = join(folder, 'npy');
    const latents = join(folder, 'latents.npy');
    expect(await perform({ format: 'npy', seed: 5, count: 350, out, saveLatents: latents })).toEqual([out]);
    expect((await readdir(out)).toSorted()).toEqual(['00000.npy', '00001.npy', 'sampling.json']);
    const [first, last] = await Promise.all(
      ['00000.npy', '00001.npy'].map(async (name) => parsedNpy(await readFile(join(out, name)))),
    );
    expect([first?.dtype, first?.shape, last?.shape]).toEqual(['|u1', [200, 8, 8, 3], [150, 8, 8, 3]]);
    const [picture] = await generator.pictures(normalLatents([5 + 242], 4));
    expect(last?.data.slice(42 * 192, 43 * 192)).toEqual(picture?.data);
    const saved = parsedNpy(await readFile(latents));
    expect([saved.shape, saved.data]).toEqual([[350, 4], normalLatents(seedsFrom(5, 350), 4)]);
  });

  it.each(['png', 'webp'])('%s writes sub-folders of files and tells of each, in order', async (format) => {
    const out = join(folder, format);
    const records: PictureRecord[] = [];
    await perform({ format, count: undefined, seeds: '7,3-401', out }, { record: (record) => records.push(record) });
    const file = (index: number) =>
      join(out, index < SHARD ? '00000' : '00001', `${String(index).padStart(8, '0')}.${format}`);
    expect(records.map(({ index }) => index)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
    expect(records[0]).toEqual({ index: 0, seed: 7, file: file(0) });
    expect(records[250]).toEqual({ index: 250, seed: 252, file: file(250) });
    const [picture] = await generator.pictures(normalLatents([252], 4));
    expect((await decodePicture(file(250))).data).toEqual(picture?.data);
    expect((await readdir(join(out, '00001'))).length).toBe(200);
  });

  it.each(['zip', 'npy', 'png'])('%s goes on where it was interrupted, to the same bytes', async (format) => {
    const [whole, parts] = [join(folder, `${format}-whole`), join(folder, `${format}-parts`)];
    await perform({ format, out: whole });
    const stop = new AbortController();
    const told: string[] = [];
    await perform(
      { format, out: parts },
      { signal: stop.signal, progress: (done) => done > 250 && stop.abort(), log: (line) => told.push(line) },
    );
    expect(told).toEqual(['Stopped after 200 of 400 pictures; the same command with --resume goes on.']);
    expect(JSON.parse(await readFile(join(parts, 'sampling.json'), 'utf8'))).toMatchObject({ done: 200 });
    const made: number[] = [];
    await perform({ format, out: parts, resume: true }, { record: ({ index }) => made.push(index) });
    expect([made[0], made.length]).toEqual([200, 200]);
    expect(await contents(parts)).toEqual(await contents(whole));
  });

  it('leaves nothing of an earlier job, and nothing to go on with before it has done something', async () => {
    const out = join(folder, 'again');
    await perform({ format: 'png', out });
    await writeFile(join(out, 'notes.txt'), 'mine');
    await perform({ format: 'npy', count: 5, out });
    expect((await readdir(out)).toSorted()).toEqual(['00000.npy', 'notes.txt', 'sampling.json']);
    const stop = new AbortController();
    stop.abort();
    await perform({ format: 'npy', count: 6, out }, { signal: stop.signal });
    expect(JSON.parse(await readFile(join(out, 'sampling.json'), 'utf8'))).toMatchObject({ count: 6, done: 0 });
  });

  it('refuses to go on with another job', async () => {
    const out = join(folder, 'other');
    await perform({ format: 'npy', count: 3, out });
    await expect(perform({ format: 'npy', count: 4, out, resume: true })).rejects.toThrow(
      /^resume: expected the job that .*sampling\.json tells of; latents was "seeds:0-2", now it is "seeds:0-3"$/,
    );
    await writeFile(join(out, 'sampling.json'), '{');
    await expect(perform({ format: 'npy', count: 3, out, resume: true })).rejects.toThrow(
      /sampling.json: expected JSON/,
    );
  });
});
