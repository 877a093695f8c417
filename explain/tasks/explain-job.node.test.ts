/** @file Jobs of explanations as data: opened elsewhere, checked strictly, with the same results. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metadataEntries } from '../../inference/networks/metadata.js';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import { performJob, localEngine } from '../../inference/tasks/engine.js';
import { parsedJobSpec, type JobSpec } from '../../inference/tasks/spec.node.js';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { loadModel, saveModel } from '../../onnx/files/load.node.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { spotPicture } from '../networks.test.helper.js';
import { openExplainJob, startExplainJob, type ExplainRequest } from './explain-job.node.js';
import { listDifference, PictureList, writePictureList } from './picture-list.node.js';
import type { ExplainTexts } from './texts.js';

const MODEL = fileURLToPath(new URL('../../../fixtures/tiny/discriminator.onnx', import.meta.url));
const TEXTS: ExplainTexts = {
  method: 'gradcam',
  augment: false,
  eigen: false,
  palette: 'jet',
  overlay: 'report',
  alpha: 0.5,
  format: 'png',
  sameScale: false,
  seed: 0,
  samples: 25,
  noise: 0.15,
  steps: 50,
  taskSize: 2,
};

let folder: string;
let model: string;
let paths: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-explain-job-'));
  model = join(folder, 'd.onnx');
  await cp(MODEL, model);
  await mkdir(join(folder, 'pictures'));
  paths = Array.from({ length: 5 }, (_, i) => join(folder, 'pictures', `${i}\u2028.png`));
  for (const [i, path] of paths.entries()) await writeFile(path, await encodePng(spotPicture(32, 24, 4 * i, 9)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const started = (out: string, more: Partial<ExplainRequest> = {}) =>
  startExplainJob({
    paths,
    texts: TEXTS,
    model,
    out: join(folder, out),
    device: 'cpu',
    shared: true,
    resume: false,
    ...more,
  });

/** A job as another process gets it. */
async function sent(out: string, change: (spec: JobSpec) => unknown = (spec) => spec): Promise<JobSpec> {
  const job = await started(out);
  await job.dispose();
  return parsedJobSpec(JSON.parse(JSON.stringify(change(job.spec))));
}

