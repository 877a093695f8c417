/** @file The folder of a bulk job: which files in it are the job's, and what is refused before anything is changed. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveModel } from '../../../onnx/index.js';
import { Generator } from '../../networks/generator.js';
import { toyGenerator } from '../../networks/generator.test.helper.js';
import { mergeEngine } from '../../tasks/engine.js';
import { shardsOf, type Words } from '../makers/job-of.test.helper.js';
import { runJob } from '../run-job.node.js';
import { openSampling } from './sampling.node.js';

let folder: string;
let generator: Generator;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-bulk-'));
  model = join(folder, 'generator.onnx');
  await saveModel(model, toyGenerator({ latentDim: 4, size: 8 }));
  generator = await Generator.load(model, { device: 'cpu' });
});
afterAll(async () => {
  await generator.dispose();
  await rm(folder, { recursive: true, force: true });
});

const perform = (out: string, more: Words = {}, engine = {}) =>
  runJob(shardsOf({ count: 5, format: 'npy', out: join(folder, out), ...more }), { model, generator, ...engine });

describe('saveLatents of a bulk job', () => {
  it.each(['00000.npy', 'parts/z.npy', 'so/deep.npy', '.hidden.npy'])('refuses %s in its folder', async (name) => {
    await perform('taken');
    const before = await readFile(join(folder, 'taken', '00000.npy'));
    await expect(perform('taken', { saveLatents: join(folder, 'taken', name) })).rejects.toThrow(
      /^saveLatents: expected a file outside of .*taken, or in it with a plain name that no other file of the job has; got /,
    );
    expect(await readFile(join(folder, 'taken', '00000.npy'))).toEqual(before);
    expect((await readdir(join(folder, 'taken'))).toSorted()).toEqual(['00000.npy', 'sampling.json']);
  });

  it('are a file of the job in its folder: the same command begins anew or goes on, also where they were not asked for at first', async () => {
    const saveLatents = join(folder, 'within', 'latents.npy');
    await perform('within');
    for (const resume of [true, true, false, false]) {
      await perform('within', { saveLatents, resume });
      expect((await readdir(join(folder, 'within'))).toSorted()).toEqual(['00000.npy', 'latents.npy', 'sampling.json']);
    }
    await perform('within');
    expect((await readdir(join(folder, 'within'))).toSorted()).toEqual(['00000.npy', 'sampling.json']);
  });

  it('are not named to workers, which write none', async () => {
    const job = shardsOf({ count: 5, format: 'npy', out: join(folder, 'sent'), saveLatents: join(folder, 'z.npy') });
    const opened = await openSampling(job, { model, generator }, true);
    await opened.dispose();
    expect(opened.spec.outputs).toEqual({ out: join(folder, 'sent') });
  });
});

it('refuses a folder with the name of a file that the journal lists', async () => {
  await perform('odd');
  await rm(join(folder, 'odd', '00000.npy'));
  await mkdir(join(folder, 'odd', '00000.npy'));
  await writeFile(join(folder, 'odd', '00000.npy', 'mine.txt'), '');
  await expect(perform('odd')).rejects.toThrow(/^out: expected a new or empty folder, .* with "00000\.npy\/"$/);
  expect(await readdir(join(folder, 'odd', '00000.npy'))).toEqual(['mine.txt']);
});

it('completes no job that has not begun, and leaves nothing', async () => {
  await expect(perform('nothere', {}, { engine: mergeEngine })).rejects.toThrow(
    /^merge: expected the folder of a job that has begun; got .*nothere without sampling\.json$/,
  );
  expect(await readdir(folder)).not.toContain('nothere');
});
