/** @file What whoever reaches the queue might send: jobs that read or write elsewhere, or are no jobs. */
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSampling } from '../../inference/jobs/bulk/sampling.node.js';
import { sampleJob } from '../../inference/jobs/sample-job.node.js';
import { Generator } from '../../inference/networks/generator.js';
import type { JobSpec } from '../../inference/tasks/spec.node.js';
import { openJob } from './open-job.node.js';

const tiny = fileURLToPath(new URL('../../../fixtures/tiny/generator.onnx', import.meta.url));

let folder: string;
let root: string;
let spec: JobSpec;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-hostile-'));
  root = join(folder, 'root');
  for (const name of ['root', 'elsewhere']) await mkdir(join(folder, name));
  await symlink(join(folder, 'elsewhere'), join(root, 'link'));
  for (const name of ['root', 'elsewhere']) await cp(tiny, join(folder, name, 'g.onnx'));
  const model = join(root, 'g.onnx');
  const generator = await Generator.load(model, { device: 'cpu' });
  const job = sampleJob({ format: 'npy', count: 3, out: join(root, 'out') });
  if (job.kind !== 'shards') throw new Error(job.kind);
  const opened = await openSampling(job, { model, generator }, true);
  ({ spec } = opened);
  await opened.dispose();
  await generator.dispose();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (changed: JobSpec) => openJob(changed, { device: 'cpu', roots: [root] });
const withFile = (path: string) => ({ ...spec, files: spec.files.map((file) => ({ ...file, path })) });
const withOption = (name: string, value: string | number) => ({ ...spec, options: { ...spec.options, [name]: value } });

describe('openJob(spec, { roots })', () => {
  it('opens what lies below a root', async () => {
    await (await open(spec)).dispose();
  });

  it.each<[string, () => JobSpec]>([
    ['a model elsewhere', () => withFile(join(folder, 'elsewhere', 'g.onnx'))],
    ['a model above', () => withFile(join(root, '..', 'elsewhere', 'g.onnx'))],
    ['a model behind a link', () => withFile(join(root, 'link', 'g.onnx'))],
    ['results elsewhere', () => ({ ...spec, outputs: { out: join(folder, 'elsewhere', 'out') } })],
    ['results above', () => ({ ...spec, outputs: { out: `${root}/../elsewhere/out` } })],
    ['results behind a link', () => ({ ...spec, outputs: { out: join(root, 'link', 'out') } })],
    ['a relative path', () => ({ ...spec, outputs: { out: 'out' } })],
    ['further results', () => ({ ...spec, outputs: { ...spec.outputs, saveLatents: '/tmp/x.npy' } })],
    ['another version', () => ({ ...spec, version: '0.0.1' })],
    ['an option that is none', () => withOption('shell', 'id')],
    ['an option of every object', () => withOption('constructor', 'id')],
    ['huge shards', () => withOption('shardSize', 1e300)],
    ['a path as an option', () => withOption('out', '/tmp/x')],
  ])('refuses %s with one line', async (_, hostile) => {
    const error = await open(hostile()).then(
      (job) => job.dispose().then(() => undefined),
      (each: unknown) => each as Error,
    );
    expect(error).toMatchObject({ name: 'InputError', message: expect.not.stringContaining('\n') as string });
    expect(await readdir(join(folder, 'elsewhere'))).toEqual(['g.onnx']);
  });
});

describe('openJob of a sweep', () => {
  const sweep = (settings: object, name = 'lr=0.001-0123abcd', out = join(root, 'sweep')): JobSpec => ({
    command: 'gan-sweep',
    version: spec.version,
    options: { by: 'loss-g', varied: ['lr'], runs: [{ name, settings: { lr: 0.001, ...settings } }] },
    files: [],
    outputs: { out },
  });

  it('opens what lies below a root', async () => {
    await (await open(sweep({ data: join(root, 'pictures') }))).dispose();
  });

  it.each<[string, () => JobSpec, RegExp]>([
    ['pictures elsewhere', () => sweep({ data: join(folder, 'elsewhere') }), /^data: expected a path below/],
    ['pictures behind a link', () => sweep({ data: join(root, 'link', 'a') }), /^data: expected a path below/],
    ['a relative path', () => sweep({ data: 'pictures' }), /^data: expected an absolute path/],
    ['a cache elsewhere', () => sweep({ cache: join(folder, 'elsewhere') }), /^cache: expected a path below/],
    ['links that are followed', () => sweep({ followLinks: true }), /^followLinks: expected false/],
    [
      'features that are no file of the job',
      () => sweep({ features: join(root, 'g.onnx') }),
      /^features: expected one of/,
    ],
    ['features of the network', () => sweep({ features: 'hf://a/b/f.onnx' }), /^features: expected a file/],
    ['a folder for a run', () => sweep({ out: join(root, 'run') }), /: expected no `out`/],
    ['a setting that is none', () => sweep({ shell: 'id' }), /expected the name of a setting/],
    [
      'a name that leads elsewhere',
      () => sweep({}, '../../elsewhere/a-0123abcd'),
      /expected the name and the settings/,
    ],
    ['results elsewhere', () => sweep({}, undefined, join(folder, 'elsewhere', 'out')), /^out: expected a path below/],
    ['results at a relative path', () => sweep({}, undefined, 'out'), /^(out: expected a path below|job\.outputs)/],
  ])('refuses %s', async (_, hostile, line) => {
    const error = await open(hostile()).then(
      (job) => job.dispose().then(() => undefined),
      (each: unknown) => each as Error,
    );
    expect(error).toMatchObject({ name: 'InputError', message: expect.stringMatching(line) as string });
    expect(await readdir(join(folder, 'elsewhere'))).toEqual(['g.onnx']);
  });
});
