/** @file Jobs that ask the discriminator: sorted grids and shards, histograms of scores. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32Tensor, GraphBuilder, modelOfGraph, saveModel } from '../../../onnx/index.js';
import { forgetTemporary, temporaryBeside } from '../../../onnx/files/disk/temporary.node.js';
import { Generator, type GeneratorOptions } from '../../networks/generator.js';
import { toyGenerator } from '../../networks/generator.test.helper.js';
import type { Preparation } from '../../networks/network-input.js';
import { loadLatents, saveLatents } from '../../latent/files/latents-file.node.js';
import { normalLatents, seedsFrom } from '../../latent/latents.js';
import { npyBytes, parsedNpy } from '../../numeric/npy.js';
import { decodePicture, encodePng } from '../../pictures/pictures.node.js';
import type { Picture } from '../../pictures/pictures.js';
import type { JobContext, PictureRecord } from '../shared/context.node.js';
import { jobOf, shardsOf, type Words } from './job-of.test.helper.js';
import { runJob } from '../run-job.node.js';
import { contents } from './contents.test.helper.js';

let folder: string;
let generator: Generator;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-ranking-'));
  model = join(folder, 'generator.onnx');
  await saveModel(model, toyGenerator({ latentDim: 6, size: 8 }));
  await saveModel(join(folder, 'discriminator.onnx'), brightness());
  generator = await Generator.load(model, { device: 'cpu' });
});
afterAll(async () => {
  await generator.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Takes pictures for real that are brighter than grey; the input is normalised as for ImageNet, as nothing else is said. */
function brightness(sign = 1) {
  const b = new GraphBuilder();
  const x = b.input('image', 'float32', ['batch', 3, 8, 8]);
  const mean = b.reduceMean(x, [2, 3], false);
  const ones = b.initializer('w', float32Tensor([sign, sign, sign], [3, 1]));
  b.output(b.matMul(mean, ones), 'logit');
  return modelOfGraph(b.graph);
}

/** A generator of 6 numbers and one of three classes, which are darker or brighter. */
function ofClasses() {
  const b = new GraphBuilder();
  const latents = b.input('z', 'float32', ['batch', 6]);
  const label = b.input('label', 'int64', ['batch']);
  const table = b.initializer('table', float32Tensor([-1, 0, 1], [3, 1]));
  const rows = b.op('Tanh', [b.add(latents, b.op('Gather', [table, label], { axis: 0 }))]);
  const weights = b.initializer('w', float32Tensor(new Float32Array(6 * 192).fill(1 / 6), [6, 192]));
  b.output(b.reshape(b.matMul(rows, weights), ['batch', 3, 8, 8]), 'image');
  return modelOfGraph(b.graph);
}

const brightnessOf = ({ data }: Picture) => data.reduce((sum, value) => sum + value, 0);

async function performed(request: Words) {
  const records: PictureRecord[] = [];
  const told: string[] = [];
  const context = {
    model,
    generator,
    record: (line: PictureRecord) => records.push(line),
    log: (line: string) => told.push(line),
    skipped: (reasons: readonly string[]) => reasons.forEach((reason) => told.push(`skipped ${reason}`)),
  };
  const files = await runJob(jobOf(request), context);
  return { files, records, told };
}

