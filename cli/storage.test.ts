/** @file s3:// addresses of models and pictures, with a small server: the same bytes as with files, and one line for what fails. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { SECRET, TestS3 } from '../fleet/storage/s3.test.helper.js';
import { encodePng } from '../inference/pictures/pictures.node.js';
import { loadModel, saveModel } from '../onnx/index.js';
import { spacePicture } from '../trainer/data/space/space.js';
import { digestsBelow } from './digests.test.helper.js';
import { killAll, started } from './started.test.helper.js';
import type { CommandName } from './child.test.helper.js';

const tiny = fileURLToPath(new URL('../../fixtures/tiny/', import.meta.url));
const sampling = '--count 40 --format npy --sort score --keep 20 --device cpu'.split(' ');
const explaining = '--method gradcam --task-size 4 --device cpu'.split(' ');

/** The package warns of versions of Node that it will leave. */
const QUIET = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

let folder: string;
let s3: TestS3;

async function run(command: CommandName, options: readonly string[], env: Record<string, string> = {}) {
  const running = started(command, options, {
    cwd: folder,
    env: { ...s3.env, GANSCOPE_CACHE: join(folder, 'cache'), ...QUIET, ...env },
  });
  const code = await running.ended;
  expect(running.text()).not.toContain(SECRET);
  return { code, text: running.text() };
}

/** SHA-256 of the files of a result; those that name paths are left out. */
async function hashes(name: string): Promise<Record<string, string>> {
  const digests = Object.entries(await digestsBelow(join(folder, name)));
  return Object.fromEntries(digests.filter(([path]) => !/\.jsonl?$/.test(path)));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-s3-'));
  s3 = await TestS3.start();
  await mkdir(join(folder, 'pictures', 'inner'), { recursive: true });
  for (const name of ['generator.onnx', 'discriminator.onnx']) {
    await cp(join(tiny, name), join(folder, name));
    s3.put(`models/onnx/${name}`, await readFile(join(tiny, name)));
  }
  // The generator once more, with weights in a file beside it.
  await saveModel(join(folder, 'large.onnx'), await loadModel(join(tiny, 'generator.onnx')), { externalData: true });
  for (const name of ['large.onnx', 'large.onnx.data']) s3.put(`large/${name}`, await readFile(join(folder, name)));
  for (let i = 0; i < 10; i++) {
    const name = i < 5 ? `0${i}.png` : `inner/0${i}.png`;
    const bytes = await encodePng(spacePicture(32, 0, i));
    const path = join(folder, 'pictures', name);
    await writeFile(path, bytes);
    await utimes(path, 1_700_000_000, 1_700_000_000);
    s3.put(`birds/${name}`, bytes);
  }
  s3.put('birds/', '');
  s3.put('birds/notes.txt', 'no picture');
}, 30_000);
afterEach(() => {
  s3.broken = undefined;
  s3.refusing = undefined;
  s3.beforeGet = undefined;
});
afterAll(async () => {
  killAll();
  await s3.stop();
  await rm(folder, { recursive: true, force: true });
});

it('samples with a model and the discriminator beside it, which are fetched once', async () => {
  expect(await run('gan-sample', ['--model', 'generator.onnx', ...sampling, '--out', 'local'])).toMatchObject({
    code: 0,
  });
  const options = ['--model', 's3://open/models/onnx/generator.onnx', ...sampling, '--out'];
  const first = await run('gan-sample', [...options, 'fetched']);
  expect(first).toMatchObject({ code: 0 });
  const expected = await hashes('local');
  expect(Object.keys(expected)).not.toEqual([]);
  expect(await hashes('fetched')).toEqual(expected);
  const gets = () => s3.requests.filter((each) => each.startsWith('GET models/')).toSorted();
  expect(gets()).toEqual(['GET models/onnx/discriminator.onnx', 'GET models/onnx/generator.onnx']);
  expect(await run('gan-sample', [...options, 'again'])).toMatchObject({ code: 0 });
  expect(await hashes('again')).toEqual(expected);
  expect(gets()).toHaveLength(2);
}, 60_000);

it('samples latents of a .json file', async () => {
  const options = ['--model', 'generator.onnx', '--device', 'cpu', '--out'];
  const saved = ['--count', '4', '--save-latents', 'z.json'];
  expect(await run('gan-sample', [...options, 'seeds.png', ...saved])).toMatchObject({ code: 0 });
  s3.put('latents/z.json', await readFile(join(folder, 'z.json')));
  const fetched = await run('gan-sample', [...options, 'latents.png', '--latents', 's3://open/latents/z.json']);
  expect(fetched, fetched.text).toMatchObject({ code: 0 });
  expect(await readFile(join(folder, 'latents.png'))).toEqual(await readFile(join(folder, 'seeds.png')));
}, 60_000);

