/** @file Trainings that the page starts: who may, and what comes of them. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idxFile } from '../../../trainer/data/data.test.helper.js';
import { startStudio, type Studio } from '../server.node.js';
import type { TrainingInfo } from './trainings.node.js';

const gan = [process.execPath, fileURLToPath(new URL('../../../cli/gan-train.js', import.meta.url))];
const WAIT = { timeout: 60_000, interval: 50 };
const tiny = { imageSize: 8, channels: 1, ngf: 2, ndf: 2, latentDim: 4, batchSize: 4, device: 'cpu', data: 'digits' };
const rhythm = { steps: 100_000, sampleEvery: 100_000, checkpointEvery: 100_000 };

let folder: string;
let studio: Studio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-trainings-'));
  await mkdir(join(folder, 'runs'));
  await mkdir(join(folder, 'digits'));
  const pixels = Array.from({ length: 20 * 64 }, (_, i) => (i * i) % 251);
  await writeFile(join(folder, 'digits', 'train-images-idx3-ubyte'), idxFile([20, 8, 8], pixels));
  studio = await startStudio({ runs: join(folder, 'runs'), port: 0, allowTraining: gan });
});
afterAll(async () => {
  await studio?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Asks for a change as the page does; some headers may be others, or missing. */
async function post(path: string, body: unknown, headers: Record<string, string | undefined> = {}, to = studio) {
  const all = {
    'content-type': 'application/json',
    origin: to.url.slice(0, -1),
    'x-studio-token': studio.token,
    ...headers,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(`${to.url}api/trainings${path}`, { method: 'POST', headers: given, body: text });
  return { status: answer.status, text: await answer.text() };
}

async function trainings(): Promise<{ allowed: boolean; trainings: TrainingInfo[] }> {
  return (await fetch(`${studio.url}api/trainings`)).json() as Promise<{ allowed: boolean; trainings: TrainingInfo[] }>;
}

const stateOf = async (run: string) => (await trainings()).trainings.find((each) => each.run === run)?.state;

/** The lines of a run's metrics without durations. */
async function losses(run: string): Promise<string[]> {
  const text = await readFile(join(folder, 'runs', run, 'metrics.jsonl'), 'utf8').catch(() => '');
  return text
    .replaceAll(/,"seconds":[^}]*/g, '')
    .split('\n')
    .slice(0, -1);
}

describe('a studio that only shows', () => {
  it('starts nothing', async () => {
    const plain = await startStudio({ runs: join(folder, 'runs'), port: 0 });
    try {
      expect(plain.token).toBeUndefined();
      expect((await post('', { run: 'a', settings: tiny }, {}, plain)).status).toBe(405);
      expect((await post('/a/resume', {}, {}, plain)).status).toBe(405);
      expect(await (await fetch(`${plain.url}api/trainings`)).json()).toEqual({ allowed: false, trainings: [] });
    } finally {
      await plain.close();
    }
  });

  it.each(['0.0.0.0', '::', '192.0.2.7'])('cannot be opened to other machines, at %s', async (host) => {
    await expect(startStudio({ runs: folder, port: 0, host, allowTraining: gan })).rejects.toThrow(
      `allowTraining: expected it with a \`host\` of this machine only, such as 127.0.0.1; got ${host}`,
    );
  });
});

describe('a changing request', () => {
  const body = { run: 'a', settings: { ...tiny, ...rhythm } };
  it.each<[string, number, Record<string, string | undefined>]>([
    ['without a token', 403, { 'x-studio-token': undefined }],
    ['with another token', 403, { 'x-studio-token': 'x'.repeat(32) }],
    ['from another page', 403, { origin: 'http://evil.example' }],
    ['from another port', 403, { origin: 'http://127.0.0.1:1' }],
    ['from nowhere', 403, { origin: undefined }],
    ['from a form', 415, { 'content-type': 'text/plain' }],
  ])('%s is refused', async (_, status, headers) => {
    expect((await post('', body, headers)).status).toBe(status);
    expect((await post('/a/resume', {}, headers)).status).toBe(status);
    expect(await readdir(join(folder, 'runs'))).toEqual([]);
  });

  it('is no GET', async () => {
    const answer = await fetch(`${studio.url}api/trainings/a/resume`, {
      headers: { 'x-studio-token': studio.token ?? '' },
    });
    expect(answer.status).toBe(404);
  });

  it.each<[string, unknown, number, RegExp]>([
    ['no JSON', '{', 400, /^the body cannot be parsed as JSON\n$/],
    ['no object', [1], 400, /^body: expected an object in JSON; got \[1\]\n$/],
    [
      'too much',
      { run: 'a', settings: { data: 'x'.repeat(70_000) } },
      413,
      /^expected a body of at most 65536 bytes\n$/,
    ],
    ['another field', { run: 'a', command: 'rm' }, 400, /^body: expected only run and settings; got "command"\n$/],
    ['no name', { settings: {} }, 400, /^run: expected up to 100 letters, .*; got nothing\n$/],
    ['a path as a name', { run: '../a', settings: {} }, 400, /^run: expected up to 100 letters, .*; got "\.\.\/a"\n$/],
    ['a hidden name', { run: '.a', settings: {} }, 400, /^run: expected/],
    ['the name of the link', { run: 'latest', settings: {} }, 400, /^run: expected/],
    [
      'an unknown setting',
      { run: 'a', settings: { nfg: 3 } },
      400,
      /^nfg: expected the name of a setting, such as ngf/,
    ],
    [
      'a wrong value',
      { run: 'a', settings: { imageSize: 60 } },
      400,
      /^imageSize: expected 4·2\^k between 8 and 512 .*; got 60\n$/,
    ],
    [
      'what does not fit together',
      { run: 'a', settings: { loss: 'hinge', labelSmoothing: 0.1 } },
      400,
      /^labelSmoothing: expected 0/,
    ],
    [
      'another folder',
      { run: 'a', settings: { out: '/tmp/x' } },
      400,
      /^out: expected it on the command line of gan-train only\n$/,
    ],
    [
      'an address',
      { run: 'a', settings: { features: 'http://x/y.onnx' } },
      400,
      /^features: expected a file; got "http/,
    ],
  ])('with %s is one line', async (_, wrong, status, line) => {
    const answer = await post('', wrong);
    expect(answer).toEqual({ status, text: expect.stringMatching(line) });
    expect(answer.text.trimEnd()).not.toContain('\n');
    expect(await readdir(join(folder, 'runs'))).toEqual([]);
  });
});

