/** @file The distances against pytorch-fid's and torch-fidelity's formulas, and the matrix algebra under them. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { golden } from '../../../fixtures/golden.js';
import { Random } from '../../../inference/numeric/random.js';
import { InputError } from '../../../onnx/errors.js';
import { choleskyFactor } from '../../../inference/numeric/cholesky.node.js';
import { symmetricEigenvalues } from '../../../inference/numeric/decompositions/eigenvalues.js';
import type { Features } from './features.js';
import { frechetDistance } from './frechet.node.js';
import { fittedGaussian, GramSession } from './gram.node.js';
import { kernelDistance, rowsOf, SquaredMmd } from './kernel-distance.node.js';
import { productModels } from '../../../inference/numeric/gemm-f64-graphs.js';
import { Products } from '../../../inference/numeric/gemm-f64.node.js';

interface QualityInfo {
  pairs: { sets: [string, string]; frechet: number; kid: number }[];
  subsets: { indices: [number[], number[]][]; values: number[]; mean: number; std: number };
}

const { info, tensor } = golden<QualityInfo>('quality');
/** Relative to the reference, or to the size of the terms that cancel in it. */
const TOLERANCE = 1e-10;

function featuresOf(name: string, count = Number.POSITIVE_INFINITY): Features {
  const { shape, data } = tensor(name);
  const size = shape[1] as number;
  return { size, data: data.slice(0, Math.min(count, shape[0] as number) * size) };
}

let products: Products;
let gram: GramSession;
beforeAll(async () => {
  products = await Products.create(productModels());
  gram = await GramSession.open();
});
afterAll(async () => {
  await products.dispose();
  await gram.release();
});

const gaussianOf = (features: Features) => fittedGaussian(features, gram.gram);
const traceOf = (matrix: Float64Array, n: number) => matrix.reduce((sum, v, i) => (i % (n + 1) ? sum : sum + v), 0);

describe.each(info.pairs)('of the sets $sets', ({ sets: [a, b], frechet, kid }) => {
  it('frechetDistance(a, b) is that of pytorch-fid, either way round', async () => {
    const [first, second] = [featuresOf(a), featuresOf(b)];
    const traceIn = async (each: Features) => traceOf((await gaussianOf(each)).covariance, 16);
    const scale = Math.abs(frechet) + (await traceIn(first)) + (await traceIn(second));
    // The root of a rounding error is larger than the error: a singular covariance costs half the digits.
    const tolerance = b === 'few' ? 1e-7 : TOLERANCE;
    expect(Math.abs((await frechetDistance(first, second)) - frechet) / scale).toBeLessThan(tolerance);
    expect(Math.abs((await frechetDistance(second, first)) - frechet) / scale).toBeLessThan(tolerance);
  });

  it('the squared MMD is that of torch-fidelity', async () => {
    const count = Math.min(tensor(a).shape[0] as number, tensor(b).shape[0] as number);
    const estimator = await SquaredMmd.create(16);
    const found = await estimator.between(featuresOf(a, count), featuresOf(b, count));
    await estimator.dispose();
    // Far from zero, kernels of 1e12 cancel to the distance.
    const kernels = a === 'far' ? 1e12 : Math.abs(kid);
    expect(Math.abs(found - kid) / kernels).toBeLessThan(TOLERANCE);
  });
});