it('writes results to an address, and goes on where it was not allowed to', async () => {
  const model = ['--model', 's3://open/models/onnx/generator.onnx'];
  const files = (place: string) => ['--save-latents', `${place}.npy`, '--out', place];
  expect(await run('gan-sample', [...model, ...sampling, ...files('folder')])).toMatchObject({ code: 0 });
  s3.refusing = (request) => (request.startsWith('PUT out/00000') ? [403, 'AccessDenied'] : undefined);
  const denied = await run('gan-sample', [...model, ...sampling, ...files('s3://open/out')]);
  const line = /^gan-sample: s3:\/\/open\/out\/00000\.npy: expected access; it was denied/m;
  expect([denied.code, denied.text]).toEqual([2, expect.stringMatching(line)]);
  s3.refusing = undefined;
  const made = await run('gan-sample', [...model, ...sampling, ...files('s3://open/out')]);
  expect(made, made.text).toMatchObject({ code: 0, text: expect.stringContaining('  s3://open/out/') as string });
  const written = [...s3.objects].filter(([key]) => /^out[/.]/.test(key));
  for (const [key, { bytes }] of written)
    expect(bytes.equals(await readFile(join(folder, key.replace('out', 'folder')))), key).toBe(true);
  expect(written.map(([key]) => key).toSorted()).toEqual(
    ['out.npy', ...['00000.npy', 'ranking.npy', 'sampling.json'].map((name) => `out/${name}`)].toSorted(),
  );
  expect(await readdir(join(folder, 'cache', 'jobs'))).toEqual([]);
}, 60_000);

it('fetches the external data of a model, and a model that was replaced', async () => {
  const options = ['--count', '4', '--format', 'npy', '--device', 'cpu', '--out'];
  expect(await run('gan-sample', ['--model', 'generator.onnx', ...options, 'plain'])).toMatchObject({ code: 0 });
  expect(await run('gan-sample', ['--model', 's3://open/large/large.onnx', ...options, 'data'])).toMatchObject({
    code: 0,
  });
  expect(await hashes('data')).toEqual(await hashes('plain'));
  const gets = s3.requests.filter((each) => each.startsWith('GET large/')).toSorted();
  expect(gets).toEqual(['GET large/large.onnx', 'GET large/large.onnx.data']);
  s3.put('large/large.onnx', 'no model');
  const { code, text } = await run('gan-sample', ['--model', 's3://open/large/large.onnx', ...options, 'other']);
  expect([code, text]).toEqual([2, expect.stringMatching(/large\.onnx: /)]);
}, 60_000);

it('explains all pictures below a prefix, in shares at once', async () => {
  const local = ['pictures', '--model', 'discriminator.onnx', ...explaining, '--out', 'maps'];
  expect(await run('gan-gradcam', local)).toMatchObject({ code: 0 });
  const options = ['s3://open/birds', '--model', 's3://open/models/onnx/discriminator.onnx', ...explaining];
  const shares = [0, 1, 2].map((i) => run('gan-gradcam', [...options, '--shard', `${i}/3`, '--out', 'shared']));
  for (const { code, text } of await Promise.all(shares)) expect(code, text).toBe(0);
  expect(await hashes('shared')).toEqual(await hashes('maps'));
  // Shares fetch the pictures of their tasks; who works alone has copies of all.
  const gets = s3.requests.filter((each) => each.startsWith('GET birds/'));
  expect(new Set(gets).size).toBe(10);
  // Each share looks at the first picture before it begins a job.
  expect(gets.length).toBeLessThanOrEqual(10 + 3);
  expect(await run('gan-gradcam', [...options, '--out', 'alone'])).toMatchObject({ code: 0 });
  expect(await digestsBelow(join(folder, 'alone'))).toEqual(await digestsBelow(join(folder, 'shared')));
  const one = await run('gan-gradcam', [
    's3://open/birds/inner/07.png',
    ...options.slice(1, 5),
    '--device',
    'cpu',
    '--out',
    'one',
  ]);
  expect(one, one.text).toMatchObject({ code: 0 });
}, 120_000);

