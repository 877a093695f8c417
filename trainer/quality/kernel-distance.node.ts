/** @file The kernel distance between two sets of features, its products computed by ONNX Runtime in double precision. */
import { Random } from '../../inference/numeric/random.js';
import { openSession } from '../../inference/runtime/runtime.node.js';
import { sessionTensor, type Session, type SessionTensor } from '../../inference/runtime/session.js';
import { emptyGraph, GraphBuilder, InputError, modelOfGraph, type Model } from '../../onnx/index.js';
import { typeCode } from '../../onnx/files/storage.js';
import type { Features } from './features.js';

export interface KernelDistanceOptions {
  /** Number of random subsets; default 100, as in torch-fidelity. */
  subsets?: number;
  /** Samples per subset; default 1000, or half of the smaller set if that is less. */
  subsetSize?: number;
  /** Seed of the random subsets. */
  seed?: number;
  signal?: AbortSignal;
  /** Called after every subset. */
  progress_callback?: (done: number, total: number) => void;
}

/** Mean and standard deviation (divisor: number of subsets) over subsets. */
export interface KernelDistance {
  mean: number;
  std: number;
  subsets: number;
  subsetSize: number;
}

/** Pictures in a subset, if sets are large enough. */
export const DEFAULT_SUBSET = 1000;
const [REAL, FAKE] = ['real', 'fake'];
/** Sums of the kernel over pairs of different real samples, of different fake samples, and of one of each. */
const SUMS = ['real_pairs', 'fake_pairs', 'mixed_pairs'] as const;

/**
 * KID (Bińkowski et al. 2018, section 4): the unbiased estimate of the squared maximum mean discrepancy with the kernel
 * k(x, y) = (xᵀy / D + 1)³, on random subsets without replacement. It may be slightly negative.
 * @throws InputError if the two have different numbers of features, or too few samples for different subsets
 * @throws the signal's reason when it is aborted
 */
export async function kernelDistance(
  real: Features,
  fake: Features,
  options: KernelDistanceOptions = {},
): Promise<KernelDistance> {
  const [realCount, fakeCount] = [real.data.length / real.size, fake.data.length / fake.size];
  const { subsets = 100, seed = 0, signal } = options;
  const smaller = Math.min(realCount, fakeCount);
  const subsetSize = options.subsetSize ?? Math.min(DEFAULT_SUBSET, Math.floor(smaller / 2));
  const canDiffer = subsetSize < Math.max(realCount, fakeCount) || subsets === 1;
  if (options.subsetSize === undefined && subsetSize < 2) {
    const got = `${realCount} and ${fakeCount}`;
    throw new InputError({ name: 'pictures', expected: 'at least 4 in each set', got });
  }
  if (!Number.isInteger(subsetSize) || subsetSize < 2 || subsetSize > smaller || !canDiffer) {
    throw new InputError({
      name: 'subsetSize',
      expected: 'at least 2 pictures, and fewer than there are, so that subsets differ',
      got: `${subsetSize} of ${realCount} and ${fakeCount}`,
    });
  }
  const estimator = await SquaredMmd.create(real.size);
  const distances: number[] = [];
  try {
    for (let subset = 0; subset < subsets; subset++) {
      signal?.throwIfAborted();
      const chosen = (set: Features, count: number, name: string) =>
        rowsOf(set, Random.derived(seed, `kernel-distance/${name}/${subset}`).shuffled(count).subarray(0, subsetSize));
      distances.push(await estimator.between(chosen(real, realCount, REAL), chosen(fake, fakeCount, FAKE)));
      options.progress_callback?.(subset + 1, subsets);
    }
  } finally {
    await estimator.dispose();
  }
  const mean = distances.reduce((sum, value) => sum + value, 0) / subsets;
  const variance = distances.reduce((sum, value) => sum + (value - mean) ** 2, 0) / subsets;
  return { mean, std: Math.sqrt(variance), subsets, subsetSize };
}

/** The samples with these indices, in this order. */
export function rowsOf({ size, data }: Features, indices: Uint32Array): Features {
  const rows = new Float32Array(indices.length * size);
  indices.forEach((index, row) => rows.set(data.subarray(index * size, (index + 1) * size), row * size));
  return { size, data: rows };
}

/** The unbiased estimate of the squared MMD (Gretton et al. 2012, eq. 4) with the kernel of KID. */
export class SquaredMmd {
  private constructor(
    readonly size: number,
    readonly session: Session,
  ) {}

  /** @param size numbers per sample */
  static async create(size: number): Promise<SquaredMmd> {
    return new SquaredMmd(size, await openSession(squaredMmdModel(size)));
  }

  /** @throws InputError for fewer than two samples, another number of features, or sets of different sizes */
  async between(real: Features, fake: Features): Promise<number> {
    const count = real.data.length / real.size;
    if (real.size !== this.size || fake.size !== this.size || fake.data.length !== real.data.length || count < 2) {
      const shown = [real, fake].map(({ size, data }) => `[${data.length / size}, ${size}]`).join(' and ');
      throw new InputError({
        name: 'features',
        expected: `two sets [N, ${this.size}] with N of at least 2`,
        got: shown,
      });
    }
    const fed = ({ data }: Features) => sessionTensor(data, [count, this.size]);
    const results = await this.session.run({ [REAL]: fed(real), [FAKE]: fed(fake) });
    const [within, alike, across] = SUMS.map((name) => ((results[name] as SessionTensor).data as Float64Array)[0]) as [
      number,
      number,
      number,
    ];
    return (within + alike) / (count * (count - 1)) - (2 * across) / count ** 2;
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}

/** Both sets [count, size] → the sums, in double precision. */
function squaredMmdModel(size: number): Model {
  const b = new GraphBuilder(emptyGraph('squared-mmd'));
  const [real, fake] = [REAL, FAKE].map((name) =>
    b.op('Cast', [b.input(name, 'float32', ['count', size])], { to: typeCode('float64') }),
  ) as [string, string];
  const scalar = (value: number) => b.scalar(value, 'float64');
  const kernelOf = (products: string) => {
    const base = b.add(b.div(products, scalar(size)), scalar(1));
    return b.mul(b.mul(base, base), base, 'kernel');
  };
  const sumOf = (value: string) => b.op('ReduceSum', [value], { keepdims: 0 });
  const kernelSum = (x: string, y: string) => sumOf(kernelOf(b.matMul(x, b.transpose(y, [1, 0]))));
  const squares = (x: string) => b.reduceSum(b.mul(x, x), [1], false);
  const offDiagonal = (x: string) => b.sub(kernelSum(x, x), sumOf(kernelOf(squares(x))), 'off_diagonal');
  b.output(offDiagonal(real), SUMS[0]);
  b.output(offDiagonal(fake), SUMS[1]);
  b.output(kernelSum(real, fake), SUMS[2]);
  return modelOfGraph(b.graph);
}