describe('runJob of --sort score', () => {
  it('keeps the pictures that the discriminator finds most real, in order, with their seeds, scores and latents', async () => {
    const [out, saved] = [join(folder, 'best.png'), join(folder, 'best.npy')];
    const { records } = await performed({ sort: 'score', keep: 6, count: 40, grid: '3x2', out, saveLatents: saved });
    const everything = await generator.sample(Array.from({ length: 40 }, (_, seed) => seed));
    const order = everything
      .map((_, seed) => seed)
      .toSorted((a, b) => brightnessOf(everything[b] as Picture) - brightnessOf(everything[a] as Picture));
    // Channels weigh differently, so places may swap: the best must be there, and scores fall.
    expect(records.map(({ seed }) => seed)).toContain(order[0]);
    const logits = records.map(({ logit }) => logit as number);
    expect(logits).toEqual(logits.toSorted((a, b) => b - a));
    expect(records[5]).toMatchObject({ index: 5, column: 2, row: 1, file: out });
    expect(records[0]?.['probability']).toBeCloseTo(1 / (1 + Math.exp(-(logits[0] as number))), 6);
    const [first] = await generator.pictures((await loadLatents(saved, 6)).slice(0, 6));
    expect(first).toEqual(everything[records[0]?.seed as number]);
    const grid = await decodePicture(out);
    expect([grid.width, grid.height]).toEqual([32, 22]);
    expect((await loadLatents(saved, 6)).length).toBe(36);
  });

  it('tells which rows of a file of latents the best are', async () => {
    const [latents, out] = [join(folder, 'all.npy'), join(folder, 'rows.png')];
    await saveLatents(latents, normalLatents(seedsFrom(10, 20), 6), 6);
    const { records } = await performed({ sort: 'score', keep: 4, seed: 10, count: 20, out });
    const { records: rows } = await performed({ sort: 'score', keep: 4, latents, out });
    expect(rows.map(({ latent }) => latent)).toEqual(records.map(({ seed }) => (seed as number) - 10));
    await expect(performed({ sort: 'score', keep: 21, latents, out })).rejects.toThrow(/^keep: expected at most 20,/);
  });

  it.each([
    [{ count: 1_000_000 }, 'count: expected at most'],
    [{ count: 1_000_000, keep: 900_000 }, 'keep: expected at most'],
    [{ count: 30, grid: '2x2' }, 'grid: expected at least 30 cells'],
    [{ count: 30, saveLatents: 'z.txt' }, 'saveLatents: expected'],
  ])('refuses %j before anything is scored', async (request, message) => {
    const asked: Words = { sort: 'score', out: join(folder, 'refused.png'), ...request };
    const scored: number[] = [];
    const large = { ...generator, latentDim: 6, channels: 3, height: 64, width: 64 } as unknown as Generator;
    const job = async () => runJob(jobOf(asked), { model, generator: large, progress: (done) => scored.push(done) });
    await expect(job()).rejects.toThrow(message);
    expect(scored).toEqual([]);
  });

  it('writes scores under the pictures', async () => {
    const out = join(folder, 'labelled.png');
    await performed({ sort: 'score', count: 3, labels: true, out });
    expect((await decodePicture(out)).width).toBeGreaterThan(200);
  });
});

