/** @file Concepts that are known beforehand, the network behind a layer, and gan-probe's files. */
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Matrix } from 'ml-matrix';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preparedPictures } from '../../../inference/networks/network-input.js';
import { parsedNpy } from '../../../inference/numeric/npy.js';
import { Random } from '../../../inference/numeric/random.js';
import { encodePng } from '../../../inference/pictures/pictures.node.js';
import { GraphBuilder } from '../../../onnx/build/build.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';
import { Explainer } from '../../maps/explain.js';
import { waves } from '../shared/waves.test.helper.js';
import { brightnessNetwork } from '../../networks.test.helper.js';
import { everyOf } from './collect.node.js';
import { partOf } from './concept-figures.node.js';
import { activationsOf, conceptsAt, foundConcepts, positiveRows } from './concepts.js';
import { probeConcepts } from './concepts.node.js';
import { cropBoxes, croppedPicture } from './crops.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../../../fixtures/${name}`, import.meta.url));
const model = fixture('tiny/discriminator.onnx');

let folder: string;
let paths: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-concepts-'));
  paths = Array.from({ length: 5 }, (_, seed) => join(folder, `${seed}.png`));
  for (const [seed, path] of paths.entries()) await writeFile(path, await encodePng(waves(seed)));
  await writeFile(join(folder, 'torn.png'), 'no picture');
});
afterAll(() => rm(folder, { recursive: true }));

describe('foundConcepts(rows, count)', () => {
  it('finds the directions that rows are sums of', async () => {
    const random = new Random(5);
    // Each direction alone has some channel, and each alone makes some rows.
    const parts = new Matrix([
      [1, 0, 0, 2, 0, 1],
      [0, 3, 0, 0, 1, 1],
      [0, 0, 2, 0, 1, 0],
    ]);
    const shares = Array.from({ length: 60 }, (_, row) => [0, 1, 2].map((k) => (row % 4 === k ? 0 : random.uniform())));
    const { concepts, strengths } = await foundConcepts(new Matrix(shares).mmul(parts), 3, {
      rounds: 5000,
      tolerance: 1e-9,
    });
    for (let k = 0; k < 3; k++) {
      const own = parts.getRow(k);
      const length = Math.hypot(...own);
      const cosines = concepts
        .to2DArray()
        .map((row) => row.reduce((sum, x, at) => sum + (x * (own[at] as number)) / length, 0));
      expect(Math.max(...cosines)).toBeGreaterThan(0.9999);
      const at = cosines.indexOf(Math.max(...cosines));
      shares.forEach((share, row) => expect(strengths.get(row, at)).toBeCloseTo((share[k] as number) * length, 1));
    }
  });
  it('tells what the concepts leave out, and what was below zero', () => {
    const { rows, negative } = positiveRows(Float32Array.from([3, -1, 0, 4, 1, 0]), 2);
    expect(rows.to2DArray()).toEqual([
      [3, 4],
      [0, 1],
      [0, 0],
    ]);
    expect(negative).toBeCloseTo(1 / 27, 12);
    const concepts = new Matrix([[0, 1]]);
    const { strengths, unexplained } = conceptsAt(rows, concepts);
    expect(strengths.to1DArray()).toEqual([4, 1, 0]);
    expect(unexplained).toBeCloseTo(9 / 26, 12);
    expect([...activationsOf(strengths, concepts, [0.5])]).toEqual([0, 0, 0, 2, 0.5, 0]);
  });
});

describe('cropBoxes(size, side)', () => {
  it('covers the picture from edge to edge', () => {
    const boxes = cropBoxes({ width: 224, height: 112 }, 80);
    expect(boxes).toHaveLength(4 * 2);
    expect(boxes.map(({ left, top }) => [left, top])).toContainEqual([144, 32]);
    expect(cropBoxes({ width: 32, height: 32 }, 32)).toEqual([{ left: 0, top: 0, side: 32 }]);
  });
  it('enlarges crops as the network would be given them', () => {
    const picture = Float32Array.from({ length: 2 * 4 * 4 }, (_, at) => at % 16);
    const crop = croppedPicture(picture, { channels: 2, height: 4, width: 4 }, { left: 2, top: 1, side: 2 });
    expect([...crop.subarray(0, 4)]).toEqual([6, 6.25, 6.75, 7]);
    expect([...crop.subarray(12, 16)]).toEqual([10, 10.25, 10.75, 11]);
    expect([...crop.subarray(16)]).toEqual([...crop.subarray(0, 16)]);
  });
});