it('evaluates a generator against pictures, with features', async () => {
  const sets = ['--samples', '10', '--mean', '0.5', '--std', '0.5', '--json', '--device', 'cpu'];
  const local = await run('gan-eval', ['pictures', 'generator.onnx', '--features', 'discriminator.onnx', ...sets]);
  const models = 's3://open/models/onnx';
  const features = `${models}/discriminator.onnx`;
  const fetched = await run('gan-eval', [
    's3://open/birds/',
    `${models}/generator.onnx`,
    '--features',
    features,
    ...sets,
  ]);
  const numbers = (text: string) => (JSON.parse(/^\{.*\}$/m.exec(text)?.[0] ?? '') as { frechet: number }).frechet;
  expect([local.code, fetched.code], local.text + fetched.text).toEqual([0, 0]);
  expect(numbers(fetched.text)).toBe(numbers(local.text));
}, 60_000);

it('goes on with what a broken connection left', async () => {
  const env = { GANSCOPE_CACHE: join(folder, 'second') };
  const options = ['s3://open/birds/', '--model', 'discriminator.onnx', ...explaining, '--out', 'broken'];
  s3.broken = /inner\/09/;
  const { code, text } = await run('gan-gradcam', options, env);
  expect([code, text]).toEqual([2, expect.stringContaining('s3://open/birds/inner/09.png: expected')]);
  s3.broken = undefined;
  const before = s3.requests.length;
  expect(await run('gan-gradcam', options, env)).toMatchObject({ code: 0 });
  const gets = s3.requests.slice(before).filter((each) => each.startsWith('GET birds/'));
  expect(gets.length).toBeGreaterThan(0);
  expect(gets.length).toBeLessThan(10);
  expect(await hashes('broken')).toEqual(await hashes('maps'));
}, 60_000);

it('refuses an object that changes between listing and reading', async () => {
  s3.put('moving/a.onnx', 'one');
  s3.beforeGet = (key) => key.startsWith('moving') && s3.put(key, 'two');
  const { code, text } = await run('gan-sample', ['--model', 's3://open/moving/a.onnx']);
  expect([code, text]).toEqual([2, expect.stringContaining('a.onnx: expected an object that does not change')]);
});

it.each([
  ['s3://open/none.onnx', {}, /s3:\/\/open\/none\.onnx: expected an object that exists/],
  ['s3://nobody/g.onnx', {}, /s3:\/\/nobody\/g\.onnx: expected a bucket that exists/],
  ['s3://closed/g.onnx', {}, /expected access; it was denied/],
  ['s3://open/g.onnx', { AWS_ACCESS_KEY_ID: 'stranger' }, /expected credentials that the server knows/],
  [
    's3://open/g.onnx',
    { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' },
    /expected http:\/\/127\.0\.0\.1:9 to answer; got ECONNREFUSED/,
  ],
  [
    's3://open/g.onnx',
    { AWS_ENDPOINT_URL_S3: `ftp://u:${SECRET}@h` },
    /AWS_ENDPOINT_URL: expected a URL of http: or https:/,
  ],
  ['s3://', {}, /--model: expected s3:\/\/bucket\/key; got s3:\/\//],
  ['s3://open/models/onnx/generator.onnx', { GANSCOPE_CACHE_GB: '0.000001' }, /expected room for .* GB/],
])(
  'says in one line what is wrong with %s %j',
  async (model, env, expected) => {
    const { code, text } = await run('gan-sample', ['--model', model], {
      ...env,
      GANSCOPE_CACHE: join(folder, 'third'),
    });
    expect([code, text.trim().split('\n')]).toEqual([2, [expect.stringMatching(expected)]]);
  },
  30_000,
);

it('refuses addresses where a folder is needed, pictures that are none, and keys that lead elsewhere', async () => {
  const model = ['--model', 's3://open/models/onnx/generator.onnx'];
  const refused = async (command: CommandName, options: readonly string[], expected: string) => {
    const { code, text } = await run(command, options);
    expect([code, text]).toEqual([2, expect.stringContaining(expected)]);
  };
  await refused(
    'gan-sample',
    [...model, '--out', 's3://open/x'],
    '--out: expected a folder or file on disk without --format',
  );
  await refused(
    'gan-sample',
    [...model, '--save-latents', 's3://open/x.npy', '--format', 'npy'],
    '--save-latents: expected a file on disk, or --out at an address too',
  );
  await refused('gan-gradcam', ['s3://open/models/'], 's3://open/models/: expected pictures');
  s3.put('odd/../../../up.png', 'x');
  await refused('gan-gradcam', ['s3://open/odd/'], 'up.png: expected a key that can be the name of a file');
});