describe('runJob of --sort score into one picture', () => {
  it('goes on with the scores it has, to the same bytes, and leaves nothing but the picture', async () => {
    const [own, whole] = [join(folder, 'one'), join(folder, 'one', 'whole.png')];
    const out = join(own, 'parts.png');
    const request: Words = { sort: 'score', keep: 20, count: 400 };
    await performed({ ...request, out: whole });
    const stop = new AbortController();
    const told: string[] = [];
    const stopped = async () =>
      runJob(jobOf({ ...request, out }), {
        model,
        generator,
        signal: stop.signal,
        progress: (done) => done >= 192 && stop.abort(),
        log: (line) => told.push(line),
      });
    await expect(stopped()).rejects.toThrow(/abort/);
    expect(told).toEqual(['Stopped; the scores so far are kept, and the same command with `resume` continues.']);
    expect((await readdir(own)).toSorted()).toEqual(['parts.png.part', 'whole.png']);
    const other = join(folder, 'darkness.onnx');
    await saveModel(other, brightness(-1));
    await expect(performed({ ...request, out, resume: true, discriminator: other })).rejects.toThrow(
      /^resume: .* where discriminator is "sha256:/,
    );
    const scored: number[] = [];
    const progress = (done: number, _total: number, text?: string) => text === 'scored' && scored.push(done);
    await runJob(jobOf({ ...request, out, resume: true }), { model, generator, progress });
    expect(scored).toEqual([256, 320, 384, 400]);
    expect(await readFile(out)).toEqual(await readFile(whole));
    expect((await readdir(own)).toSorted()).toEqual(['parts.png', 'whole.png']);
  });

  it('does not go on with another class, range, mean or deviation', async () => {
    const conditional = join(folder, 'conditional.onnx');
    await saveModel(conditional, ofClasses());
    const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
    const preparations: Preparation[] = [
      half,
      { ...half, mean: [0.4, 0.5, 0.5] },
      { ...half, std: [0.5, 0.5, 0.4] },
    ].map((normalization) => ({ normalization }));
    const loaded: Generator[] = [];
    const load = async (options: GeneratorOptions) => {
      loaded.push(await Generator.load(conditional, { device: 'cpu', ...options }));
      return loaded.at(-1) as Generator;
    };
    const own = await load({ label: 1 });
    const asked = { sort: 'score', keep: 5, count: 200 };
    for (const format of [undefined, 'npy']) {
      const out = join(folder, `kept-${format ?? 'grid.png'}`);
      const request: Words = { ...asked, out, ...(format !== undefined && { format }) };
      const run = async (network: Generator, preparation: Preparation | undefined, more: Partial<JobContext> = {}) => {
        const job = jobOf({ ...request, resume: more.signal === undefined });
        return runJob(job.kind === 'shards' ? { ...job, shardSize: 64 } : job, {
          model: conditional,
          generator: network,
          ...(preparation && { preparation }),
          ...more,
        });
      };
      const stop = new AbortController();
      await expect(
        run(own, preparations[0], { signal: stop.signal, progress: (done) => done >= 64 && stop.abort() }),
      ).rejects.toThrow(/abort/);
      await expect(run(await load({ label: 2 }), preparations[0])).rejects.toThrow(
        /^resume: [^\n]* where label is 1; got 2$/,
      );
      await expect(run(await load({ label: 'random' }), preparations[0])).rejects.toThrow(/^resume: .* got "random"$/);
      await expect(run(await load({ label: 1, range: [0, 1] }), preparations[0])).rejects.toThrow(
        /^resume: [^\n]* where range is /,
      );
      for (const other of [preparations[1], preparations[2], undefined])
        await expect(run(own, other)).rejects.toThrow(/^resume: [^\n]* where preparation is /);
      const scored: number[] = [];
      await run(own, preparations[0], {
        progress: (done, _total, text) => text === 'scored' && scored.push(done),
      });
      expect(scored).toEqual([128, 192, 200]);
    }
    for (const each of loaded) await each.dispose();
  });

  it('starts again without `resume`, which is for sorted pictures only', async () => {
    const out = join(folder, 'again.png');
    const stopped = runJob(jobOf({ sort: 'score', count: 200, out }), {
      model,
      generator,
      signal: AbortSignal.abort(),
    });
    await expect(stopped).rejects.toThrow(/abort/);
    const { records } = await performed({ sort: 'score', count: 100, out });
    expect(records).toHaveLength(100);
    await expect(performed({ count: 4, out, resume: true })).rejects.toThrow(
      /^resume: expected to be used with `format` or `sort`/,
    );
  });

  it('keeps its hands off a folder that holds files of others', async () => {
    const out = join(folder, 'theirs.png');
    await mkdir(`${out}.part`);
    await writeFile(join(`${out}.part`, 'scores.part'), 'theirs');
    await expect(performed({ sort: 'score', count: 4, out })).rejects.toThrow(
      /^out: expected a new or empty folder, or one with files of this command only; got .*theirs\.png\.part/,
    );
    expect(await readFile(join(`${out}.part`, 'scores.part'), 'utf8')).toBe('theirs');
  });
});