async function contents(out: string) {
  const entries = await readdir(join(folder, out), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = files
    .toSorted()
    .map(async (path) => [path.slice(join(folder, out).length), await readFile(path, 'latin1')]);
  return Object.fromEntries(await Promise.all(read)) as Record<string, string>;
}

describe('openExplainJob(spec, place)', () => {
  it('runs tasks in any order and twice, with the files of the process that began it', async () => {
    const whole = await started('whole', { shared: false });
    const made = await performJob(whole, localEngine, {});
    await whole.dispose();
    expect(made).toMatchObject({ pictures: 5, maps: 5, figures: 3, skipped: [] });
    const spec = await sent('elsewhere');
    const [one, two] = [
      await openExplainJob(spec, { device: 'cpu', roots: [folder] }),
      await openExplainJob(spec, { device: 'cpu', roots: [folder] }),
    ];
    expect(one.id).toBe(whole.id);
    const [stage, twin] = [one.stages[0]!, two.stages[0]!];
    await expect(one.finish({})).rejects.toThrow(/^job: expected the results of all 3 tasks; got .* 0–2$/);
    await stage.run(2, {});
    await Promise.all([stage.run(0, {}), twin.run(0, {}), twin.run(2, {})]);
    await twin.run(1, {});
    await Promise.all([one.finish({}), two.finish({})]);
    await Promise.all([one.dispose(), two.dispose()]);
    expect(await contents('elsewhere')).toEqual(await contents('whole'));
  });

  it("asks a conditional discriminator about the class that the pictures' folder is named after", async () => {
    const b = new GraphBuilder();
    const image = b.input('image', 'float32', ['batch', 3, 8, 8]);
    const table = b.initializer('table', float32Tensor([2, 5], [2, 1]));
    const kernel = b.initializer('kernel', float32Tensor([1, 1, 1], [1, 3, 1, 1]));
    const grey = b.op('Conv', [image, kernel], { kernel_shape: [1, 1] }, 'grey');
    const mean = b.reduceMean(b.op('Flatten', [grey], { axis: 1 }), [1], true);
    b.output(b.mul(mean, b.op('Gather', [table, b.input('label', 'int64', ['batch'])], { axis: 0 })), 'logit');
    const run = { preset: 'space', seed: 0, step: 1, resize: 'crop', latentDistribution: 'normal' } as const;
    const sizes = { channels: 3, height: 8, width: 8, latentDim: 4 } as const;
    const outputs = { outputRange: 'tanh', logits: ['logit'], probabilities: [] } as const;
    const normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
    const classes = ['dark', 'light'];
    const metadata = metadataEntries({ role: 'discriminator', ...run, ...sizes, ...outputs, normalization, classes });
    const conditional = join(folder, 'conditional.onnx');
    await saveModel(conditional, modelOfGraph(b.graph, metadata));
    await mkdir(join(folder, 'light'));
    await cp(paths[0] as string, join(folder, 'light', '0.png'));
    const own = { model: conditional, paths: [join(folder, 'light', '0.png')] };
    const job = await started('by folder', own);
    expect([job.spec.options['label'], job.assumed.find(({ about }) => about === 'label')?.because]).toEqual([
      '1',
      "as the pictures' folder is named",
    ]);
    await job.dispose();
    const opened = await openExplainJob(job.spec, { device: 'cpu' });
    expect(opened.assumed.find(({ about }) => about === 'label')?.taken).toContain('1 (light) of 2');
    await opened.dispose();
    const stated = await started('by folder', { ...own, texts: { ...TEXTS, label: '1' } });
    expect(stated.id).toBe(job.id);
    await stated.dispose();
  });

  it('gives a task up with the reason of the signal, and leaves nothing of it', async () => {
    const job = await openExplainJob(await sent('aborted'), { device: 'cpu' });
    const stop = new AbortController();
    const progress = () => stop.abort(new Error('enough'));
    await expect(job.stages[0]!.run(0, { signal: stop.signal, progress })).rejects.toThrow('enough');
    await job.dispose();
    expect((await readdir(join(folder, 'aborted'))).toSorted()).toEqual(['job.json', 'pictures.jsonl']);
  });

  it('puts nothing into the folder once that is of another job', async () => {
    const job = await openExplainJob(await sent('replaced'), { device: 'cpu' });
    await rm(join(folder, 'replaced', 'job.json'));
    const other = await started('replaced', { shared: false, texts: { ...TEXTS, palette: 'turbo' } });
    const refusal = /^out: expected the folder of this job; got .*replaced, which is another job's by now$/;
    await expect(job.stages[0]!.run(0, {})).rejects.toThrow(refusal);
    expect(await readdir(join(folder, 'replaced'))).not.toContain('00000');
    await performJob(other, localEngine, {});
    await expect(job.finish({})).rejects.toThrow(refusal);
    await Promise.all([job.dispose(), other.dispose()]);
  });

  it.each([
    ['version: expected .*, as this package is; got 0', (spec: JobSpec) => ({ ...spec, version: '0' })],
    ['options.colour: expected no such option', (spec: JobSpec) => withOptions(spec, { colour: 'red' })],
    ['options.constructor: expected no such option', (spec: JobSpec) => withOptions(spec, { constructor: 'red' })],
    ['options.alpha: expected a number; got "1"', (spec: JobSpec) => withOptions(spec, { alpha: '1' })],
    ['options.palette: expected one of jet, .*; got "grey"', (spec: JobSpec) => withOptions(spec, { palette: 'grey' })],
    ['outputs.log: expected no such field', (spec: JobSpec) => ({ ...spec, outputs: { ...spec.outputs, log: '/x' } })],
    ['files: expected one for mask 0', (spec: JobSpec) => withOptions(spec, { target: '1@/etc/passwd' })],
    [
      'files: expected no such file; got key',
      (spec: JobSpec) => ({ ...spec, files: [...spec.files, { ...spec.files[0]!, role: 'key' }] }),
    ],
  ])('refuses with job.%s', async (message, change) => {
    const spec = await sent('strict', change);
    const place = { device: 'cpu', roots: [folder] } as const;
    await expect(openExplainJob(spec, place)).rejects.toThrow(new RegExp(`^job\\.${message}`));
  });

  it('refuses texts as a command line does, and files that are not what was meant', async () => {
    const place = { device: 'cpu', roots: [folder] } as const;
    const refused = async (message: RegExp, change: (spec: JobSpec) => unknown) =>
      expect(openExplainJob(await sent('texts', change), place)).rejects.toThrow(message);
    await refused(/^method: expected all, or one or more of/, (spec) => withOptions(spec, { method: 'grad' }));
    await refused(/^alpha: expected a number in 0…1; got 2$/, (spec) => withOptions(spec, { alpha: 2 }));
    await refused(/^job: expected the job of .*job\.json, where eigen is false; got true$/, (spec) =>
      withOptions(spec, { eigen: true }),
    );
    await refused(/d\.onnx: expected the model of the job, sha256 0+; got \w+$/, (spec) => ({
      ...spec,
      files: spec.files.map((file) => (file.role === 'model' ? { ...file, sha256: '0'.repeat(64) } : file)),
    }));
  });

  it('knows the weights that lie beside a model, and how its pictures are prepared', async () => {
    const own = join(folder, 'parts');
    await mkdir(own);
    await saveModel(join(own, 'm.onnx'), await loadModel(MODEL), { externalData: true });
    const { spec, dispose } = await started('beside', { model: join(own, 'm.onnx') });
    await dispose();
    expect(spec.files.map(({ role }) => role)).toEqual(['model', 'model data m.onnx.data', 'pictures']);
    const place = { device: 'cpu' } as const;
    await writeFile(join(own, 'preprocessor_config.json'), '{}');
    await expect(openExplainJob(spec, place)).rejects.toThrow(
      /preprocessor_config\.json: expected no such file, as where the job was made; got one$/,
    );
    await rm(join(own, 'preprocessor_config.json'));
    const weights = await readFile(join(own, 'm.onnx.data'));
    weights[3] = (weights[3] as number) ^ 1;
    await writeFile(join(own, 'm.onnx.data'), weights);
    await expect(openExplainJob(spec, place)).rejects.toThrow(
      /m\.onnx\.data: expected the model data m\.onnx\.data of the job/,
    );
    await expect(started('beside', { model: join(own, 'm.onnx') })).rejects.toThrow(
      /^out: expected the job of .*where model data m\.onnx\.data is "sha256:/,
    );
  });

  it('reads and writes only below its roots, through links too', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'ganscope-elsewhere-'));
    const place = { device: 'cpu', roots: [join(folder, 'root')] } as const;
    await expect(openExplainJob(await sent('outside'), place)).rejects.toThrow(/: expected a path below .*root; got /);
    await cp(paths[0] as string, join(elsewhere, 'secret.png'));
    await mkdir(join(folder, 'root'));
    await cp(model, join(folder, 'root', 'd.onnx'));
    await symlink(join(elsewhere, 'secret.png'), join(folder, 'root', 'link.png'));
    const inside = { model: join(folder, 'root', 'd.onnx'), paths: [join(folder, 'root', 'link.png')] };
    const { spec, dispose } = await started('root/out', inside);
    await dispose();
    const job = await openExplainJob(spec, place);
    await expect(job.stages[0]!.run(0, {})).rejects.toThrow(/link\.png: expected a path below .*root; got /);
    await job.dispose();
    await rm(elsewhere, { recursive: true });
  });
});

