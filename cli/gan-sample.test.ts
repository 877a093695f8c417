import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toyGenerator } from '../inference/networks/generator.test.helper.js';
import { decodePicture, type Picture } from '../inference/index.js';
import { saveModel } from '../onnx/index.js';
import { LIST_MODULES, ran } from './child.test.helper.js';

const SIZE = 8;
const PADDING = 2;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-sample-'));
  await saveModel(join(folder, 'g.onnx'), toyGenerator({ size: SIZE }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sample = (...options: string[]) =>
  ran('gan-sample', ['--model', 'g.onnx', '--device', 'cpu', ...options], folder);
const picture = (name: string) => decodePicture(join(folder, name));

/** The pixels of one cell of a grid. */
function cell({ width, data }: Picture, column: number, row: number): number[] {
  const [left, top] = [column, row].map((index) => PADDING + index * (SIZE + PADDING)) as [number, number];
  return Array.from({ length: SIZE }, (_, y) => {
    const start = 3 * ((top + y) * width + left);
    return [...data.subarray(start, start + 3 * SIZE)];
  }).flat();
}

/** What is said of a generator whose last node is Tanh. */
const ASSUMED = new RegExp(
  String.raw`^Latent: "latent", 16 numbers \(as the model fixes it\)\n` +
    String.raw`Pictures: "image", RGB, 8×8, NCHW \(the only output; colours by default; [^\n]+\)\n` +
    String.raw`Latents of seeds: numbers of the normal distribution \(default; change it with --latent-distribution\)\n` +
    String.raw`Range: black is -1 and white 1 \(as the graph shows: Tanh "\w+"; change it with --range\)\n`,
  'm',
);

describe('gan-sample', () => {
  it('makes a grid whose pictures depend on their seeds alone', async () => {
    const bare = await sample();
    expect(bare).toMatchObject({ code: 0, stderr: '' });
    expect(bare.stdout).toMatch(ASSUMED);
    expect(bare.stdout.replace(ASSUMED, '')).toBe('Model: g.onnx\n  samples.png\n');
    expect((await sample('--count', '4', '--out', 'few.png')).code).toBe(0);
    expect((await sample('--seeds', '9,63,0-1', '--grid', '4x1', '--out', 'row.png')).code).toBe(0);
    const [all, few, row] = [await picture('samples.png'), await picture('few.png'), await picture('row.png')];
    expect([all.width, few.width, row.width]).toEqual([82, 22, 42]);
    for (const seed of [0, 1, 2, 3]) {
      expect(cell(few, seed % 2, Math.floor(seed / 2))).toEqual(cell(all, seed, 0));
    }
    expect(cell(row, 0, 0)).toEqual(cell(all, 1, 1));
    expect(cell(row, 1, 0)).toEqual(cell(all, 7, 7));
    expect(cell(row, 2, 0)).toEqual(cell(all, 0, 0));
    expect(cell(row, 2, 0)).not.toEqual(cell(all, 1, 0));
  });

  it('walks a loop: frames in a folder, an endless animation, a filmstrip', async () => {
    const options = ['--interpolate', '--seeds', '0,1', '--loop', '--out', 'walk'];
    expect((await sample(...options, '--frames', '10')).code).toBe(0);
    const { code, stdout } = await sample(...options, '--frames', '8');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(5)).toEqual([
      `  ${join('walk', 'interpolation.webp')}`,
      `  ${join('walk', 'filmstrip.png')}`,
      `  ${join('walk', 'frames', '00000…00007.png')}`,
      '',
    ]);
    const frames = Array.from({ length: 8 }, (_, i) => `0000${i}.png`);
    expect((await readdir(join(folder, 'walk', 'frames'))).toSorted()).toEqual(frames);

    expect((await sample('--count', '2', '--out', 'ends.png')).code).toBe(0);
    const ends = await picture('ends.png');
    const [first, middle] = [await picture('walk/frames/00000.png'), await picture('walk/frames/00004.png')];
    expect([...first.data]).toEqual(cell(ends, 0, 0));
    expect([...middle.data]).toEqual(cell(ends, 1, 0));
    // A loop of two goes there and back along the same arc.
    expect((await picture('walk/frames/00003.png')).data).toEqual((await picture('walk/frames/00005.png')).data);

    const animation = await sharp(join(folder, 'walk', 'interpolation.webp'), { animated: true }).metadata();
    expect(animation).toMatchObject({ format: 'webp', pages: 8, loop: 0, pageHeight: SIZE });
    expect(cell(await picture('walk/filmstrip.png'), 4, 0)).toEqual([...middle.data]);
  });

  it('writes the animation alone where --out names a file', async () => {
    const { code, stdout } = await sample('--interpolate', 'lerp', '--frames', '6', '--fps', '10', '--out', 'walk.gif');
    expect([code, stdout.split('\n').slice(5)]).toEqual([0, ['  walk.gif', '']]);
    const animation = await sharp(join(folder, 'walk.gif'), { animated: true }).metadata();
    expect(animation).toMatchObject({ format: 'gif', pages: 6, delay: Array(6).fill(100) });
  });

  it('prints JSON lines and nothing else with --jsonl, all other messages to standard error', async () => {
    const { code, stdout, stderr } = await sample('--count', '3', '--format', 'png', '--out', 'lines', '--jsonl');
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const file = (index: number) => join('lines', '00000', `0000000${index}.png`);
    expect(lines).toEqual([0, 1, 2].map((index) => ({ index, seed: index, file: file(index) })));
    expect(stderr.replace(ASSUMED, '')).toBe('Model: g.onnx\n  lines\n');
  });

  it.skipIf(process.platform === 'win32')('ends quietly when whoever reads its lines has read enough', async () => {
    const script = fileURLToPath(new URL('./gan-sample.js', import.meta.url));
    const options = '--model g.onnx --device cpu --count 2100 --format npy --out enough --jsonl';
    const command = `{ "${process.execPath}" "${script}" ${options}; echo $? >&2; } | head -n 1`;
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command], { cwd: folder });
    expect(stdout).toBe(`{"index":0,"seed":0,"file":"${join('enough', '00000.npy')}"}\n`);
    expect(stderr.replace(ASSUMED, '')).toMatch(/^Model: g\.onnx\nStopped after \d000 of 2100 pictures; .*\n141\n$/);
  });

  it.each([
    [['--count', '0'], '--count: expected an integer of 1…100000; got 0'],
    [['--format', 'npy', '--queue', 'redis://nowhere', '--jsonl'], '--queue and --jsonl cannot be combined'],
    [['--seeds', '1', '--seed', '2'], '--seeds and --seed cannot be combined'],
    [
      ['--latents', 'z.npy', '--latent-distribution', 'uniform'],
      '--latent-distribution: expected to be used with seeds, not with the latents of a file',
    ],
  ])('answers %j with one line and exit code 2', async (options, line) => {
    expect(await sample(...options)).toMatchObject({ code: 2, stderr: `gan-sample: ${line}\n` });
  });

  it('names a model that is missing or damaged', async () => {
    const missing = await ran('gan-sample', ['--model', 'missing.onnx'], folder);
    expect(missing).toMatchObject({ code: 2, stderr: 'gan-sample: missing.onnx: cannot be read (ENOENT)\n' });
    await writeFile(join(folder, 'bad.onnx'), 'no model');
    const { code, stderr } = await ran('gan-sample', ['--model', 'bad.onnx'], folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^gan-sample: bad\.onnx: expected an ONNX model; .*\n$/);
  });
});

describe('--help', () => {
  const heavy = /onnxruntime|tfjs|sharp|canvas/;

  it.each(['gan-sample', 'gan-export'] as const)('of %s loads no runtime', async (command) => {
    const { code, stdout, stderr } = await ran(command, ['--help'], folder, [LIST_MODULES]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${command} \\[options\\]`));
    expect(stderr).toMatch(/^\[.*\]\n$/);
    expect(stderr).not.toMatch(heavy);
  });

  it('is told from a run, which loads one', async () => {
    const { stderr } = await ran('gan-sample', ['--model', 'g.onnx', '--count', '1', '--device', 'cpu'], folder, [
      LIST_MODULES,
    ]);
    expect(stderr).toMatch(heavy);
  });
});
