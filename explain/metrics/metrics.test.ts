/** @file Every metric against a second implementation in numpy (fixtures/golden/metrics.py). */
import { afterAll, describe, expect, test } from 'vitest';
import { golden, goldenPath, relativeError } from '../../fixtures/golden.js';
import { Explainer } from '../maps/explain.js';
import { metricNames, metrics, type MetricName } from './table.js';
import { changeUnit, type Measured, type Subject } from './measures/metric.js';
import { blurred } from './measures/pixel-curves.js';
import { rankCorrelation, structuralSimilarity } from './measures/similarity.js';

/** Relative. Forward passes are float32, and the largest changes that sensitivity sees are 1e-2 of the picture. */
const TOLERANCE = 2e-4;

const { info, tensor } = golden<{ target: number; values: Record<MetricName | 'ssim', number> }>('metrics');
const explainer = await Explainer.load(goldenPath('squeeze.onnx'));
afterAll(() => explainer.dispose());

const size = { channels: 3, height: 21, width: 19 };
const data = (name: string) => tensor(name).data;

/** The map that stands for a method in the golden file: of mean |x| over channels, its least value at 0, its largest at 1. */
function toyMap(picture: Float32Array): Float32Array {
  const plane = size.height * size.width;
  const means = Float64Array.from({ length: plane }, (_, i) =>
    [0, 1, 2].reduce((sum, channel) => sum + Math.abs(picture[channel * plane + i] ?? 0) / 3, 0),
  );
  const [least, largest] = [Math.min(...means), Math.max(...means)];
  return Float32Array.from(means, (value) => (value - least) / (largest - least));
}

/** The numbers of the golden file's `Chance`. */
function chance(): Pick<Subject, 'normal' | 'uniform'> {
  let state = 1;
  const uniform = () => {
    state = Number((1664525n * BigInt(state) + 1013904223n) % 2n ** 32n);
    return state / 2 ** 32;
  };
  return { uniform, normal: () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, 0) - 6 };
}

async function logitRows(pictures: Float32Array): Promise<Float32Array[]> {
  const logits = await explainer.logits(pictures);
  return Array.from({ length: logits.length / 5 }, (_, row) => logits.subarray(5 * row, 5 * row + 5));
}

function subject(map = data('map')): Subject {
  const { target } = info;
  return {
    input: data('input'),
    size,
    unit: changeUnit(explainer.input.picture.normalization),
    map,
    attribution: data('attribution'),
    scores: async (pictures) => Float32Array.from(await logitRows(pictures), (row) => row[target] ?? 0),
    confidences: async (pictures) =>
      Float32Array.from(
        await logitRows(pictures),
        (row) => Math.exp(row[target] ?? 0) / row.reduce((sum, logit) => sum + Math.exp(logit), 0),
      ),
    maps: async (pictures) =>
      Array.from({ length: pictures.length / data('input').length }, (_, i) =>
        toyMap(pictures.subarray(i * data('input').length, (i + 1) * data('input').length)),
      ),
    randomizedMaps: async () => [
      { share: 0.5, map: data('map') },
      { share: 1, map: data('other') },
    ],
    ...chance(),
    shared: (make) => make(),
    object: Uint8Array.from({ length: size.height * size.width }, (_, i) => {
      const [x, y] = [i % size.width, Math.floor(i / size.width)];
      return x >= 4 && x < 11 && y >= 5 && y < 12 ? 1 : 0;
    }),
    completeness: { sum: 1.25, difference: 1.5 },
  };
}

/** @throws Error where the metric does not apply */
async function measured(name: MetricName, of: Subject): Promise<Measured> {
  const found = await metrics[name].measure(of);
  if (!found) throw new Error(`${name} does not apply`);
  return found;
}

