/** @file What whoever reaches the queue might send with addresses: jobs that read or write elsewhere. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobSpec } from '../../inference/tasks/spec.node.js';
import { closeScene, explaining, openScene, ROOTS, scene } from '../results/jobs.test.helper.js';
import { Originals, shownSpec } from '../results/originals.node.js';
import { StoredFolder } from '../results/stored-folder.node.js';
import type { TestS3 } from '../storage/s3.test.helper.js';
import { openJob } from './open-job.node.js';

let s3: TestS3;
let folder: string;
beforeAll(async () => {
  await openScene();
  ({ s3, folder } = scene);
}, 30_000);
afterAll(closeScene);

describe('openJob(spec) with addresses', () => {
  let spec: JobSpec;
  beforeAll(async () => {
    const place = await StoredFolder.open('s3://open/out/hostile', 'gan-gradcam', process.env);
    const job = place.job(await explaining(place.folder, true));
    await job.stages[0]?.tasks();
    spec = shownSpec(job.spec);
    await job.dispose();
    await place.dispose();
    place.forget();
    s3.put('birds-secret/1.png', 'secret');
  });
  const withFile = (path: string) => ({
    ...spec,
    files: spec.files.map((file) => (file.role === 'model' ? { ...file, path } : file)),
  });
  const withOut = (out: string) => ({ ...spec, outputs: { out } });

  it.each<[string, () => JobSpec, RegExp]>([
    ['another bucket', () => withFile('s3://closed/models/discriminator.onnx'), /^model: expected a path below/],
    [
      'a name that begins like a root',
      () => withFile('s3://open/models-secret/a.onnx'),
      /^model: expected a path below/,
    ],
    ['a key that leads up', () => withFile('s3://open/models/../secret.onnx'), /a key that can be the name of a file/],
    [
      'a key with a backslash',
      () => withFile(String.raw`s3://open/models/..\secret.onnx`),
      /a key that can be the name/,
    ],
    ['a doubled slash', () => withFile('s3://open/models//a.onnx'), /a key that can be the name of a file/],
    ['another scheme', () => withFile('https://open/models/a.onnx'), /^model: expected s3:\/\/bucket\/key/],
    ['another case', () => withFile('S3://open/models/discriminator.onnx'), /^model: expected s3:\/\/open/],
    ['a file beside', () => withFile('/etc/hostname'), /^model: expected a path below/],
    ['results elsewhere', () => withOut('s3://open/outside'), /^out: expected a path below/],
    ['results at the top', () => withOut('s3://open'), /^out: expected/],
    [
      'further results',
      () => ({ ...spec, outputs: { ...spec.outputs, more: 's3://open/out/x' } }),
      /more: expected no such/,
    ],
    [
      'another content',
      () => ({ ...spec, files: spec.files.map((file) => ({ ...file, sha256: '0'.repeat(64) })) }),
      /discriminator\.onnx: expected the model of the job, sha256 0/,
    ],
  ])('refuses %s, and reads nothing there', async (_, hostile, line) => {
    const before = s3.requests.length;
    const originals = new Originals({ ...process.env, GANSCOPE_CACHE: join(folder, 'hostile') });
    const opened = openJob(hostile(), { device: 'cpu', roots: ROOTS, originals }).finally(() => originals.close());
    await expect(opened).rejects.toMatchObject({ name: 'InputError', message: expect.stringMatching(line) as string });
    expect(s3.requests.slice(before).filter((each) => /secret|outside|^PUT/.test(each))).toEqual([]);
    expect(await readdir(join(folder, 'hostile', 'jobs')).catch(() => [])).toEqual([]);
  });

  it('refuses pictures outside of the roots when their task runs, and all addresses without a storage', async () => {
    const originals = new Originals({ ...process.env, GANSCOPE_CACHE: join(folder, 'hostile') });
    const roots = ['s3://open/models', 's3://open/out', 's3://open/bird'];
    const job = await openJob(spec, { device: 'cpu', roots, originals });
    await expect(job.stages[0]?.run(0, {})).rejects.toThrow(/^s3:\/\/open\/birds\/0\.png: expected a path below/);
    await job.dispose();
    await originals.close();
    await expect(openJob(spec, { device: 'cpu', roots: ROOTS })).rejects.toThrow(/^job: expected paths; got addresses/);
  });
});