describe('partOf(picture, box)', () => {
  it('ends at the edge of the picture, however its edges are rounded', () => {
    const picture = { width: 7, height: 5, channels: 1, data: Uint8Array.from({ length: 35 }, (_, at) => at) } as const;
    const part = (left: number, top: number, width: number, height: number) => {
      const found = partOf(picture, { left, top, width, height });
      return [found.width, found.height, ...found.data];
    };
    expect(part(0.5, 0.5, 0.5, 0.5)).toEqual([3, 2, 25, 26, 27, 32, 33, 34]);
    expect(part(0, 0, 0.5, 0.1)).toEqual([4, 1, 0, 1, 2, 3]);
    expect(part(0.95, 0.95, 0.05, 0.05)).toEqual([1, 1, 34]);
  });
});

describe('everyOf(pictures, rowsOfEach, method)', () => {
  it('leaves out pictures, so that there are at most 4,096 rows', () => {
    expect([everyOf(83, 49, 'dff'), everyOf(84, 49, 'dff'), everyOf(3, 2730, 'craft')]).toEqual([1, 2, 3]);
    expect(() => everyOf(1, 5000, 'craft')).toThrow('crop: expected at most 4096 crops of a picture; got 5000');
    expect(() => everyOf(1, 12544, 'dff')).toThrow('layer: expected at most 4096 positions for dff; got 12544');
  });
});

describe('explainer.cut(layer)', () => {
  it.each(['tiny/discriminator.onnx', 'golden/vit-torchscript.onnx'])(
    'continues where it was cut: %s',
    async (name) => {
      await using explainer = await Explainer.load(fixture(name), { device: 'cpu' });
      const layer = explainer.chosenLayers().flat().at(-1);
      if (!layer) throw new Error('no layer');
      const cut = explainer.cut(layer);
      const prepared = preparedPictures([waves(1)], explainer.input);
      const { data } = await cut.activations(prepared);
      const own = await explainer.logits(prepared);
      const again = await cut.logitsFrom(prepared, 2, (start, rows) => {
        const all = new Float32Array(rows * data.length);
        for (let row = 0; row < rows; row++)
          all.set(start + row === 0 ? data : data.map((x) => 2 * x), row * data.length);
        return all;
      });
      own.forEach((logit, at) => expect(again[at]).toBeCloseTo(logit, 4));
      expect(again.subarray(own.length)).not.toEqual(again.subarray(0, own.length));
    },
  );
});

