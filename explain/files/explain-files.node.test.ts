import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePicture, encodePng } from '../../inference/pictures/pictures.node.js';
import { explainFiles, type ExplainFilesOptions } from './explain-files.node.js';
import { Explainer } from '../maps/explain.js';
import { brightnessNetwork, spotPicture } from '../networks.test.helper.js';

const MODEL = brightnessNetwork({ height: 24, width: 24, weights: [1, -1, 0.5] });
const PREPARATION = { normalization: { mean: [0, 0, 0], std: [1, 1, 1] }, resize: 'crop' } as const;
let folder: string;
let paths: string[];
let explainer: Explainer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-explain-'));
  // Wide pictures, whose middle square the network sees.
  paths = Array.from({ length: 10 }, (_, i) => join(folder, `spot ${i}.png`));
  for (const [i, path] of paths.entries()) await writeFile(path, await encodePng(spotPicture(96, 48, 30 + 4 * i, 24)));
  explainer = await Explainer.load(MODEL, { device: 'cpu', preparation: PREPARATION });
});
afterAll(async () => {
  await explainer.dispose();
  await rm(folder, { recursive: true, force: true });
});

const explained = (chosen: readonly string[], name: string, options: Partial<ExplainFilesOptions> = {}) =>
  explainFiles(explainer, chosen, {
    layers: 'features_conv',
    methods: ['gradcam'],
    targets: 0,
    out: join(folder, name),
    ...options,
  });

describe('explainFiles(explainer, paths, options)', () => {
  test('lays overlays on whole pictures, with the heat where the picture shows it', async () => {
    const { maps } = await explained([paths[0] as string], 'one');
    const overlay = await decodePicture(maps[0]?.files.overlay ?? '');
    expect([overlay.width, overlay.height]).toEqual([96, 48]);
    const at = (x: number, y: number) => [...overlay.data.subarray(3 * (96 * y + x), 3 * (96 * y + x) + 3)];
    expect(at(10, 24), 'outside the square').toEqual([0, 0, 0]);
    const [red = 0, , blue = 0] = at(30, 24);
    expect(red).toBeGreaterThan(blue);
    expect(at(60, 24)[2], 'inside, without heat').toBeGreaterThan(at(60, 24)[0] ?? 255);
  });

  test('writes figures of twelve rows, and results.json with a line for every map', async () => {
    const options = { methods: ['gradcam', 'hirescam'], layers: ['features_conv', 'unused_conv'] } as const;
    const progress: number[] = [];
    const { maps, files } = await explained(paths, 'many', {
      ...options,
      provenance: { version: '1.2.3', model: 'a.onnx' },
      progress_callback: ({ loaded }) => progress.push(loaded),
    });
    expect(files.map((file) => file.slice(folder.length))).toEqual([
      '/many/figure.png',
      '/many/figure-2.png',
      '/many/results.json',
    ]);
    expect(progress).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const results = JSON.parse(await readFile(join(folder, 'many', 'results.json'), 'utf8'));
    expect(results).toMatchObject({ version: '1.2.3', model: 'a.onnx', skipped: [] });
    expect(results.maps).toHaveLength(40);
    expect(results.maps).toEqual(JSON.parse(JSON.stringify(maps)));
    expect(results.maps[0]).toMatchObject({ picture: paths[0], method: 'gradcam', target: 0, layer: { op: 'Conv' } });
    expect(results.maps[0].score).toBeGreaterThan(0);
    expect(results.maps[0].range[1]).toBeGreaterThan(0);
    expect(results.maps[0].milliseconds).toBeGreaterThan(0);
    expect(results.maps[2]).toMatchObject({ reason: 'layer not connected to the score' });
    const written = await readdir(join(folder, 'many'));
    expect(written).toHaveLength(40 * 3 + 3);
  });

  test('gives each picture its own target', async () => {
    const targets = paths.map((_, i) => i % 3);
    const { maps } = await explained(paths, 'targets', { targets });
    expect(maps.map(({ target }) => target)).toEqual(targets);
    await expect(explained(paths, 'targets', { targets: [0, 1] })).rejects.toThrow(
      'target: expected one target, or one for each of 10 pictures; got 2',
    );
  });

  test('leaves out what is no picture and says so, unless there is nothing else', async () => {
    const broken = join(folder, 'broken.png');
    await writeFile(broken, 'not a picture');
    const { maps, skipped } = await explained([broken, paths[1] as string], 'broken', { targets: [2, 1] });
    expect(maps.map(({ picture, target }) => [picture, target])).toEqual([[paths[1], 1]]);
    expect(skipped).toEqual([{ picture: broken, reason: expect.stringContaining('expected a picture') }]);
    await expect(explained([broken], 'broken')).rejects.toThrow(`${broken}: expected a picture`);
  });

  test('stops when asked to, and keeps what it has', async () => {
    const stop = new AbortController();
    const { maps } = await explained(paths, 'stopped', { signal: stop.signal, progress_callback: () => stop.abort() });
    expect(maps).toHaveLength(8);
    const results = JSON.parse(await readFile(join(folder, 'stopped', 'results.json'), 'utf8'));
    expect(results.maps).toHaveLength(8);
  });

  test('signed palettes keep what speaks against the target', async () => {
    const { maps } = await explained([paths[3] as string], 'signed', { targets: 1, style: { palette: 'diverging' } });
    expect(maps[0]?.range[0]).toBeLessThan(0);
    const heatmap = await decodePicture(maps[0]?.files.heatmap ?? '');
    const at = 3 * (96 * 24 + 42);
    expect(heatmap.data[at + 2], 'blue').toBeGreaterThan((heatmap.data[at] ?? 255) + 50);
  });
});