describe('metrics', () => {
  test.each(metricNames)('%s is what numpy makes of it', async (name) => {
    // The golden file checks sensitivity on a map that it can compute itself.
    const { value, curves = {} } = await measured(
      name,
      subject(name === 'max-sensitivity' ? toyMap(data('input')) : data('map')),
    );
    const expected = info.values[name];
    expect(Math.abs(value - expected), `${value} for ${expected}`).toBeLessThanOrEqual(TOLERANCE * Math.abs(expected));
    for (const [curve, { x, y }] of Object.entries(curves)) {
      expect(x).toHaveLength(y.length);
      if (name !== 'randomization') expect(relativeError(y, data(curve)), curve).toBeLessThan(TOLERANCE);
    }
  });

  test('confidence that grows behind the map is an increase and no drop', async () => {
    const grows = { ...subject(), confidences: async () => Float32Array.of(0.25, 0.5) };
    expect((await measured('average-drop', grows)).value).toBe(0);
    expect((await measured('increase-in-confidence', grows)).value).toBe(100);
  });

  test('a similarity below 0 has no share that is lost', async () => {
    const against = { ...subject(), confidences: async () => Float32Array.of(-0.25, -0.5) };
    expect(await metrics['average-drop'].measure(against)).toBeUndefined();
    expect((await measured('increase-in-confidence', against)).value).toBe(0);
  });

  test('a map points at an object that is near enough, and nowhere without an object', async () => {
    const at = (x: number, y: number) => {
      const values = new Float32Array(size.height * size.width);
      values[y * size.width + x] = 1;
      return { ...subject(), attribution: values };
    };
    // 15 pixels of 224 are 1.27 of 19.
    const hits = [at(4, 5), at(3, 5), at(3, 4), at(2, 5), at(18, 20)].map((of) => measured('pointing-game', of));
    expect((await Promise.all(hits)).map(({ value }) => value)).toEqual([1, 1, 0, 0, 0]);
    expect((await measured('energy-inside', at(10, 11))).value).toBe(1);
    expect((await measured('energy-inside', at(11, 11))).value).toBe(0);
    const { object: _object, completeness: _completeness, ...unknown } = subject();
    for (const name of ['pointing-game', 'energy-inside', 'completeness'] as const)
      expect(await metrics[name].measure(unknown)).toBeUndefined();
  });

  test('one pixel is sparsest, equal ones are most complex', async () => {
    const count = size.height * size.width;
    const one = { ...subject(), attribution: new Float32Array(count).fill(0) };
    one.attribution[3] = -2;
    const equal = { ...subject(), attribution: new Float32Array(count).fill(0.5) };
    expect((await measured('sparseness', one)).value).toBeCloseTo(1 - 1 / count, 9);
    expect((await measured('sparseness', equal)).value).toBeCloseTo(0, 9);
    expect((await measured('complexity', one)).value).toBeCloseTo(0, 9);
    expect((await measured('complexity', equal)).value).toBeCloseTo(Math.log(count), 5);
  });

  test('every curve has a plot', async () => {
    for (const name of metricNames) {
      const { curves = {} } = await measured(name, subject());
      expect(Object.keys(curves)).toEqual(Object.keys(metrics[name].plots ?? {}));
    }
  });

  test('a map that marks what matters does better than its opposite', async () => {
    // The pixels whose removal costs most confidence, one by one.
    const plane = size.height * size.width;
    const { input, confidences } = subject();
    const without = Float32Array.from({ length: plane * input.length }, (_, i) => {
      const [pixel, at] = [Math.floor(i / input.length), i % input.length];
      return at % plane === pixel ? 0 : (input[at] ?? 0);
    });
    const drops = (await confidences(without)).map((confidence) => -confidence);
    const [least, largest] = [Math.min(...drops), Math.max(...drops)];
    const good = drops.map((drop) => (drop - least) / (largest - least));
    const bad = good.map((value) => 1 - value);
    for (const name of ['insertion', 'deletion', 'road'] as const) {
      const [right, wrong] = [await measured(name, subject(good)), await measured(name, subject(bad))];
      const gain = metrics[name].better === 'higher' ? right.value - wrong.value : wrong.value - right.value;
      expect(gain, name).toBeGreaterThan(0.02);
    }
  });
});

describe('what metrics are made of', () => {
  test('changeUnit(normalization) is 1 for ImageNet, and follows what white minus black is', () => {
    const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    expect(changeUnit(imagenet)).toBe(1);
    expect(changeUnit({ mean: [0], std: [1 / 255] }) / changeUnit({ mean: [0.5], std: [1] })).toBeCloseTo(255, 9);
  });

  test('blurred(picture) is scipy’s Gaussian', () => {
    expect(relativeError(blurred(data('input'), size), data('blurred'))).toBeLessThan(1e-6);
  });

  test('rankCorrelation(a, b) is 1 for the same order, −1 for the opposite, and 0 for a constant map', () => {
    const a = Float32Array.of(1, 5, 2, 9);
    expect(
      rankCorrelation(
        a,
        a.map((value) => value ** 3),
      ),
    ).toBeCloseTo(1, 12);
    expect(
      rankCorrelation(
        a,
        a.map((value) => -value),
      ),
    ).toBeCloseTo(-1, 12);
    expect(rankCorrelation(a, new Float32Array(4))).toBe(0);
  });

  test('structuralSimilarity(a, b) is scikit-image’s, and 1 for the same map', () => {
    const found = structuralSimilarity(data('map'), data('other'), size.height, size.width);
    expect(found).toBeCloseTo(info.values.ssim, 6);
    expect(structuralSimilarity(data('map'), data('map'), size.height, size.width)).toBeCloseTo(1, 12);
  });
});
