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