describe('runJob of --sort score --format', () => {
  const REQUEST: Words = { sort: 'score', keep: 150, count: 400 };
  const SHARD = 50;
  const shards = async (request: Words, context: Partial<JobContext> = {}) => {
    const records: PictureRecord[] = [];
    const told: string[] = [];
    const files = await runJob(
      { ...shardsOf({ ...REQUEST, ...request }), shardSize: SHARD },
      { model, generator, record: (line) => records.push(line), log: (line) => told.push(line), ...context },
    );
    return { files, records, told };
  };

  it('streams the pictures that the grid would show, with their seeds, scores and latents', async () => {
    const [out, saved, grid] = [join(folder, 'npy'), join(folder, 'npy.npy'), join(folder, 'grid.png')];
    const { files, records } = await shards({ format: 'npy', out, saveLatents: saved });
    expect(files).toEqual([out]);
    const { records: cells } = await performed({ ...REQUEST, out: grid });
    const known = ({ index, seed, logit, probability }: PictureRecord) => ({ index, seed, logit, probability });
    expect(records.map(known)).toEqual(cells.map(known));
    const seeds = records.map(({ seed }) => seed as number);
    const latents = await loadLatents(saved, 6);
    expect(latents).toEqual(normalLatents(seeds, 6));
    expect(records[120]?.file).toBe(join(out, '00002.npy'));
    const last = parsedNpy(await readFile(join(out, '00002.npy')));
    expect(last.shape).toEqual([50, 8, 8, 3]);
    expect(last.data.slice(20 * 192, 21 * 192)).toEqual((await generator.sample([seeds[120] as number]))[0]?.data);
    const ranking = parsedNpy(await readFile(join(out, 'ranking.npy')));
    expect(ranking.shape).toEqual([150, 2]);
    expect([...ranking.data].slice(2, 4)).toEqual([seeds[1], records[1]?.['logit']]);
  });

  it.each(['zip', 'webp'])(
    '%s goes on where it was interrupted, to the same bytes, without scoring again',
    async (format) => {
      const [whole, parts] = [join(folder, `${format}-whole`), join(folder, `${format}-parts`)];
      const [wholeLatents, partsLatents] = [`${whole}.npy`, `${parts}.npy`];
      await shards({ format, out: whole, saveLatents: wholeLatents });
      const stop = new AbortController();
      const progress = (done: number, _total: number, note?: string) => note === undefined && done > 60 && stop.abort();
      const told: string[] = [];
      const stopped = shards(
        { format, out: parts, saveLatents: partsLatents },
        { signal: stop.signal, progress, log: (line) => told.push(line) },
      );
      await expect(stopped).rejects.toThrow(/abort/);
      await expect(readFile(partsLatents)).rejects.toThrow(/ENOENT/);
      expect(told).toEqual([
        expect.stringMatching(/^Stopped after (50|100) of 150 pictures; .* `resume` continues\.$/),
      ]);
      const notes: (string | undefined)[] = [];
      const resumed = { format, out: parts, saveLatents: partsLatents, resume: true };
      await shards(resumed, { progress: (_done, _total, note) => notes.push(note) });
      expect(notes).not.toContain('scored');
      expect(await contents(parts)).toEqual(await contents(whole));
      expect(await readFile(partsLatents)).toEqual(await readFile(wholeLatents));
    },
  );

  it('goes on with the scores it has when it is stopped before all are scored', async () => {
    const [whole, out] = [join(folder, 'late'), join(folder, 'early')];
    await shards({ format: 'png', out: whole });
    const stop = new AbortController();
    const told: string[] = [];
    const progress = (done: number) => done >= 128 && stop.abort();
    const stopped = shards({ format: 'png', out }, { signal: stop.signal, progress, log: (line) => told.push(line) });
    await expect(stopped).rejects.toThrow(/abort/);
    expect(told).toEqual(['Stopped before all pictures were scored; the same command with `resume` continues.']);
    expect((await readdir(join(out, 'parts'))).toSorted()).toEqual(['00000.npy', '00001.npy']);
    // As after a kill: the next part is not whole.
    const leftover = temporaryBeside(join(out, 'parts', '00002.npy'));
    await writeFile(leftover, 'half a part');
    forgetTemporary(leftover);
    const scored: number[] = [];
    const note = (done: number, _total: number, text?: string) => text === 'scored' && scored.push(done);
    await shards({ format: 'png', out, resume: true }, { progress: note });
    expect(scored).toEqual([192, 256, 320, 384, 400]);
    expect(await contents(out)).toEqual(await contents(whole));
    expect((await readdir(out)).toSorted()).toEqual(['00000', '00001', '00002', 'ranking.npy', 'sampling.json']);
  });

  it('names a part that is damaged', async () => {
    const out = join(folder, 'damaged');
    const stop = new AbortController();
    const progress = (done: number) => done >= 128 && stop.abort();
    await expect(shards({ format: 'npy', out }, { signal: stop.signal, progress })).rejects.toThrow(/abort/);
    const [first, second] = [join(out, 'parts', '00000.npy'), join(out, 'parts', '00001.npy')];
    await writeFile(second, await readFile(first));
    await expect(shards({ format: 'npy', out, resume: true })).rejects.toThrow(
      /00001\.npy: expected positions of 64…127; got \d+$/,
    );
  });

  it('refuses to go on by another discriminator, with another number, or a ranking that does not fit', async () => {
    const out = join(folder, 'other');
    await shards({ format: 'npy', out });
    const other = join(folder, 'other.onnx');
    await saveModel(other, brightness(-1));
    const again = (request: Words) => shards({ format: 'npy', out, resume: true, ...request });
    await expect(again({ discriminator: other })).rejects.toThrow(/^resume: .* where discriminator is "sha256:/);
    await expect(again({ keep: 100 })).rejects.toThrow(/^resume: .* where count is 150; got 100$/);
    await expect(again({ sort: undefined, keep: undefined })).rejects.toThrow(
      / where discriminator is "sha256:.*; got null$/,
    );
    const kept = parsedNpy(await readFile(join(out, 'ranking.npy'))).data as Float64Array<ArrayBuffer>;
    const rows = new Float64Array(300).fill(400);
    await writeFile(join(out, 'ranking.npy'), npyBytes(rows, [150, 2]));
    await expect(again({})).rejects.toThrow(/ranking\.npy: expected positions of 0…399; got 400$/);
    const disordered = kept.slice();
    disordered[3] = (kept[1] as number) + 1;
    const twice = kept.slice();
    twice[2] = kept[0] as number;
    for (const damaged of [disordered, twice]) {
      await writeFile(join(out, 'ranking.npy'), npyBytes(damaged, [150, 2]));
      await expect(again({})).rejects.toThrow(/ranking\.npy: expected each picture once, by falling logits;/);
    }
    await writeFile(join(out, 'ranking.npy'), npyBytes(rows.subarray(2), [149, 2]));
    await expect(again({})).rejects.toThrow(/ranking\.npy: expected float64 \[150, 2\]; got <f8 \[149, 2\]$/);
    await shards({ format: 'npy', sort: undefined, keep: undefined, count: 5, out });
    expect(Object.keys(await contents(out)).toSorted()).toEqual(['00000.npy', 'sampling.json']);
  });
});

it('refuses a preparation where no discriminator takes pictures', async () => {
  const preparation = { normalization: { mean: [0.5], std: [0.5] } };
  for (const words of [{}, { format: 'npy' }, { project: 'a.png' }])
    await expect(runJob(jobOf(words), { model, generator, preparation })).rejects.toThrow(
      /^mean: expected to be used with `sort`, `real` or `featureWeight`, which take a discriminator$/,
    );
});

describe('runJob of --real', () => {
  it('plots the scores of real and generated pictures and names files that are no pictures', async () => {
    const real = join(folder, 'real');
    await mkdir(join(real, 'deep'), { recursive: true });
    const white: Picture = { width: 16, height: 16, channels: 3, data: new Uint8Array(768).fill(255) };
    for (const name of ['a.png', 'deep/b.png', 'c.png']) await writeFile(join(real, name), await encodePng(white));
    await writeFile(join(real, 'broken.png'), 'no picture');
    await writeFile(join(real, 'notes.txt'), 'no picture');
    await writeFile(join(real, 'raw.heic'), 'no picture');
    const out = join(folder, 'scores.png');
    const leftover = temporaryBeside(out);
    await writeFile(leftover, 'half a plot');
    forgetTemporary(leftover);
    const { files, records, told } = await performed({ real, count: 20, out });
    expect(files).toEqual([out]);
    await expect(readFile(leftover)).rejects.toThrow(/ENOENT/);
    expect(told[0]).toMatch(/^skipped .*raw\.heic: pictures of this format are not read/);
    expect(told[1]).toMatch(/^skipped .*broken\.png: expected a picture/);
    expect(told[2]).toMatch(/^Taken for real: 100 % of the real, \d+ % of the generated pictures$/);
    expect(records.map(({ kind }) => kind)).toEqual([...Array(3).fill('real'), ...Array(20).fill('generated')]);
    expect(records[0]).toMatchObject({ file: join(real, 'a.png') });
    const fewer = await performed({ real, count: 2, out });
    expect(fewer.told[0]).toBe(
      'Real pictures: 2 of 4, evenly spread, as many as are generated (change it with `count`)',
    );
    expect(records[0]?.['logit']).toBeGreaterThan(1);
    const strict = { real, count: 20, out: join(folder, 'strict.png'), strict: true };
    await expect(performed(strict)).rejects.toThrow(/^strict: expected no skipped file; got .*raw\.heic: /);
    await rm(join(real, 'raw.heic'));
    await expect(performed(strict)).rejects.toThrow(/^strict: expected no broken picture; got .*broken\.png/);
    await rm(join(real, 'broken.png'));
    expect((await performed(strict)).files).toEqual([strict.out]);
    const plot = await decodePicture(out);
    const near = (colour: number[]) => {
      let found = 0;
      for (let i = 0; i < plot.data.length; i += 3)
        if (colour.every((value, c) => Math.abs(value - (plot.data[i + c] as number)) < 40)) found++;
      return found;
    };
    // Blue bars for real, orange for generated ones.
    expect(near([0x1f, 0x5f, 0xa8])).toBeGreaterThan(200);
    expect(near([0xd1, 0x60, 0x0f])).toBeGreaterThan(200);
  });

  it('stops between real pictures', async () => {
    const real = join(folder, 'many');
    await mkdir(real);
    const white: Picture = { width: 8, height: 8, channels: 3, data: new Uint8Array(192).fill(255) };
    for (const name of ['a.png', 'b.png', 'c.png', 'd.png']) await writeFile(join(real, name), await encodePng(white));
    const stop = new AbortController();
    const scored: number[] = [];
    const progress = (done: number) => {
      scored.push(done);
      if (done === 2) stop.abort(new Error('stopped'));
    };
    const running = runJob(jobOf({ real, count: 4, out: join(folder, 'stopped.png') }), {
      model,
      generator,
      signal: stop.signal,
      progress,
    });
    await expect(running).rejects.toThrow(/^stopped$/);
    expect(scored).toEqual([1, 2]);
  });

  it('says where there is nothing to compare with', async () => {
    await expect(performed({ real: join(folder, 'none') })).rejects.toThrow(/^real: .* cannot be read \(ENOENT\)$/);
    await mkdir(join(folder, 'empty'), { recursive: true });
    await expect(performed({ real: join(folder, 'empty') })).rejects.toThrow(
      /empty: expected pictures \(\.avif, .*; got a folder without any$/,
    );
  });
});
