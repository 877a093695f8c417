/** @file Jobs that stream pictures to disk. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32Tensor, GraphBuilder, modelOfGraph, saveModel } from '../../../onnx/index.js';
import { drawnClass } from '../../generators/labels.js';
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

  it('writes the class of each picture of a conditional generator beside the pictures, and tells it', async () => {
    const labelled = join(folder, 'labelled.onnx');
    await saveModel(labelled, toyGenerator({ latentDim: 4, size: 8, classes: 3 }));
    for (const label of ['random', 'number:2']) {
      const conditional = await Generator.load(labelled, { device: 'cpu', label });
      const records: PictureRecord[] = [];
      const out = join(folder, `labelled-${conditional.label}`);
      const context = {
        model: labelled,
        generator: conditional,
        record: (record: PictureRecord) => records.push(record),
      };
      await perform({ format: 'zip', count: 210, out }, context);
      const { dtype, data } = parsedNpy(await readFile(join(out, 'labels.npy')));
      const latents = (at: number) => normalLatents([at], 4);
      const expected = Array.from({ length: 210 }, (_, at) => (label === 'random' ? drawnClass(latents(at), 3) : 2));
      expect([dtype, Array.from(data, Number)]).toEqual(['<i8', expected]);
      expect(records.map((record) => record['class'])).toEqual(expected.map(String));
      await conditional.dispose();
    }
    const all = await Generator.load(labelled, { device: 'cpu', label: 'all' });
    const refused = perform({ format: 'zip', out: join(folder, 'none') }, { model: labelled, generator: all });
    await expect(refused).rejects.toThrow('label: expected one class or random here, as all is for a grid; got all');
    await all.dispose();
    expect(await readdir(folder)).not.toContain('none');
  });

  it.each(['zip', 'npy', 'png'])('%s goes on where it was interrupted, to the same bytes', async (format) => {
    const [whole, parts] = [join(folder, `${format}-whole`), join(folder, `${format}-parts`)];
    await perform({ format, out: whole });
    const stop = new AbortController();
    const told: string[] = [];
    const stopped = perform(
      { format, out: parts },
      { signal: stop.signal, progress: (done) => done > 250 && stop.abort(), log: (line) => told.push(line) },
    );
    await expect(stopped).rejects.toThrow(/abort/);
    expect(told).toEqual(['Stopped after 200 of 400 pictures; the same command with `resume` continues.']);
    const first = format === 'png' ? '00000' : `00000.${format}`;
    expect((await readdir(parts)).toSorted()).toEqual([first, 'sampling.json']);
    const made: number[] = [];
    await perform({ format, out: parts, resume: true }, { record: ({ index }) => made.push(index) });
    expect([made[0], made.length]).toEqual([200, 200]);
    expect(await contents(parts)).toEqual(await contents(whole));
  });

  it('leaves nothing of an earlier job, and nothing to go on with before it has done something', async () => {
    const out = join(folder, 'again');
    await perform({ format: 'png', out });
    await perform({ format: 'npy', count: 5, out });
    expect((await readdir(out)).toSorted()).toEqual(['00000.npy', 'sampling.json']);
    const stop = new AbortController();
    stop.abort();
    await expect(perform({ format: 'npy', count: 6, out }, { signal: stop.signal })).rejects.toThrow(/abort/);
    expect(JSON.parse(await readFile(join(out, 'sampling.json'), 'utf8'))).toMatchObject({ count: 6 });
    expect(await readdir(out)).toEqual(['sampling.json']);
  });

  it('refuses to go on with another job', async () => {
    const out = join(folder, 'other');
    await perform({ format: 'npy', count: 3, out });
    await expect(perform({ format: 'npy', count: 4, out, resume: true })).rejects.toThrow(
      /^resume: expected the job of .*sampling\.json, where latents is "seeds:0-2"; got "seeds:0-3"$/,
    );
    await writeFile(join(out, 'sampling.json'), '{');
    await expect(perform({ format: 'npy', count: 3, out, resume: true })).rejects.toThrow(
      /sampling.json: expected JSON/,
    );
    for (const damaged of ['[]', '{"done": 9, "count": 3, "files": {"names": []}}', '{"files": {"names": ["../x"]}}']) {
      await writeFile(join(out, 'sampling.json'), damaged);
      await expect(perform({ format: 'npy', count: 3, out })).rejects.toThrow(/expected the journal of a sampling job/);
    }
  });

  it('neither mixes its files with those of others nor removes these', async () => {
    const out = join(folder, 'shared');
    // Names that a job might use, but did not.
    await mkdir(join(out, '20240101'), { recursive: true });
    const others = ['20240101/photo.png', '00009.npy', 'ranking.npy', 'notes.txt'];
    for (const name of others) await writeFile(join(out, name), 'mine');
    await expect(perform({ format: 'png', out })).rejects.toThrow(
      /^out: expected a new or empty folder, .*; got .*shared with "00009.npy", "20240101\/photo.png", "notes.txt", …$/,
    );
    expect(await readdir(out)).toHaveLength(4);
    for (const format of ['png', 'npy', 'zip']) await perform({ format, count: 300, out, overwrite: true });
    for (const name of others) expect(await readFile(join(out, name), 'utf8')).toBe('mine');
    const all = [
      ...others.filter((name) => !name.includes('/')),
      '20240101',
      '00000.zip',
      '00001.zip',
      'sampling.json',
    ];
    expect((await readdir(out)).toSorted()).toEqual(all.toSorted());
    await expect(perform({ format: 'zip', count: 300, out })).rejects.toThrow(/^out: expected a new or empty folder/);
    await expect(perform({ format: 'zip', count: 300, out, resume: true })).rejects.toThrow(/^out: expected a new/);
  });

  it('finishes the removal that a kill has stopped', async () => {
    const out = join(folder, 'removing');
    await perform({ format: 'npy', out });
    const journal = JSON.parse(await readFile(join(out, 'sampling.json'), 'utf8')) as object;
    await writeFile(join(out, 'sampling.json'), JSON.stringify({ ...journal, done: 0, removing: true }));
    await perform({ format: 'npy', count: 10, resume: true, out });
    expect((await readdir(out)).toSorted()).toEqual(['00000.npy', 'sampling.json']);
  });

  /** What a job asks a generator for, besides pictures. */
  const own = () => ({
    ...generator,
    latents: (seeds: readonly number[]) => generator.latents(seeds),
  });

  it('asks the network for further batches before the first is written', async () => {
    const events: string[] = [];
    const pictures = (latents: Float32Array) => {
      events.push(`asked for ${latents.length / 4}`);
      return generator.pictures(latents);
    };
    const watched = { ...own(), pictures } as unknown as Generator;
    const context = { generator: watched, progress: (count: number) => events.push(`wrote ${count}`) };
    await perform({ format: 'png', count: 150, out: join(folder, 'ahead') }, context);
    const asked = ['asked for 64', 'asked for 64', 'asked for 22'];
    expect(events).toEqual([...asked, 'wrote 64', 'wrote 128', 'wrote 150']);
  });

  it('has ended all writing when it fails', async () => {
    let batches = 0;
    const pictures = async (latents: Float32Array) => {
      if (++batches === 3) throw new Error('a broken batch');
      return generator.pictures(latents);
    };
    const failing = { ...own(), pictures } as unknown as Generator;
    const done: number[] = [];
    const context = { generator: failing, progress: (count: number) => done.push(count) };
    await expect(perform({ format: 'png', out: join(folder, 'broken') }, context)).rejects.toThrow('a broken batch');
    expect(done).toEqual([64, 128]);
  });

  it('does not go on with latents of another size', async () => {
    const b = new GraphBuilder();
    const rows = b.op('ReduceMean', [b.input('z', 'float32', ['batch', 'Z'])], { axes: [1], keepdims: 1 });
    const weights = b.initializer('w', float32Tensor(new Float32Array(192).fill(1), [1, 192]));
    b.output(b.reshape(b.op('Tanh', [b.matMul(rows, weights)]), ['batch', 3, 8, 8]), 'image');
    const open = join(folder, 'open.onnx');
    await saveModel(open, modelOfGraph(b.graph));
    const out = join(folder, 'open');
    const run = async (latentDim: number, resume: boolean) => {
      await using sized = await Generator.load(open, { device: 'cpu', latentDim });
      return await perform({ format: 'npy', count: 2, resume, out }, { model: open, generator: sized });
    };
    await run(4, false);
    await expect(run(5, true)).rejects.toThrow(/^resume: [^\n]* where latentDim is 4; got 5$/);
    await run(4, true);
  });

  it.each(['npy', 'png'])('%s makes again what is gone, and nothing else', async (format) => {
    const [whole, out] = [join(folder, `${format}-all`), join(folder, `${format}-gone`)];
    await perform({ format, count: 900, out: whole });
    await perform({ format, count: 900, out });
    for (const shard of ['00001', '00003'])
      await rm(join(out, format === 'png' ? shard : `${shard}.npy`), { recursive: true });
    const made: number[] = [];
    await perform({ format, count: 900, resume: true, out }, { record: ({ index }) => made.push(index) });
    expect(made).toEqual([...Array(400).keys()].map((i) => (i < 200 ? 200 + i : 400 + i)));
    expect(await contents(out)).toEqual(await contents(whole));
  });

  it('refuses sub-folders that hold files of others, as they are renamed as a whole', async () => {
    const out = join(folder, 'crowded');
    await mkdir(join(out, '00001'), { recursive: true });
    await writeFile(join(out, '00001', 'photo.png'), 'mine');
    await expect(perform({ format: 'png', out, overwrite: true })).rejects.toThrow(
      /^out: expected sub-folders without files of others; got .*00001$/,
    );
    expect(await readdir(join(out, '00001'))).toEqual(['photo.png']);
  });

  it('says in its journal which network it used', async () => {
    const out = join(folder, 'used');
    await perform({ format: 'npy', count: 2, out });
    expect(JSON.parse(await readFile(join(out, 'sampling.json'), 'utf8'))).toMatchObject({
      job: 'shards',
      generator: model,
      model: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
    });
  });

  it('refuses a second job in its folder', async () => {
    const out = join(folder, 'two');
    const both = await Promise.allSettled([perform({ format: 'npy', out }), perform({ format: 'npy', out })]);
    const refusals = both.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
    expect(refusals).toEqual([expect.stringMatching(/^InputError: out: expected a folder that no other process/)]);
  });
});
