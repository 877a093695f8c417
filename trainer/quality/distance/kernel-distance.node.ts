/** @file The kernel distance between two sets of features, its products computed by ONNX Runtime in double precision. */
import { openSession } from '../../../inference/runtime/runtime.node.js';
import { sessionTensor, type Session, type SessionTensor } from '../../../inference/runtime/session.js';
import { emptyGraph, GraphBuilder, InputError, modelOfGraph, type Model } from '../../../onnx/index.js';
import { typeCode } from '../../../onnx/files/storage.js';
import type { Features } from './features.js';
import { kernelPlan, subsetRows, type SetRole, type SubsetOptions } from './kernel-plan.js';

export interface KernelDistanceOptions extends SubsetOptions {
  signal?: AbortSignal | undefined;
  /** Called after every subset. */
  progress_callback?: ((done: number, total: number) => void) | undefined;
}

/** Samples that can be had by their numbers. */
export interface SampleRows {
  count: number;
  /** Numbers per sample. */
  size: number;
  /** The samples with these numbers, in this order. */
  rows(indices: Uint32Array): Features | Promise<Features>;
}

/** Mean and standard deviation (divisor: number of subsets) over subsets. */
export interface KernelDistance {
  mean: number;
  std: number;
  subsets: number;
  subsetSize: number;
}

const [REAL, FAKE] = ['real', 'fake'] as const;
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
  return kernelDistanceOfRows(sampleRows(real), sampleRows(fake), options);
}

/** The same of samples that are read as they are needed: those of two subsets are in memory at a time. */
export async function kernelDistanceOfRows(
  real: SampleRows,
  fake: SampleRows,
  { signal, progress_callback, ...options }: KernelDistanceOptions = {},
): Promise<KernelDistance> {
  const plan = kernelPlan(real.count, fake.count, options);
  const { subsets, subsetSize } = plan;
  const estimator = await SquaredMmd.create(real.size);
  const distances: number[] = [];
  try {
    for (let subset = 0; subset < subsets; subset++) {
      signal?.throwIfAborted();
      const chosen = (set: SampleRows, role: SetRole) => set.rows(subsetRows(set.count, role, subset, plan));
      distances.push(await estimator.between(await chosen(real, REAL), await chosen(fake, FAKE)));
      progress_callback?.(subset + 1, subsets);
    }
  } finally {
    await estimator.dispose();
  }
  const mean = distances.reduce((sum, value) => sum + value, 0) / subsets;
  const variance = distances.reduce((sum, value) => sum + (value - mean) ** 2, 0) / subsets;
  return { mean, std: Math.sqrt(variance), subsets, subsetSize };
}

const sampleRows = (set: Features): SampleRows => ({
  count: set.data.length / set.size,
  size: set.size,
  rows: (indices) => rowsOf(set, indices),
});

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
