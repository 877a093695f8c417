/** @file Probes as users run them. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ran } from './child.test.helper.js';

const tiny = (role: string) => fileURLToPath(new URL(`../../fixtures/tiny/${role}.onnx`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-probe-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const results = async (out: string) => JSON.parse(await readFile(join(folder, out, 'results.json'), 'utf8'));

describe('gan-probe', () => {
  it('generator writes figures, arrays and results.json', async () => {
    const options = ['--model', tiny('generator'), '--seed', '7', '--box', '8,8,10,8', '--device', 'cpu'];
    const { code, stdout } = await ran('gan-probe', ['generator', ...options], folder);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Range: black is -1[\s\S]*\nLatent: z\d+ [+−]0\.\d/)]);
    expect(await readdir(join(folder, 'probe-generator'))).toEqual(
      'directions.npy directions.png features.npy features.png latent-effects.npy latent.png picture.png results.json'.split(
        ' ',
      ),
    );
    const { probe, complete, attribution, assumed, options: given } = await results('probe-generator');
    expect([probe, complete, attribution.directions.length]).toEqual(['generator', true, 4]);
    expect(assumed.map(({ about }: { about: string }) => about)).toEqual(['latent', 'pictures', 'range']);
    expect(given).toEqual({ model: tiny('generator'), seed: 7, box: '8,8,10,8' });
  }, 30_000);

  it('walk explains every frame on one scale, and tells where the attention is', async () => {
    const networks = ['--model', tiny('discriminator'), '--generator', tiny('generator'), '--device', 'cpu'];
    const options = ['--seeds', '1,2', '--frames', '3', '--box', '0,0,32,32', '--format', 'gif', '--out', 'walked'];
    const { code, stdout } = await ran('gan-probe', ['walk', ...networks, ...options], folder);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/Layer: d_stage3_conv[\s\S]*\n3 frames, fake at d_stage3/),
    ]);
    expect(await readdir(join(folder, 'walked'))).toEqual([
      'attention.png',
      'filmstrip.png',
      'results.json',
      'score.png',
      'walk.gif',
    ]);
    const { frames, explained } = await results('walked');
    expect(frames.map(({ frame }: { frame: number }) => frame)).toEqual([0, 1, 2]);
    for (const { attention } of frames) expect(attention.inside).toBeCloseTo(1, 6);
    expect(explained.largest).toBeGreaterThan(0);
  }, 30_000);

  it.each([
    [['walk'], '--seeds: expected at least two, such as 1,2; got none'],
    [['walk', '--seeds', '1'], '--seeds: expected at least two, between which it walks; got 1'],
    [['generator', '--fps', '3'], /^--fps: expected an option of generator .*; it is of walk$/],
    [['generator', '--box', '1,2'], '--box: expected x,y,width,height in pixels; got "1,2"'],
    [['generator', '--box', '1,2,3,4', '--at', '1,2'], '--box and --at cannot be combined'],
    [['generator', 'bird.png', '--at', '1,2'], 'unknown argument bird.png: generator takes options only'],
    [['colours'], /^KIND: expected one of generator.*; got colours$/],
  ])('ends %j with 2 and one line', async (words, line) => {
    const { code, stderr } = await ran('gan-probe', words, folder);
    const [only, ...more] = stderr.trimEnd().split('\n');
    expect([code, more, only]).toEqual([2, [], typeof line === 'string' ? `gan-probe: ${line}` : expect.anything()]);
    if (typeof line !== 'string') expect(only?.slice('gan-probe: '.length)).toMatch(line);
  });
});