const withOptions = (spec: JobSpec, options: object) => ({ ...spec, options: { ...spec.options, ...options } });

describe('PictureList', () => {
  it('finds the pictures of a task among any number, whatever their names are', async () => {
    const names = Array.from(
      { length: 1001 },
      (_, i) => `${i % 3 === 0 ? 'ä\u2028"' : 'x'}${i}.${i === 700 ? 'npy' : 'png'}`,
    );
    const path = join(folder, 'list.jsonl');
    await writePictureList(path, names, 'sub');
    const list = await PictureList.open(path, 100);
    expect([list.tasks, list.count, list.size(0), list.size(10)]).toEqual([11, 1001, 100, 1]);
    expect(list.rasters).toEqual([names[700]]);
    const found = await Promise.all(Array.from({ length: 11 }, (_, task) => list.pictures(task)));
    expect(found.flat().map(({ name }) => name)).toEqual(names);
    expect(found[10]?.[0]?.path).toBe(join(folder, 'sub', names[1000] as string));
    expect(await listDifference(path, names, 'sub')).toBeUndefined();
    expect(await listDifference(path, names.slice(1), 'sub')).toEqual({ listed: names[0], given: names[1] });
    expect(await listDifference(path, [...names, 'more'], 'sub')).toEqual({ listed: undefined, given: 'more' });
    expect(await listDifference(path, names.slice(0, -1), 'sub')).toEqual({ listed: names[1000], given: undefined });
  });
});
