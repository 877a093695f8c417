import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePicture, encodePng } from '../../inference/pictures/pictures.node.js';
import { evaluateFiles } from './evaluate-files.node.js';
import { explainFiles, type ExplainFilesOptions } from './explain-files.node.js';
import type { MapResult } from './map-result.js';
import { Explainer } from '../maps/explain.js';
import type { ExplainerOptions } from '../maps/explain-options.js';
import { copiedGraph, GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { brightnessNetwork, spotPicture } from '../networks.test.helper.js';

const MODEL = brightnessNetwork({ height: 24, width: 24, weights: [1, -1, 0.5] });
const TINY = fileURLToPath(new URL('../../../fixtures/tiny/discriminator.onnx', import.meta.url));
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

/** What was written, with the maps of results.json. */
async function explained(chosen: readonly string[], name: string, options: Partial<ExplainFilesOptions> = {}) {
  const out = join(folder, name);
  const written = await explainFiles(explainer, chosen, {
    layers: 'features_conv',
    methods: ['gradcam'],
    targets: 0,
    out,
    ...options,
  });
  const results = JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as Results;
  expect(results.maps).toHaveLength(written.maps);
  return { ...written, results, maps: results.maps };
}

interface Results {
  complete: boolean;
  version?: string;
  model?: string;
  modelDigest?: string;
  maps: MapResult[];
  skipped: unknown[];
}

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
    const { maps, files, results } = await explained(paths, 'many', {
      ...options,
      model: TINY,
      provenance: { version: '1.2.3' },
      progress_callback: ({ loaded }) => progress.push(loaded),
    });
    expect(files.map((file) => file.slice(folder.length))).toEqual([
      '/many/figure.png',
      '/many/figure-2.png',
      '/many/results.json',
    ]);
    expect(progress).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const modelDigest = `sha256:${createHash('sha256')
      .update(await readFile(TINY))
      .digest('hex')}`;
    expect(results).toMatchObject({ complete: true, version: '1.2.3', model: TINY, modelDigest, skipped: [] });
    expect(maps).toHaveLength(40);
    expect(maps[0]).toMatchObject({ picture: paths[0], method: 'gradcam', target: 0, layer: { op: 'Conv' } });
    expect(maps[0]?.score).toBeGreaterThan(0);
    expect(maps[0]?.range[1]).toBeGreaterThan(0);
    expect(maps[0]?.milliseconds).toBeGreaterThan(0);
    expect(maps[2]).toMatchObject({ reason: 'layer not connected to the score' });
    const written = await readdir(join(folder, 'many'));
    expect(written).toHaveLength(40 * 3 + 4);
  });

  test('writes figures of the format that is asked for, on one scale if wanted', async () => {
    const [path] = paths as [string];
    const figure = async (name: string, figures: Parameters<typeof explainFiles>[2]['figures'] = {}) => {
      const { files } = await explained([path], name, { methods: ['gradcam', 'hirescam'], figures });
      expect(files[0]).toBe(join(folder, name, `figure.${figures.format ?? 'png'}`));
      return readFile(files[0] as string, 'utf8');
    };
    const own = await figure('svg', { format: 'svg', width: 150 });
    expect(own).toMatch(/^<\?xml[^]*<svg viewBox="0 0 567 /);
    expect(own).toContain('>evidence for the target, each map on its own scale</text>');
    const same = await figure('same', { format: 'svg', width: 150, sameScale: true });
    expect(same).toContain('>evidence for the target, the maps of a row on one scale</text>');
    const pictures = (svg: string) => svg.match(/base64,[^"]+/g);
    expect(pictures(same)).not.toEqual(pictures(own));
    expect(await figure('pdf', { format: 'pdf' })).toMatch(/^%PDF-/);
    // The label of the row is one text with all that it says, and goes without titles.
    const name = basename(path).replace(/\.\w+$/, '');
    expect(own).toMatch(new RegExp(`>${name}[^<]*class 0[^<]*· p 0\\.\\d+</text>`));
    expect(await figure('plain', { format: 'svg', width: 150, titles: false })).not.toContain(name);
    for (const [figures, message] of [
      [{ dpi: 1 }, 'dpi: expected a number of 36…600; got 1'],
      [{ width: 20 }, 'width: expected a number of 60…1000; got 20'],
      [{ width: 90 }, 'width: expected at least 103 mm for 5 columns of pictures; got 90'],
      [{ perRow: 0 }, 'perRow: expected a whole number of 1…12; got 0'],
    ] as const) {
      await expect(figure('wrong', figures)).rejects.toThrow(message);
    }
  });

  test('puts several pictures in a row', async () => {
    const options = { methods: ['gradcam'], figures: { format: 'svg', width: 200, perRow: 3 } } as const;
    const { files } = await explained(paths.slice(0, 4), 'row', options);
    const svg = await readFile(files[0] as string, 'utf8');
    expect(svg.match(/>Picture<\/text>/g)).toHaveLength(3);
    const tops = [...svg.matchAll(/y="([\d.]+)"[^>]*>[^<]*class 0/g)].map(([, y]) => Number(y));
    expect(tops).toHaveLength(4);
    expect(new Set(tops.slice(0, 3)).size).toBe(1);
    expect(tops[3]).toBeGreaterThan(tops[0] as number);
    const methods = ['gradcam', 'hirescam', 'layercam', 'eigencam', 'fem'] as const;
    await expect(explained(paths, 'row', { ...options, methods })).rejects.toThrow(
      'perRow: expected 1 with more than 4 methods, or different ones in rows; got 3',
    );
  });

  test('refuses a width with no room for the rows of one picture side by side, before anything is written', async () => {
    const options = {
      methods: ['gradcam'],
      targets: { several: [0, 1, 2] },
      figures: { width: 100, perRow: 3 },
    } as const;
    await expect(explained(paths.slice(0, 1), 'no room', options)).rejects.toThrow(
      /^width: expected at least \d+ mm for 9 columns of pictures; got 100$/,
    );
    await expect(readdir(join(folder, 'no room'))).rejects.toThrow('ENOENT');
    const one = { ...options, targets: 1 } as const;
    expect((await explained(paths.slice(0, 1), 'room', one)).files).toHaveLength(2);
  });

  test('gives each picture its own target', async () => {
    const targets = paths.map((_, i) => i % 3);
    const { maps } = await explained(paths, 'targets', { targets });
    expect(maps.map(({ target }) => target)).toEqual(targets);
    await expect(explained(paths, 'targets', { targets: [0, 1] })).rejects.toThrow(
      'target: expected one target, or one for each of 10 pictures (several of a picture are joined by +); got 2',
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
    const options = { signal: stop.signal, progress_callback: () => stop.abort() };
    const { maps, complete, results } = await explained(paths, 'stopped', options);
    expect(maps).toHaveLength(8);
    expect([complete, results.complete]).toEqual([false, false]);
  });

  test('stops within a picture that takes many runs, and writes standard errors once it is whole', async () => {
    const stop = new AbortController();
    const options = { methods: ['hsic'], runs: { forwards: 400 }, targets: 0 } as const;
    const told = { signal: stop.signal, onRuns: () => stop.abort() };
    const before = await explained([paths[0] as string], 'long', { ...options, ...told });
    expect([before.complete, before.results.complete, before.maps]).toEqual([false, false, []]);
    const { complete, maps } = await explained([paths[0] as string], 'long', { ...options, resume: true });
    expect([complete, maps.length]).toEqual([true, 1]);
    const errors = await readFile(maps[0]?.files.errors ?? '');
    expect(errors.toString('latin1', 0, 100)).toContain("'shape': (7, 7)");
    expect(maps[0]?.standardError).toBeGreaterThan(0);
  });

  test('signed palettes keep what speaks against the target', async () => {
    const { maps } = await explained([paths[3] as string], 'signed', { targets: 1, style: { palette: 'diverging' } });
    expect(maps[0]?.range[0]).toBeLessThan(0);
    const heatmap = await decodePicture(maps[0]?.files.heatmap ?? '');
    const at = 3 * (96 * 24 + 42);
    expect(heatmap.data[at + 2], 'blue').toBeGreaterThan((heatmap.data[at] ?? 255) + 50);
  });

  test('goes on after an interruption with the same files as in one go', async () => {
    const two = { layers: ['features_conv', 'unused_conv'] } as const;
    await explained(paths, 'whole', two);
    const stop = new AbortController();
    const told: string[] = [];
    await explained(paths, 'resumed', { ...two, signal: stop.signal, progress_callback: () => stop.abort() });
    await writeFile(join(folder, 'resumed', 'mine.txt'), 'not of the command');
    // What a process that was killed leaves: half a line.
    const journal = join(folder, 'resumed', 'results.jsonl');
    await appendFile(journal, '{"done": 9, "pict');
    const { complete } = await explained(paths, 'resumed', {
      ...two,
      resume: true,
      progress_callback: ({ path }) => told.push(path),
    });
    expect(complete).toBe(true);
    expect(told, 'pictures whose figure was whole are not explained again').toEqual(paths.slice(6));
    const names = await readdir(join(folder, 'whole'));
    expect(await readdir(join(folder, 'resumed'))).toEqual([...names, 'mine.txt'].toSorted());
    const withoutTimes = (text: string) => text.replaceAll(/"milliseconds":[^,]*/g, '').replaceAll('resumed', 'whole');
    for (const name of names) {
      const read = (of: string) => readFile(join(folder, of, name), name.startsWith('results') ? 'utf8' : 'latin1');
      expect(withoutTimes(await read('resumed')), name).toBe(withoutTimes(await read('whole')));
    }
    const again: string[] = [];
    await explained(paths, 'resumed', { ...two, resume: true, progress_callback: ({ path }) => again.push(path) });
    expect(again).toEqual([]);
  });

  test('refuses to go on with another job, and with pictures that have changed', async () => {
    const chosen = Array.from({ length: 13 }, (_, i) => join(folder, `changing ${i}.png`));
    for (const [i, path] of chosen.entries()) await writeFile(path, await encodePng(spotPicture(48, 24, 20 + i, 12)));
    await explained(chosen, 'changed');
    const refused = (options: Partial<ExplainFilesOptions>, list = chosen) =>
      expect(explained(list, 'changed', { resume: true, ...options })).rejects;
    await refused({ targets: 1 }).toThrow(/^resume: expected the job of .*results\.jsonl, where targets is 0; got 1$/);
    await refused({}, chosen.slice(1)).toThrow(/, where pictures is "sha256:/);
    await writeFile(chosen[3] as string, await encodePng(spotPicture(40, 40, 9, 9)));
    await refused({}).toThrow(`resume: expected the pictures of the same job; ${chosen[3]} has changed since`);
  });

  test('tells what the network was given beside its pictures, and refuses to go on with other values', async () => {
    const b = new GraphBuilder(copiedGraph(MODEL.graph));
    const weight = b.input('weight', 'float32', [1]);
    const [, unused = ''] = b.graph.outputs.map(({ name }) => name);
    b.graph.outputs.length = 0;
    b.output(b.mul('logits', weight, 'weighed'));
    b.output(unused);
    const options = { methods: ['gradcam'], layers: 'features_conv', targets: 0 } as const;
    const [path = ''] = paths;
    const run = async (out: string, given: ExplainerOptions) => {
      await using weighed = await Explainer.load(modelOfGraph(b.graph), {
        device: 'cpu',
        preparation: PREPARATION,
        output: 'weighed',
        ...given,
      });
      return explainFiles(weighed, [path], { ...options, out: join(folder, out), resume: true });
    };
    const inputs = { weight: { data: [1] } };
    await run('given', { inputs });
    const results = JSON.parse(await readFile(join(folder, 'given', 'results.json'), 'utf8'));
    expect(results.given).toEqual({ inputs: { weight: expect.stringMatching(/^sha256:/) } });
    await run('given', { inputs });
    await expect(run('given', { inputs: { weight: { data: [2] } } })).rejects.toThrow(
      /^resume: expected the job of .*, where given\.inputs\.weight is "sha256:/,
    );
    await run('named', { inputs, labels: ['a', 'b', 'c'] });
    await expect(run('named', { inputs, labels: ['a', 'c', 'b'] })).rejects.toThrow(
      /, where given\.labels is "sha256:/,
    );
    const similarTo = spotPicture(24, 24, 9, 9);
    await run('alike', { inputs, similarTo });
    await expect(run('alike', { inputs, similarTo: spotPicture(24, 24, 9, 10) })).rejects.toThrow(
      /, where given\.similarTo is "sha256:/,
    );
  });

  test('refuses a mask that was made for pictures of another size', async () => {
    const region = { mask: spotPicture(24, 24, 9, 9), of: { width: 48, height: 48 } };
    const targets = { class: 0, region };
    const size = /^target: expected a mask of the size of .*spot 0\.png, 96×48; got 48×48$/;
    await expect(explained([paths[0] as string], 'masked', { targets })).rejects.toThrow(size);
    const out = join(folder, 'masked');
    await expect(evaluateFiles(explainer, [paths[0] as string], { out, targets })).rejects.toThrow(size);
    const pictures = [spotPicture(96, 48, 30, 24)];
    await expect(explainer.explain(pictures, { targets })).rejects.toThrow('of the picture, 96×48; got 48×48');
    await expect(readdir(out)).rejects.toThrow('ENOENT');
  });

  test('leaves a folder as it is where an option does not fit or another program wrote the results', async () => {
    await expect(explained(paths, 'none', { targets: 7 })).rejects.toThrow('target: expected a class of 0…2; got 7');
    await expect(readdir(join(folder, 'none'))).rejects.toThrow('ENOENT');
    await mkdir(join(folder, 'foreign'));
    await writeFile(join(folder, 'foreign', 'results.json'), '{"accuracy": 0.9}');
    await expect(explained(paths, 'foreign')).rejects.toThrow(/^out: expected another folder; got .*results\.json/);
    expect(await readdir(join(folder, 'foreign'))).toEqual(['results.json']);
    await writeFile(join(folder, 'a file'), '');
    await expect(explained(paths, 'a file/below')).rejects.toThrow(/^out: expected a folder that can be written to/);
  });

  test('names files after pictures with long names and letters of all scripts', async () => {
    const names = [`${'ä'.repeat(100)}.png`, 'Mu\u0308ller.png', 'ไก่.png'];
    const chosen = names.map((name) => join(folder, name));
    for (const path of chosen) await writeFile(path, await encodePng(spotPicture(48, 24, 20, 12)));
    const { maps } = await explained(chosen, 'named');
    const written = maps.map(({ files }) => basename(files.heatmap, '-features_conv-gradcam.png'));
    expect(written).toEqual(['ä'.repeat(45), 'Müller', 'ไก่']);
  });

  test('puts more than a picture can hold on further pages', async () => {
    const square = join(folder, 'square.png');
    await writeFile(square, await encodePng(spotPicture(24, 24, 12, 12)));
    const { files } = await explained(
      Array.from({ length: 6 }, () => square),
      'pages',
      {
        methods: 'all',
        runs: { samples: 1, steps: 1 },
      },
    );
    const pages = files.filter((name) => name.endsWith('.png'));
    for (const file of pages) {
      const { width, height } = await decodePicture(file);
      expect(Math.max(width, height)).toBeLessThanOrEqual(16_384);
    }
    expect(pages.map((name) => basename(name))).toEqual(['figure.png', 'figure-2.png']);
    expect(files).toHaveLength(3);
  });
});