describe('probeConcepts(explainer, paths, options)', () => {
  it.each(['craft', 'dff'] as const)('writes %s', async (method) => {
    await using explainer = await Explainer.load(model, { device: 'cpu' });
    const out = join(folder, method);
    const units = new Set<string>();
    const options = { model, out, method, count: 3, seed: 1, runs: 1 + 3 + 4 * 400 };
    const found = await probeConcepts(explainer, [...paths, join(folder, 'torn.png')], {
      ...options,
      progress_callback: (unit) => units.add(unit),
    });
    expect(found.skipped).toEqual([expect.stringContaining('torn.png')]);
    expect([...units]).toEqual([method === 'craft' ? 'crops' : 'positions', 'rounds', 'pictures']);
    const { explained, concepts, pictures } = JSON.parse(await readFile(join(out, 'results.json'), 'utf8'));
    expect(concepts).toEqual(found.concepts);
    expect(explained).toMatchObject({ method, target: 'fake', draws: 400, runs: 1604 });

    // What lies behind the layer is linear, so that the index of a concept is its part in the sum of squared effects.
    const expected = [0, 1, 2].map((concept) => {
      const shares = pictures.map(({ effects }: { effects: number[] }) => {
        const squares = effects.map((effect) => effect ** 2);
        return (squares[concept] as number) / squares.reduce((a, b) => a + b, 0);
      });
      return shares.reduce((a: number, b: number) => a + b, 0) / shares.length;
    });
    found.concepts.forEach(({ importance, standardError }, at) => {
      expect(standardError).toBeGreaterThan(0);
      expect(Math.abs(importance - (expected[at] as number))).toBeLessThan(5 * standardError + 1e-6);
    });
    expect(found.concepts.map(({ importance }) => importance)).toEqual(
      found.concepts.map(({ importance }) => importance).toSorted((a, b) => b - a),
    );
    for (const { examples } of found.concepts)
      for (const { box } of examples) expect(box !== undefined).toBe(method === 'craft');

    const vectors = parsedNpy(await readFile(join(out, 'concepts.npy')));
    const strengths = parsedNpy(await readFile(join(out, 'strengths.npy')));
    expect(vectors.shape).toEqual([3, 64]);
    expect(strengths.shape).toEqual([5, 3, 4, 4]);
    for (const vector of [0, 1, 2]) {
      const own = (vectors.data as Float32Array).subarray(vector * 64, (vector + 1) * 64);
      expect(Math.hypot(...own)).toBeCloseTo(1, 5);
      expect(own.every((x) => x >= 0)).toBe(true);
    }
  });

  it('refuses scores that are not finite', async () => {
    const plain = brightnessNetwork({ height: 16, width: 16, weights: [1] });
    const b = new GraphBuilder({ ...plain.graph, outputs: [] });
    b.output(b.op('Log', [b.mul('logits', b.scalar(0))], {}, 'nothing'));
    await using explainer = await Explainer.load({ ...plain, graph: b.graph }, { device: 'cpu' });
    const options = { model, out: join(folder, 'infinite'), count: 1 };
    await expect(probeConcepts(explainer, paths, options)).rejects.toThrow(
      /0\.png: expected finite scores .*; got -Inf/,
    );
    await expect(access(options.out)).rejects.toThrow('ENOENT');
  });

  it('takes no notice of other scores, whatever they are', async () => {
    const plain = brightnessNetwork({ height: 16, width: 16, weights: [1, -1], ending: 'none' });
    const b = new GraphBuilder({ ...plain.graph, outputs: [] });
    b.output(b.add('logits', b.initializer('shift', float32Tensor([0, Number.NEGATIVE_INFINITY], [2]))), 'shifted');
    await using explainer = await Explainer.load({ ...plain, graph: b.graph }, { device: 'cpu' });
    const options = { model, out: join(folder, 'one-class'), count: 1, target: 0 };
    const { concepts } = await probeConcepts(explainer, paths, options);
    expect(concepts[0]?.importance).toBeGreaterThan(0.9);
  });

  it('refuses what does not fit', async () => {
    await using explainer = await Explainer.load(model, { device: 'cpu' });
    const options = { model, out: join(folder, 'never') };
    const refused = (changed: object, sources = paths) =>
      expect(probeConcepts(explainer, sources, { ...options, ...changed })).rejects;
    await refused({ count: 65 }).toThrow('count: expected an integer of 1…64 concepts; got 65');
    await refused({ crop: 33 }).toThrow('crop: expected an integer of 1…32 pixels; got 33');
    await refused({ runs: 10 }).toThrow('runs: expected an integer of 81…100000 for 8 concepts; got 10');
    await refused({ layers: 'all-convs', layer: 'all-convs' }).toThrow('layer: expected one layer');
    await refused({}, [join(folder, 'torn.png')]).toThrow(/^PICTURE: expected a picture that can be read; got .*torn/);
    await refused({ crop: 32, count: 8 }, paths.slice(0, 2)).toThrow(
      'count: expected at most 2 concepts, as there are no more crops; got 8',
    );
    await refused({ target: 7 }).toThrow('target: expected real or fake');
    const foreign = await mkdtemp(join(folder, 'foreign-'));
    await writeFile(join(foreign, 'results.json'), '{}');
    const units: string[] = [];
    await refused({ out: foreign, progress_callback: (unit: string) => units.push(unit) }).toThrow(
      'of another program',
    );
    expect(units).toEqual([]);
  });
});
