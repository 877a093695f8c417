import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRunnable } from './spec-files.node.js';
import { jobFile, jobId, parsedJobSpec, type JobSpec } from './spec.node.js';
import { packageVersion } from './version.node.js';

let folder: string;
let spec: JobSpec;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-spec-'));
  await mkdir(join(folder, 'shared'));
  await writeFile(join(folder, 'shared', 'g.onnx'), 'a model');
  await writeFile(join(folder, 'secret'), 'not for workers');
  await symlink(join(folder, 'secret'), join(folder, 'shared', 'link'));
  spec = {
    command: 'gan-sample',
    version: packageVersion(),
    options: { format: 'npy', seeds: '0-9', keep: null, deep: { b: 1, a: [true] } },
    files: [await jobFile('generator', join(folder, 'shared', 'g.onnx'))],
    outputs: { out: join(folder, 'shared', 'new', 'out') },
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('jobId(spec)', () => {
  it('depends on what decides the results, not on paths or the order of options', () => {
    const id = jobId(spec);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    const { options, files } = spec;
    const reordered = { deep: { a: [true], b: 1 }, keep: null, seeds: '0-9', format: 'npy' };
    const moved = files.map((file) => ({ ...file, path: '/elsewhere' }));
    expect(jobId({ ...spec, options: reordered, files: moved })).toBe(id);
    const others: Partial<JobSpec>[] = [
      { command: 'gan-eval' },
      { version: '0.0.0' },
      { options: { ...options, seeds: '0-8' } },
      { options: { ...options, deep: { b: 1, a: [false] } } },
      { files: files.map((file) => ({ ...file, sha256: '0'.repeat(64) })) },
      { files: files.map((file) => ({ ...file, role: 'discriminator' })) },
      { files: [] },
    ];
    const ids = others.map((change) => jobId({ ...spec, ...change }));
    expect(new Set([id, ...ids]).size).toBe(others.length + 1);
  });

  it('has no text for numbers that JSON cannot say', () => {
    expect(() => jobId({ ...spec, options: { keep: Number.NaN } })).toThrow('job: expected finite numbers; got NaN');
  });
});

describe('parsedJobSpec(value)', () => {
  it('reads what was written', () => {
    expect(parsedJobSpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
  });

  it.each<[string, unknown]>([
    ['job: expected an object', null],
    ['job.command: expected one of gan-sample, gan-gradcam, gan-eval', { command: 'sh' }],
    ['job.version: expected a text', { version: 1 }],
    ['job.options: expected an object', { options: [] }],
    ['job.files: expected a list', { files: {} }],
    ['job.files[0]: expected a role, a path and a sha256', { files: [{ role: 'x', path: 'y', sha256: 'z' }] }],
    ['job.outputs: expected an object of paths', { outputs: { out: 3 } }],
    ['job.hook: expected no such field', { hook: 'rm' }],
  ])('refuses with “%s”', (message, change) => {
    expect(() => parsedJobSpec(change && { ...spec, ...change })).toThrow(message);
  });
});

describe('expectRunnable(spec, roots)', () => {
  const roots = () => [join(folder, 'shared')];

  it('accepts files with the right content below a root', async () => {
    await expectRunnable(spec, roots());
    await expectRunnable(spec);
  });

  it.each<[string, (folder: string) => Partial<JobSpec>]>([
    ['job.version: expected 0', () => ({ version: '9.9.9' })],
    ['out: expected a path below ', (at) => ({ outputs: { out: join(at, 'shared', '..', 'out') } })],
    ['out: expected a path below ', (at) => ({ outputs: { out: join(at, 'shared2') } })],
    ['out: expected a path below ', (at) => ({ outputs: { out: join(at, 'shared', 'link') } })],
    [
      'latents: expected a path below ',
      (at) => ({ files: [{ role: 'latents', path: join(at, 'shared', 'link'), sha256: '0'.repeat(64) }] }),
    ],
    [
      'g.onnx: expected the generator of the job, sha256 000',
      (at) => ({ files: [{ role: 'generator', path: join(at, 'shared', 'g.onnx'), sha256: '0'.repeat(64) }] }),
    ],
  ])('refuses with “%s”', async (message, change) => {
    await expect(expectRunnable({ ...spec, ...change(folder) }, roots())).rejects.toThrow(message);
  });
});