describe('kernelDistance(real, fake, options)', () => {
  const [real, fake] = [featuresOf('real'), featuresOf('fake')];

  it('measures subsets as torch-fidelity does', async () => {
    const estimator = await SquaredMmd.create(16);
    for (const [subset, [own, other]] of info.subsets.indices.entries()) {
      const found = await estimator.between(rowsOf(real, Uint32Array.from(own)), rowsOf(fake, Uint32Array.from(other)));
      const expected = info.subsets.values[subset] as number;
      expect(Math.abs(found / expected - 1)).toBeLessThan(TOLERANCE);
    }
    await estimator.dispose();
  });

  it('gives mean and standard deviation over subsets, the same for a seed', async () => {
    const told: number[] = [];
    const options = { subsets: 50, subsetSize: 40, seed: 3, progress_callback: (done: number) => told.push(done) };
    const found = await kernelDistance(real, fake, options);
    expect(found).toMatchObject({ subsets: 50, subsetSize: 40 });
    expect(told).toHaveLength(50);
    const { mean, std } = info.subsets;
    // Of five subsets and of fifty: the same within five standard errors.
    expect(Math.abs(found.mean - mean)).toBeLessThan(5 * (std / Math.sqrt(5)));
    expect(found.std).toBeGreaterThan(0);
    expect(await kernelDistance(real, fake, { ...options, progress_callback: () => {} })).toEqual(found);
    expect(await kernelDistance(real, fake, { ...options, seed: 4 })).not.toEqual(found);
  });

  it('takes subsets of half the smaller set where that has fewer than twice a thousand samples', async () => {
    const { subsetSize, std } = await kernelDistance(real, featuresOf('few'), { subsets: 3 });
    expect(subsetSize).toBe(4);
    expect(std).toBeGreaterThan(0);
  });

  it('refuses subsets that cannot differ', async () => {
    const few = featuresOf('few');
    await expect(kernelDistance(few, few, { subsetSize: 9 })).rejects.toThrow(
      /^subsetSize: expected at least 2 pictures, and fewer than there are, so that subsets differ; got 9 of 9 and 9$/,
    );
    await expect(kernelDistance(few, few, { subsetSize: 10 })).rejects.toThrow(InputError);
    expect(await kernelDistance(few, few, { subsetSize: 9, subsets: 1 })).toMatchObject({ subsetSize: 9, std: 0 });
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %d subsets', async (subsets) => {
    const few = featuresOf('few');
    await expect(kernelDistance(few, few, { subsets })).rejects.toThrow(
      `subsets: expected a whole number of at least 1; got ${subsets}`,
    );
  });

  it('refuses sets that do not fit', async () => {
    const other = { size: 8, data: new Float32Array(80) };
    await expect(kernelDistance(real, other)).rejects.toThrow(InputError);
    await expect(kernelDistance(real, { size: 16, data: new Float32Array(16) })).rejects.toThrow(
      /^pictures: expected at least 4 in each set; got \d+ and 1$/,
    );
  });

  it('can be interrupted', async () => {
    await expect(kernelDistance(real, fake, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });
});

describe('frechetDistance(a, b, signal)', () => {
  // Twice as far apart and moved by 1: the covariances commute, so the distance is D + (1 − 2)² tr Σ.
  test.each([
    ['of full rank', 150, 400, TOLERANCE],
    ['of fewer samples than features', 300, 200, 1e-7],
    ['of samples in several blocks', 3, 5000, TOLERANCE],
  ])('is exact for commuting covariances %s', async (_, size, count, tolerance) => {
    const random = new Random(5);
    const mixed = Float32Array.from({ length: size }, () => 2 ** random.integer(6));
    const data = Float32Array.from({ length: size * count }, (__, at) => {
      return (mixed[at % size] as number) * random.integer(1024) + random.integer(1024);
    });
    const doubled = { size, data: data.map((value) => 2 * value) };
    const { mean, covariance } = await gaussianOf({ size, data });
    const trace = traceOf(covariance, size);
    const expected = mean.reduce((sum, value) => sum + value * value, 0) + trace;
    const found = await frechetDistance({ size, data }, doubled);
    expect(Math.abs(found - expected) / (expected + 5 * trace)).toBeLessThan(tolerance);
  });

  it('of sets without any variance is that of their means', async () => {
    const alike = (value: number) => ({ size: 3, data: new Float32Array(12).fill(value) });
    expect(await frechetDistance(alike(1), alike(3))).toBe(12);
  });

  it('leaves the event loop free, and can be interrupted', async () => {
    const random = new Random(6);
    const features = { size: 1500, data: Float32Array.from({ length: 3e6 }, () => random.normal()) };
    const controller = new AbortController();
    const distance = frechetDistance(features, features, controller.signal);
    let turns = 0;
    const turn = setInterval(() => {
      if (++turns === 20) controller.abort(new Error('enough'));
    }, 10);
    await expect(distance).rejects.toThrow('enough');
    clearInterval(turn);
    expect(turns).toBeGreaterThanOrEqual(20);
  });

  it('refuses what has no distribution', async () => {
    const two = { size: 2, data: Float32Array.of(1, 2, 3, 4) };
    const refused = (data: number[], size = 2) => expect(frechetDistance(two, { size, data: Float32Array.from(data) }));
    await refused([1, 2]).rejects.toThrow('at least two samples; got 1');
    await refused([1, 2, 3, Number.NaN]).rejects.toThrow('features: expected finite numbers; got NaN');
    await refused([1, 2, 3], 1).rejects.toThrow('features: expected 2 per picture; got 1');
  });
});

test('fittedGaussian(features) is that of two passes in double precision', async () => {
  const features = featuresOf('near far');
  const { mean, covariance } = await gaussianOf(features);
  const column = Float64Array.from({ length: 60 }, (_, row) => features.data[row * 16] as number);
  const expected = column.reduce((sum, value) => sum + value, 0) / 60;
  const variance = column.reduce((sum, value) => sum + (value - expected) ** 2, 0) / 59;
  expect(mean[0]).toBeCloseTo(expected, 12);
  expect((covariance[0] as number) / variance).toBeCloseTo(1, 10);
});

describe('symmetricEigenvalues(matrix, n)', () => {
  const sorted = (values: Float64Array) => values.toSorted();

  test.each([1, 2, 3, 40, 150])('of a matrix of size %i with known ones', (n) => {
    // Reflections I − 2vvᵀ turn a diagonal matrix into a full one with the same eigenvalues.
    const random = new Random(n);
    const eigenvalues = Float64Array.from({ length: n }, (_, i) =>
      i % 3 === 0 ? 1 : 10 ** (4 * random.uniform() - 2),
    );
    const matrix = new Float64Array(n * n);
    eigenvalues.forEach((value, i) => (matrix[i * n + i] = value));
    for (let times = 0; times < 3; times++) reflect(matrix, n, random);
    const found = sorted(symmetricEigenvalues(matrix, n));
    const expected = sorted(eigenvalues);
    found.forEach((value, i) => expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-12 * 100));
  });

  it('of a diagonal and of a zero matrix', () => {
    expect([...sorted(symmetricEigenvalues(Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 2), 3))]).toEqual([-1, 2, 3]);
    expect([...symmetricEigenvalues(new Float64Array(16), 4)]).toEqual([0, 0, 0, 0]);
  });
});

