import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGanMetadata } from '../../inference/networks/metadata.js';
import { modelFromBytes } from '../../onnx/files/read.js';
import { forgetTemporary, temporaryBeside } from '../../onnx/files/disk/temporary.node.js';
import { saveCheckpoint } from '../checkpoint/checkpoint.node.js';
import { configWith } from '../settings/presets.js';
import type { TrainState } from '../step/state/step.js';
import { initialState } from '../step/tfjs/state.js';
import { earlierForms, exportRun } from './export.node.js';

let run: string;
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), 'ganscope-export-'));
});
afterAll(() => rm(run, { recursive: true, force: true }));

const config = configWith('space', { imageSize: 8, ngf: 2, ndf: 2, latentDim: 4, batchSize: 2 });

/** As after a step, with weights of this seed. */
function stateOf(step: number, seed: number, own = config): TrainState {
  const state = initialState({ ...own, seed });
  for (const { weights, m, v } of [state.generator, state.discriminator]) {
    for (const [name, { data, shape }] of weights) {
      if (!name.includes('moving'))
        for (const moments of [m, v]) moments.set(name, { shape, data: data.map(Math.abs) });
    }
  }
  return { ...state, step };
}

/** A signal that aborts when it is asked for the `at`-th time. */
function abortingAt(at: number): AbortSignal {
  const stop = new AbortController();
  let asked = 0;
  const { signal } = stop;
  signal.throwIfAborted = () => {
    asked += 1;
    if (asked === at) stop.abort(new Error('stopped'));
    if (signal.aborted) throw signal.reason;
  };
  return signal;
}

async function contents(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).toSorted();
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')] as const),
    ),
  );
}

it('leaves an earlier export as it was, wherever it is stopped: never one network of each; removes what killed ones left', async () => {
  await writeFile(join(run, 'config.json'), JSON.stringify({ config, data: null, steps: 9 }));
  await saveCheckpoint(run, stateOf(1, 0), config);
  const out = join(run, 'onnx');
  await mkdir(out);
  const leftover = temporaryBeside(join(out, 'generator.onnx'));
  await writeFile(leftover, 'half a network');
  forgetTemporary(leftover);
  await exportRun({ run, out });
  const earlier = await contents(out);
  expect(Object.keys(earlier)).toEqual(['discriminator.onnx', 'generator.onnx']);
  await saveCheckpoint(run, stateOf(2, 1), config);
  for (const at of [1, 2, 3]) {
    await expect(exportRun({ run, out, signal: abortingAt(at) })).rejects.toThrow('stopped');
    expect(await contents(out)).toEqual(earlier);
  }
  const { step } = await exportRun({ run, out, signal: abortingAt(4) });
  expect(step).toBe(2);
  const later = await contents(out);
  for (const name of Object.keys(earlier)) expect(later[name]).not.toBe(earlier[name]);
});

it('removes what an earlier export had more, and names it', async () => {
  const out = join(run, 'onnx');
  const earlier = ['discriminator-gradcam.onnx', 'generator-uint8.onnx'];
  for (const name of earlier) await writeFile(join(out, name), 'of earlier weights');
  await writeFile(join(out, 'notes-gradcam.onnx'), 'of the user');
  const { removed } = await exportRun({ run, out });
  expect(removed.toSorted()).toEqual(earlier.map((name) => join(out, name)));
  expect(await readdir(out)).toEqual(expect.arrayContaining(['generator.onnx', 'notes-gradcam.onnx']));
  expect(await readdir(out)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^discriminator-gradcam/)]));
  expect((await exportRun({ run, out })).removed).toEqual([]);
});

it('removes other forms of earlier weights where one of the new forms failed, but keeps all where the main form did', () => {
  const files = (...names: string[]) => names.map((name) => ({ path: join('out', name) }));
  const halfFailed = earlierForms(
    'out',
    files('generator.onnx', 'generator-fp16.onnx.failed', 'discriminator.onnx.failed'),
  );
  const forms = ['generator.onnx.failed', 'generator-fp16.onnx', 'generator-uint8.onnx', 'generator-gradcam.onnx'];
  expect(halfFailed).toEqual(expect.arrayContaining(forms.map((name) => join('out', name))));
  expect(halfFailed.filter((path) => /discriminator|generator\.onnx$|fp16\.onnx\.failed/.test(path))).toEqual([]);
});

it("refuses another run's checkpoint, and writes nothing", async () => {
  const [own, other] = [join(run, 'own'), join(run, 'other')];
  for (const folder of [own, other]) {
    await mkdir(folder);
    await writeFile(join(folder, 'config.json'), JSON.stringify({ config, data: null, steps: 9 }));
  }
  const checkpoint = await saveCheckpoint(other, stateOf(1, 0), config);
  for (const options of [{ run: own }, { run: own, out: join(own, 'files') }])
    await expect(exportRun({ ...options, checkpoint })).rejects.toThrow(/^checkpoint: expected newest, best, or /);
  expect(await readdir(own)).toEqual(['config.json']);
});

it('exports conditional networks with a label as second input, and the names of its classes', async () => {
  const folder = join(run, 'conditional');
  const classes = { conditional: true, classNames: ['planet', 'star', 'a "galaxy"'] };
  for (const options of [classes, { ...classes, spectralNorm: true, ema: 0.9 }]) {
    const labelled = configWith('space', { ...config, ...options });
    const checkpoint = await saveCheckpoint(folder, stateOf(1, 0, labelled), labelled);
    const { files } = await exportRun({ checkpoint, out: join(folder, 'onnx'), fp16: true, uint8: true });
    expect(files.map(({ path, passed }) => [basename(path), passed])).toEqual([
      ['generator.onnx', true],
      ['generator-fp16.onnx', true],
      ['generator-uint8.onnx', true],
      ['discriminator.onnx', true],
      ['discriminator-fp16.onnx', true],
    ]);
    for (const { path } of files) {
      const { graph, metadata } = modelFromBytes(await readFile(path));
      expect(graph.inputs[1]).toMatchObject({ name: 'label', value: { type: 'int64' } });
      expect(graph.inputs[1]?.value?.shape).toHaveLength(1);
      expect(readGanMetadata(metadata)?.classes).toEqual(classes.classNames);
    }
  }
});