describe('a training', () => {
  it('starts, pauses, resumes and stops, with the losses of the command without pauses', async () => {
    const settings = { ...tiny, ...rhythm };
    expect(await post('', { run: 'tiny run', settings })).toMatchObject({ status: 200 });
    expect(await post('', { run: 'tiny run', settings })).toMatchObject({ status: 409 });
    expect((await post('/tiny run/resume', {})).text).toBe('tiny run is training already\n');
    await expect.poll(async () => (await losses('tiny run')).length, WAIT).toBeGreaterThan(0);
    expect((await post('/tiny run/pause', {})).status).toBe(200);
    await expect.poll(() => stateOf('tiny run'), WAIT).toBe('paused');
    const first = (await losses('tiny run')).length;
    expect((await readdir(join(folder, 'runs', 'tiny run', 'checkpoints'))).length).toBe(1);
    expect((await post('/tiny run/pause', {})).text).toBe('tiny run is not trained from here\n');
    expect((await post('/tiny run/resume', { settings: { ngf: 4 } })).text).toBe(
      'ngf: expected nothing: a resumed run keeps it\n',
    );

    expect((await post('/tiny run/resume', {})).status).toBe(200);
    await expect.poll(async () => (await losses('tiny run')).length, WAIT).toBeGreaterThan(first);
    expect((await post('/tiny run/stop', {})).status).toBe(200);
    await expect.poll(() => stateOf('tiny run'), WAIT).toBe('stopped');

    const own = await losses('tiny run');
    const options = Object.entries({ ...tiny, out: 'runs/whole', steps: own.length, sampleEvery: 100_000 });
    const flags = options.map(([name, value]) => `--${name.replaceAll(/[A-Z]/g, '-$&').toLowerCase()}=${value}`);
    execFileSync(gan[0] as string, [gan[1] as string, ...flags], { cwd: folder, stdio: 'ignore' });
    expect(own).toEqual(await losses('whole'));
  });

  it('does not begin under the name of a run elsewhere, which the page shows in its place', async () => {
    const run = join(folder, 'elsewhere', 'birds');
    await mkdir(run, { recursive: true });
    await writeFile(join(run, 'config.json'), '{}');
    const other = await startStudio({ runs: join(folder, 'runs'), run, port: 0, allowTraining: gan });
    try {
      const headers = { 'x-studio-token': other.token };
      const answer = await post('', { run: 'birds', settings: { ...tiny, ...rhythm } }, headers, other);
      expect(answer).toEqual({ status: 409, text: 'run: there is one of the name birds\n' });
    } finally {
      await other.close();
    }
  });

  it('that cannot begin says why, and leaves no run', async () => {
    expect((await post('', { run: 'none', settings: { ...tiny, data: 'nowhere' } })).status).toBe(200);
    await expect.poll(() => stateOf('none'), WAIT).toBe('failed');
    const { trainings: all } = await trainings();
    expect(all.find(({ run }) => run === 'none')?.message).toMatch(/nowhere: expected a folder/);
    expect(await readdir(join(folder, 'runs'))).not.toContain('none');
  });

  it('is saved when the studio ends, with nothing half-written', async () => {
    expect((await post('', { run: 'ends', settings: { ...tiny, ...rhythm } })).status).toBe(200);
    await expect.poll(async () => (await losses('ends')).length, WAIT).toBeGreaterThan(0);
    await studio.close();
    const run = join(folder, 'runs', 'ends');
    const [checkpoint = ''] = await readdir(join(run, 'checkpoints'));
    expect(Number(checkpoint.slice(5))).toBe((await losses('ends')).length);
    const files = await readdir(run, { recursive: true });
    expect(files.filter((name) => /\.tmp$|lock/.test(name))).toEqual([]);
    expect(files).toContain('report.html');
  });
});
