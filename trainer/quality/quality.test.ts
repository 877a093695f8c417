/** @file The distances against pytorch-fid's and torch-fidelity's formulas, and the matrix algebra under them. */
import { describe, expect, it, test } from 'vitest';
import { golden } from '../../fixtures/golden.js';
import { Random } from '../../inference/random.js';
import { InputError } from '../../onnx/errors.js';
import { frechetDistance } from './frechet.js';
import { kernelDistance, rowsOf, SquaredMmd, type Features } from './kernel-distance.node.js';
import { Moments } from './moments.js';
import { choleskyFactor, congruentMatrix, symmetricEigenvalues } from './symmetric.js';

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

/** The moments of a set that comes in batches of `batch` samples. */
function momentsOf({ size, data }: Features, batch = 7): Moments {
  const moments = new Moments(size);
  for (let at = 0; at < data.length; at += batch * size) moments.add(data.subarray(at, at + batch * size));
  return moments;
}

const gaussianOf = (name: string) => momentsOf(featuresOf(name)).gaussian();
const traceOf = (matrix: Float64Array, n: number) => matrix.reduce((sum, v, i) => (i % (n + 1) ? sum : sum + v), 0);

describe.each(info.pairs)('of the sets $sets', ({ sets: [a, b], frechet, kid }) => {
  it('frechetDistance(a, b) is that of pytorch-fid, either way round', () => {
    const [first, second] = [gaussianOf(a), gaussianOf(b)];
    const scale = Math.abs(frechet) + traceOf(first.covariance, 16) + traceOf(second.covariance, 16);
    // The root of a rounding error is larger than the error: a singular covariance costs half the digits.
    const tolerance = b === 'few' ? 1e-7 : TOLERANCE;
    expect(Math.abs(frechetDistance(first, second) - frechet) / scale).toBeLessThan(tolerance);
    expect(Math.abs(frechetDistance(second, first) - frechet) / scale).toBeLessThan(tolerance);
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

  it('gives mean and deviation over subsets, the same for a seed', async () => {
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

  it('takes the smaller set whole where it has fewer samples than a subset', async () => {
    const { subsetSize, std } = await kernelDistance(featuresOf('few'), featuresOf('few'), { subsets: 3 });
    expect(subsetSize).toBe(9);
    expect(std).toBeLessThan(1e-12);
  });

  it('refuses sets that do not fit', async () => {
    const other = { size: 8, data: new Float32Array(80) };
    await expect(kernelDistance(real, other)).rejects.toThrow(InputError);
    await expect(kernelDistance(real, { size: 16, data: new Float32Array(16) })).rejects.toThrow('at least 2');
  });

  it('can be interrupted', async () => {
    await expect(kernelDistance(real, fake, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });
});

describe('Moments', () => {
  it('are those of all samples at once, however they come', () => {
    const features = featuresOf('near far');
    const whole = momentsOf(features, 60).gaussian();
    const parts = momentsOf(features, 1).gaussian();
    expect(parts.count).toBe(60);
    parts.covariance.forEach((value, i) => expect(value).toBeCloseTo(whole.covariance[i] as number, 15));
    // By the definition, two passes in double precision.
    const column = Float64Array.from({ length: 60 }, (_, row) => features.data[row * 16] as number);
    const mean = column.reduce((sum, value) => sum + value, 0) / 60;
    const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 59;
    expect(parts.mean[0]).toBeCloseTo(mean, 12);
    expect((parts.covariance[0] as number) / variance).toBeCloseTo(1, 10);
  });

  it('refuse what has no distribution', () => {
    expect(() => momentsOf({ size: 2, data: Float32Array.of(1, 2) }).gaussian()).toThrow('at least two samples; got 1');
    expect(() => new Moments(2).add(Float32Array.of(1, Number.NaN))).toThrow(InputError);
  });
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
  it('has the rank of the matrix, and its square is the matrix', () => {
    const { covariance } = gaussianOf('few');
    const { rank, columns } = choleskyFactor(covariance, 16);
    expect(rank).toBe(8);
    for (let i = 0; i < 16; i++) {
      for (let j = 0; j < 16; j++) {
        let sum = 0;
        for (let k = 0; k < rank; k++) sum += (columns[k * 16 + i] as number) * (columns[k * 16 + j] as number);
        expect(sum).toBeCloseTo(covariance[i * 16 + j] as number, 13);
      }
    }
  });

  it('of zero has no columns', () => {
    const factor = choleskyFactor(new Float64Array(4), 2);
    expect(factor.rank).toBe(0);
    expect(congruentMatrix(factor, Float64Array.of(1, 0, 0, 1), 2)).toHaveLength(0);
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
