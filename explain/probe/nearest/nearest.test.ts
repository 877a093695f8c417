/** @file The nearest pictures by features, against distances of the layer's maps computed one by one. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preparedPictures } from '../../../inference/networks/network-input.js';
import { decodePicture, encodePng } from '../../../inference/pictures/pictures.node.js';
import { saveModel } from '../../../onnx/files/load.node.js';
import { Explainer } from '../../maps/explain.js';
import { brightnessNetwork } from '../../networks.test.helper.js';
import { waves } from '../shared/waves.test.helper.js';
import { probeNearest } from './nearest.node.js';
import { addNeighbour, featureDistance, pooledFeatures, type Neighbour } from './neighbours.js';

const model = fileURLToPath(new URL('../../../../fixtures/tiny/discriminator.onnx', import.meta.url));

let folder: string;
const path = (name: string) => join(folder, 'all', name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-nearest-'));
  await mkdir(join(folder, 'all'));
  for (let seed = 0; seed < 7; seed++) await writeFile(path(`${seed}.png`), await encodePng(waves(seed)));
  await writeFile(path('copy.png'), await encodePng(waves(2)));
  await writeFile(path('torn.png'), 'no picture');
});
afterAll(() => rm(folder, { recursive: true }));

describe('probeNearest(paths, among, options)', () => {
  it.each(['cosine', 'l2'] as const)(
    'finds the pictures with the smallest %s distance, nearest first',
    async (distance) => {
      const names = [...[0, 1, 2, 3, 4, 5, 6].map((seed) => `${seed}.png`), 'copy.png', 'torn.png'];
      const out = join(folder, distance);
      const loading = { device: 'cpu' } as const;
      const options = { model, out, distance, count: 3, loading };
      const found = await probeNearest([path('2.png')], names.map(path), options);
      expect(found.skipped).toEqual([expect.stringContaining('torn.png')]);
      const [{ nearest } = { nearest: [] }] = found.pictures;

      await using explainer = await Explainer.load(model, loading);
      const layer = explainer.layers().find(({ value }) => value.startsWith('d_stage3_leaky_relu'));
      if (!layer) throw new Error('the layer is missing');
      const pooled = async (seed: number) => {
        const { maps } = await explainer.look(waves(seed), [layer], 1, layer.value);
        return pooledFeatures(maps[0]?.data as Float32Array, 16);
      };
      const own = await pooled(2);
      const expected: Neighbour[] = [{ picture: path('copy.png'), distance: 0 }];
      for (const seed of [0, 1, 3, 4, 5, 6])
        expected.push({ picture: path(`${seed}.png`), distance: featureDistance(own, await pooled(seed), distance) });
      expected.sort((a, b) => a.distance - b.distance);
      expect(nearest.map(({ picture }) => picture)).toEqual(expected.slice(0, 3).map(({ picture }) => picture));
      nearest.forEach((one, at) => expect(one.distance).toBeCloseTo(expected[at]?.distance as number, 4));
      const results = JSON.parse(await readFile(join(out, 'results.json'), 'utf8'));
      expect(results).toMatchObject({
        complete: true,
        probe: 'nearest',
        pictures: found.pictures,
        features: { distance, positions: 16, among: 8 },
      });
    },
  );

  it('takes features at the value that is named, also behind an activation', async () => {
    const source = brightnessNetwork({ height: 32, width: 32, weights: [30, -20, 5], ending: 'Sigmoid' });
    const sigmoids = join(folder, 'sigmoids.onnx');
    await saveModel(sigmoids, source);
    const loading = { device: 'cpu', preparation: { normalization: { mean: [0, 0, 0], std: [1, 1, 1] } } } as const;
    const [one = '', other = ''] = [0, 3].map((seed) => path(`${seed}.png`));
    const out = join(folder, 'behind');
    const options = { model: sigmoids, layer: 'scores', distance: 'l2', out, loading } as const;
    const found = await probeNearest([one], [other], options);
    await using explainer = await Explainer.load(source, loading);
    const input = await Promise.all([one, other].map((file) => decodePicture(file)));
    const logits = await explainer.logits(preparedPictures(input, explainer.input));
    const [a, b] = [logits.subarray(0, 3), logits.subarray(3)].map((row) => row.map((z) => 1 / (1 + Math.exp(-z))));
    const expected = featureDistance(a as Float32Array, b as Float32Array, 'l2');
    expect(found.pictures[0]?.nearest[0]?.distance).toBeCloseTo(expected, 5);
    const results = JSON.parse(await readFile(join(out, 'results.json'), 'utf8'));
    expect(results.features).toMatchObject({ layer: 'scores', numbers: 3 });
  });

  it('refuses a layer that is not there, and candidates that are none', async () => {
    const options = { model, out: join(folder, 'never'), loading: { device: 'cpu' as const } };
    await expect(probeNearest([path('0.png')], [path('1.png')], { ...options, layer: 'nowhere' })).rejects.toThrow(
      'layer: expected the name of a node or value of the graph; got "nowhere"',
    );
    await expect(probeNearest([path('0.png')], [path('0.png')], options)).rejects.toThrow(
      /^among: expected other pictures/,
    );
    await expect(probeNearest([path('torn.png')], [path('0.png')], options)).rejects.toThrow(
      /^PICTURE: expected .*torn/,
    );
  });
});

describe('featureDistance and addNeighbour', () => {
  it('are those of the formulas, and keep the first of equals', () => {
    const [a, b] = [Float32Array.of(3, 4), Float32Array.of(4, -3)];
    expect(featureDistance(a, b, 'cosine')).toBe(1);
    expect(featureDistance(a, b, 'l2')).toBeCloseTo(Math.sqrt(50), 12);
    expect(featureDistance(a, Float32Array.of(0, 0), 'cosine')).toBe(1);
    const kept: Neighbour[] = [];
    for (const [picture, distance] of [
      ['a', 2],
      ['b', 1],
      ['c', 2],
      ['d', 3],
      ['e', 0],
    ] as const)
      addNeighbour(kept, { picture, distance }, 3);
    expect(kept.map(({ picture }) => picture)).toEqual(['e', 'b', 'a']);
    expect([...pooledFeatures(Float32Array.of(1, 3, 5, 7), 2)]).toEqual([2, 6]);
  });
});
