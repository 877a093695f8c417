import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenPath } from '../../../fixtures/golden.js';
import { Explainer } from '../../maps/explain.js';
import { probeMaximise } from './maximise-probe.node.js';
import { maximise } from './maximise.js';
import { blurredAxis, movedAxis } from './motion.js';

const network = goldenPath('plain-cnn.onnx');
const preparation = { normalization: { mean: [0.5], std: [0.25] } };
const options = { device: 'cpu', preparation, steps: 40 } as const;

describe('maximise(source, options)', () => {
  it.each([
    ['a class over a spectrum', { targets: 2 }],
    ['a difference over pixels', { targets: { class: 1, minus: 3 }, parameterization: 'pixels', blur: 0.4 }],
    ['a channel', { units: { layer: 1, channels: [4] } }],
  ] as const)('raises the score of %s', async (_, objective) => {
    const { found } = await maximise(network, { ...options, ...objective });
    expect(found).toHaveLength(1);
    const [{ score, before, scores, picture } = { score: 0, before: 0, scores: [], picture: undefined }] = found;
    expect(score).toBeGreaterThan(before + 0.3);
    expect([scores.length, picture?.width, picture?.height]).toEqual([40, 25, 23]);
  });

  it('tells the score that the network gives the picture, and is the same again', async () => {
    const given = { ...options, targets: [0, 4], every: 20, seed: 7 } as const;
    const [first, again] = [await maximise(network, given), await maximise(network, given)];
    expect(again.found).toEqual(first.found);
    expect(first.found.map(({ label }) => label)).toEqual(['class 0', 'class 4']);
    await using explainer = await Explainer.load(network, { device: 'cpu', preparation });
    for (const { picture, score, probability, kept, label } of first.found) {
      const index = Number(label.at(-1));
      const [map] = await explainer.explain([picture], { methods: ['gradcam'], targets: index });
      expect(score).toBeCloseTo(map?.score ?? Number.NaN, 4);
      expect(probability).toBeCloseTo(map?.probability ?? Number.NaN, 5);
      expect(kept.map(({ step }) => step)).toEqual([0, 20, 40]);
      expect(kept.at(-1)?.picture).toEqual(picture);
    }
  });

  it('does not depend on the other targets', async () => {
    const alone = await maximise(network, { ...options, targets: 4 });
    const both = await maximise(network, { ...options, targets: [0, 4] });
    expect(both.found[1]).toEqual(alone.found[0]);
  });

  it('with a generator, finds a latent whose picture has a larger score', async () => {
    const generator = { source: goldenPath('generator.onnx') };
    const judge = goldenPath('discriminator-dense.onnx');
    const { found } = await maximise(judge, { ...options, generator, targets: 'fake', l2: 0 });
    const [{ latent, picture, score, before } = { score: 0, before: 0 }] = found;
    expect(score).toBeGreaterThan(before + 0.05);
    expect([latent?.length, picture?.width]).toEqual([8, 16]);
    const strict = await maximise(judge, { ...options, generator, targets: 'fake', l2: 50 });
    const size = (values: Float32Array | undefined) => Math.hypot(...(values ?? []));
    expect(size(strict.found[0]?.latent)).toBeLessThan(0.5 * size(latent));
  });

  it('stops when it is aborted', async () => {
    const stop = new AbortController();
    const made = maximise(network, {
      ...options,
      targets: 0,
      signal: stop.signal,
      progress_callback: (done) => done === 3 && stop.abort(new Error('enough')),
    });
    await expect(made).rejects.toThrow('enough');
  });

  it.each([
    [{}, 'target: expected a class by number or name, or a layer and its channel; got none'],
    [{ targets: { top: 3 } }, /^target: expected a target that does not depend on a picture, .*; got top-3$/],
    [{ targets: 9 }, 'target: expected a class of 0…4; got 9'],
    [{ targets: 1, units: { channels: [1] } }, 'target and channel cannot be combined'],
    [{ units: { layer: 0, channels: [8] } }, /^channel: expected 0…7 of layer ".*"; got 8$/],
    [{ units: { layer: 'all-convs', channels: [0] } }, 'layer: expected one layer; got 3'],
    [{ targets: 1, blur: 1 }, 'blur: expected it with the parameterization "pixels" only; got 1'],
    [{ targets: 1, steps: 0 }, 'steps: expected an integer of 1…100000; got 0'],
    [{ targets: 1, zoom: 0.9 }, 'zoom: expected a number of 0…0.5; got 0.9'],
    [{ targets: 1, every: 0 }, 'every: expected an integer above 0; got 0'],
    [
      { targets: 1, generator: { source: goldenPath('generator.onnx') }, blur: 1 },
      'blur and generator cannot be combined',
    ],
  ] as const)('refuses %j', async (given, message) => {
    await expect(maximise(network, { ...options, ...given })).rejects.toThrow(message);
  });
});

describe('movedAxis(side, move) and blurredAxis(side, std)', () => {
  it('moves by whole pixels around the border, and keeps a flat picture flat', () => {
    expect([...movedAxis(3, { factor: 1, shift: 1 })]).toEqual([0, 1, 0, 0, 0, 1, 1, 0, 0]);
    for (const matrix of [movedAxis(7, { factor: 1.1, shift: -9 }), blurredAxis(7, 2.5)])
      for (let row = 0; row < 7; row++)
        expect(matrix.subarray(7 * row, 7 * row + 7).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
    expect(blurredAxis(4, 0)).toEqual(movedAxis(4, { factor: 1, shift: 0 }));
  });
});

describe('probeMaximise(options)', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ganscope-maximise-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const ascentOf = async (out: string) => JSON.parse(await readFile(join(out, 'results.json'), 'utf8')).ascent;

  it('names pictures after classes of any script, and writes the options of the ascent only', async () => {
    const labels = ['猫/狗', 'كلب', 'a\u0308', 'д', '🦆'];
    const out = join(folder, 'scripts');
    const given = { ...options, steps: 1, targets: [0, 1, 2, 4], labels, seed: 3 };
    const { files } = await probeMaximise({ ...given, model: network, out });
    const names = files.map((file) => basename(file));
    expect(names.slice(1, 5)).toEqual([
      '1-class_0_猫_狗.png',
      '2-class_1_كلب.png',
      '3-class_2_\u00E4.png',
      '4-class_4.png',
    ]);
    const rest = { jitter: 1, zoom: 0.1, tv: 0, l2: 0, blur: 0 };
    expect(await ascentOf(out)).toEqual({ steps: 1, rate: 0.05, seed: 3, parameterization: 'fourier', ...rest });
  });

  it('says that the latent of a generator is what is maximised over', async () => {
    const out = join(folder, 'latent');
    const generator = { source: goldenPath('generator.onnx') };
    const model = goldenPath('discriminator-dense.onnx');
    await probeMaximise({ ...options, steps: 1, generator, targets: 'fake', model, out });
    expect((await ascentOf(out)).parameterization).toBe('latent');
  });
});
