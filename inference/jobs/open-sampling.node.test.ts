/** @file Sampling jobs as data: opened elsewhere, with the results of the process that described them. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { saveModel } from '../../onnx/index.js';
import { Generator } from '../networks/generator.js';
import { toyGenerator } from '../networks/generator.test.helper.js';
import { npyBytes } from '../numeric/npy.js';
import { loadInputNumbers } from '../tasks/shared/given-inputs.node.js';
import { parsedJobSpec, type JobSpec } from '../tasks/spec.node.js';
import { openSampling } from './bulk/sampling.node.js';
import { contents } from './makers/contents.test.helper.js';
import { shardsOf, type Words } from './makers/job-of.test.helper.js';
import { openSamplingTasks } from './open-sampling.node.js';
import { runJob } from './run-job.node.js';

let folder: string;
let model: string;
let generator: Generator;
const range = [0, 1] as const;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-data-'));
  model = join(folder, 'generator.onnx');
  await saveModel(model, toyGenerator({ latentDim: 4, size: 8 }));
  generator = await Generator.load(model, { device: 'cpu', range: [0, 1] });
});
afterAll(async () => {
  await generator.dispose();
  await rm(folder, { recursive: true, force: true });
});

const job = (words: Words, out: string) => ({ ...shardsOf({ ...words, out: join(folder, out) }), shardSize: 50 });

/** The data of a job, as they come from elsewhere. */
async function dataOf(words: Words, out: string): Promise<JobSpec> {
  const opened = await openSampling(job(words, out), { model, generator, range }, true);
  await opened.dispose();
  return parsedJobSpec(JSON.parse(JSON.stringify(opened.spec)));
}

const REQUEST: Words = { format: 'npy', seeds: '7,3-180', truncation: 0.9 };