describe('choleskyFactor(matrix, n)', () => {
  const random = new Random(8);
  const many = { size: 200, data: Float32Array.from({ length: 200 * 151 }, () => random.normal()) };

  test.each([
    ['few samples', featuresOf('few'), 8],
    ['few samples of many features, in panels', many, 150],
    ['many samples', featuresOf('real'), 16],
  ])('of %s has the rank of the matrix, and its square is the matrix', async (_, features, rank) => {
    const { size } = features;
    const { covariance } = await gaussianOf(features);
    const factor = await choleskyFactor(covariance, size, products);
    expect([factor.rows, factor.columns]).toEqual([rank, size]);
    const square = await products.gram(factor);
    covariance.forEach((value, at) => expect(square[at]).toBeCloseTo(value, 12));
  });

  it('of zero has no rows', async () => {
    const factor = await choleskyFactor(new Float64Array(4), 2, products);
    expect(factor.rows).toBe(0);
    expect(await products.congruent(factor, Float64Array.of(1, 0, 0, 1))).toHaveLength(0);
  });
});

/** A ← HAH with a random reflection H. */
function reflect(a: Float64Array, n: number, random: Random): void {
  const v = Float64Array.from({ length: n }, () => random.normal());
  const norm = v.reduce((sum, value) => sum + value * value, 0);
  const twice = (of: (i: number, k: number) => number) => {
    const product = Float64Array.from({ length: n }, (_, k) => v.reduce((sum, value, i) => sum + value * of(i, k), 0));
    return (i: number, k: number) => of(i, k) - (2 * (v[i] as number) * (product[k] as number)) / norm;
  };
  const rows = twice((i, k) => a[i * n + k] as number);
  const both = twice((i, k) => rows(k, i));
  const result = Float64Array.from(a, (_, at) => both(Math.floor(at / n), at % n));
  a.set(result);
}