describe('openSamplingTasks(spec, options)', () => {
  it('runs tasks in any order, twice and at once, to the bytes of one process', async () => {
    await runJob(job(REQUEST, 'whole'), { model, generator, range });
    const spec = await dataOf(REQUEST, 'parts');
    const roots = [folder];
    const [a, b] = await Promise.all([1, 2].map(() => openSamplingTasks(spec, { device: 'cpu', roots })));
    const [first, second] = [a?.stages[0], b?.stages[0]];
    expect([a?.id, await first?.tasks(), first?.size(3)]).toEqual([b?.id, 4, 29]);
    await expect(a?.finish({})).rejects.toThrow(/expected the results of all 4 tasks; got no result of 4 tasks: 0–3$/);
    await Promise.all([first?.run(3, {}), second?.run(3, {}), first?.run(1, {}), second?.run(0, {})]);
    await second?.run(2, {});
    await a?.finish({});
    await b?.finish({});
    await a?.dispose();
    await b?.dispose();
    expect(await contents(join(folder, 'parts'))).toEqual(await contents(join(folder, 'whole')));
  });

  it.each<[string, (spec: JobSpec) => Partial<JobSpec>]>([
    ['seeds: expected integers and ranges', ({ options }) => ({ options: { ...options, seeds: '3-1' } })],
    ['truncation: expected a number', ({ options }) => ({ options: { ...options, truncation: '$(reboot)' } })],
    ['shardSize: expected an integer of 1…1000000', ({ options }) => ({ options: { ...options, shardSize: 0 } })],
    ['job.options.hook: expected no such option', ({ options }) => ({ options: { ...options, hook: 'x' } })],
    ['format: expected one of png, webp, npy, zip', ({ options }) => ({ options: { ...options, format: 'exe' } })],
    ['range: expected BLACK,WHITE', ({ options }) => ({ options: { ...options, range: '1' } })],
    ['extra: expected an output of sampling jobs', ({ outputs }) => ({ outputs: { ...outputs, extra: 'x' } })],
    ['out: expected a path below ', ({ outputs }) => ({ outputs: { ...outputs, out: '/etc' } })],
    ['job.version: expected ', () => ({ version: '0.0.1' })],
    [
      'generator.onnx: expected the generator of the job',
      ({ files }) => ({ files: files.map((file) => ({ ...file, sha256: '0'.repeat(64) })) }),
    ],
    ['job: expected a file for the generator', () => ({ files: [] })],
    ['job.command: expected gan-sample', () => ({ command: 'gan-eval' })],
  ])('refuses with “%s”', async (message, change) => {
    const spec = await dataOf(REQUEST, 'refused');
    const opening = openSamplingTasks({ ...spec, ...change(spec) }, { device: 'cpu', roots: [folder] });
    await expect(opening).rejects.toThrow(message);
  });

  it('does not put its results into a folder that became another job’s', async () => {
    const spec = await dataOf(REQUEST, 'taken');
    const opened = await openSamplingTasks(spec, { device: 'cpu' });
    const [stage] = opened.stages;
    await stage?.run(0, {});
    await runJob(job({ format: 'npy', count: 120 }, 'taken'), { model, generator, range });
    await expect(stage?.run(3, {})).rejects.toThrow(
      /^out: expected the job of .*sampling\.json, where latents is "seeds:0-119"/,
    );
    await opened.dispose();
    expect(Object.keys(await contents(join(folder, 'taken'))).toSorted()).toEqual([
      '00000.npy',
      '00001.npy',
      '00002.npy',
      'sampling.json',
    ]);
  });

  it('knows the weights that lie beside its networks', async () => {
    const own = join(folder, 'apart');
    await mkdir(own);
    const file = join(own, 'g.onnx');
    await saveModel(file, toyGenerator({ latentDim: 300, size: 8 }), { externalData: true });
    const large = await Generator.load(file, { device: 'cpu' });
    const opening = () =>
      openSampling(job({ format: 'npy', count: 60 }, 'weights'), { model: file, generator: large }, true);
    const opened = await opening();
    await opened.dispose();
    await large.dispose();
    expect(opened.spec.files.map(({ role }) => role)).toEqual(['generator', 'generator data g.onnx.data']);
    await (await openSamplingTasks(opened.spec, { device: 'cpu', roots: [folder] })).dispose();
    const incomplete = { ...opened.spec, files: opened.spec.files.slice(0, 1) };
    await expect(openSamplingTasks(incomplete, { device: 'cpu' })).rejects.toThrow(
      /g\.onnx\.data: expected no such file, as where the job was made; got one$/,
    );
    const weights = await readFile(`${file}.data`);
    weights[3] = (weights[3] as number) ^ 1;
    await writeFile(`${file}.data`, weights);
    await expect(openSamplingTasks(opened.spec, { device: 'cpu' })).rejects.toThrow(
      /g\.onnx\.data: expected the generator data g\.onnx\.data of the job/,
    );
    await expect(opening()).rejects.toThrow(
      /^out: expected the job of .*sampling\.json, where generator data g\.onnx\.data is "sha256:/,
    );
  });

  it('says where its files and results are to whoever works in another folder', async () => {
    const { files, outputs } = await dataOf({ format: 'npy', count: 3 }, 'placed');
    const relativePaths = {
      ...job({ format: 'npy', count: 3 }, 'x'),
      out: relative(process.cwd(), join(folder, 'placed')),
    };
    const opened = await openSampling(relativePaths, { model: relative(process.cwd(), model), generator, range }, true);
    await opened.dispose();
    expect(opened.spec).toMatchObject({ files, outputs });
  });

  it('takes further inputs of the generator along, by content', async () => {
    const b = new GraphBuilder();
    const flat = b.mul(b.input('z', 'float32', ['N', 12]), b.input('scale', 'float32', [12]));
    b.output(b.add(b.op('Reshape', [flat, b.ints([-1, 3, 2, 2])]), b.input('shift', 'float32', [])));
    const file = join(folder, 'further.onnx');
    await saveModel(file, modelOfGraph(b.graph));
    const scales = join(folder, 'scales.npy');
    await writeFile(
      scales,
      npyBytes(
        Float32Array.from({ length: 12 }, (_, i) => i / 12),
        [12],
      ),
    );
    const given = { scale: { file: scales }, shift: { data: [0.25] } };
    const loaded = await Generator.load(file, { device: 'cpu', inputs: await loadInputNumbers(given) });
    const context = { model: file, generator: loaded, inputs: given };
    await runJob(job({ format: 'npy', count: 60 }, 'further'), context);
    const described = await openSampling(job({ format: 'npy', count: 60 }, 'further-parts'), context, true);
    await described.dispose();
    const spec = parsedJobSpec(JSON.parse(JSON.stringify(described.spec)));
    expect(spec.files.map(({ role }) => role)).toEqual(['generator', 'input scale']);
    const opened = await openSamplingTasks(spec, { device: 'cpu', roots: [folder] });
    for (const task of [1, 0]) await opened.stages[0]?.run(task, {});
    await opened.finish({});
    await opened.dispose();
    expect(await contents(join(folder, 'further-parts'))).toEqual(await contents(join(folder, 'further')));
    const missing = { ...spec, files: spec.files.slice(0, 1) };
    await expect(openSamplingTasks(missing, { device: 'cpu' })).rejects.toThrow('expected one for input scale');
    await loaded.dispose();
    const other = {
      ...context,
      generator: await Generator.load(file, {
        device: 'cpu',
        inputs: { scale: { data: [1] }, shift: { data: [0.25] } },
      }),
    };
    await expect(runJob(job({ format: 'npy', count: 60, resume: true }, 'further'), other)).rejects.toThrow(
      /^resume: expected the job of .*sampling\.json, where inputs is "sha256:/,
    );
    await other.generator.dispose();
  });

  it('draws the same uniform latents, and does not go on with normal ones', async () => {
    const uniform = await Generator.load(model, { device: 'cpu', range: [0, 1], latentDistribution: 'uniform' });
    const context = { model, generator: uniform, range };
    await runJob(job({ format: 'npy', count: 60 }, 'uniform'), context);
    const described = await openSampling(job({ format: 'npy', count: 60 }, 'uniform-parts'), context, true);
    await described.dispose();
    const opened = await openSamplingTasks(parsedJobSpec(JSON.parse(JSON.stringify(described.spec))), {
      device: 'cpu',
    });
    for (const task of [0, 1]) await opened.stages[0]?.run(task, {});
    await opened.finish({});
    await opened.dispose();
    await uniform.dispose();
    expect(await contents(join(folder, 'uniform-parts'))).toEqual(await contents(join(folder, 'uniform')));
    const resumed = runJob(job({ format: 'npy', count: 60, resume: true }, 'uniform'), { model, generator, range });
    await expect(resumed).rejects.toThrow(/where latentDistribution is "uniform"/);
  });

  it('reads latents from a file, by content', async () => {
    const latents = join(folder, 'z.json');
    await writeFile(
      latents,
      JSON.stringify([
        [1, 2, 3, 4],
        [0, 0, 0, 0],
      ]),
    );
    await runJob(job({ format: 'png', latents }, 'rows'), { model, generator, range });
    const spec = await dataOf({ format: 'png', latents }, 'rows-parts');
    const opened = await openSamplingTasks(spec, { device: 'cpu', roots: [folder] });
    await opened.stages[0]?.run(0, {});
    await opened.finish({});
    await opened.dispose();
    const picture = (out: string) => readFile(join(folder, out, '00000', '00000001.png'));
    expect(await picture('rows-parts')).toEqual(await picture('rows'));
    await writeFile(latents, '[[1, 2, 3, 5]]');
    await expect(openSamplingTasks(spec, { device: 'cpu' })).rejects.toThrow(
      /z\.json: expected the latents of the job/,
    );
  });
});
