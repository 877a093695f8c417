/** @file How far two sets of features cover each other: balls around samples, their distances computed in double precision. */
import { openSession } from '../../../inference/runtime/runtime.node.js';
import { sessionTensor, type Session } from '../../../inference/runtime/session.js';
import { emptyGraph, GraphBuilder, InputError, modelOfGraph, type Model } from '../../../onnx/index.js';
import { typeCode } from '../../../onnx/files/storage.js';
import type { Features } from './features.js';

/** Neighbours whose distance is a ball's radius, as the papers choose them. */
export const PRECISION_NEIGHBOURS = 3;
export const COVERAGE_NEIGHBOURS = 5;
/** Fewest samples of each set: one, and its neighbours. */
export const LEAST_OF_MANIFOLD = COVERAGE_NEIGHBOURS + 1;

/** Shares of samples, and a density; higher is better. */
export interface ManifoldMeasures {
  /** Generated samples within the real ones' balls: how good they are. */
  precision: number;
  /** Real samples within the generated ones' balls: how much of them is generated. */
  recall: number;
  /** Real balls that a generated sample lies in, over the neighbours of a ball; about 1 if the sets are alike. */
  density: number;
  /** Real samples with a generated one in their ball. */
  coverage: number;
}

/** Samples per side of a block of distances: 8 MB. */
const TILE = 1024;
/** Squared distances below this share of the squared lengths are rounding. */
const ROUNDING = 1e-13;

/**
 * Precision and recall (Kynkäänniemi et al. 2019, eq. 1 and 2, k = 3), density and coverage (Naeem et al. 2020, eq. 3 and 4,
 * k = 5). A ball reaches from a sample to its k-th nearest of the same set; its border lies outside, as in the authors' prdc.
 * Memory grows with the numbers of samples, not with their product.
 * @throws InputError for fewer than six samples of a set, or different numbers of features
 * @throws the signal's reason when it is aborted
 */
export async function manifoldMeasures(
  real: Features,
  fake: Features,
  signal?: AbortSignal,
): Promise<ManifoldMeasures> {
  const [reals, fakes] = [countOf(real), countOf(fake)];
  if (Math.min(reals, fakes) < LEAST_OF_MANIFOLD || real.size !== fake.size) {
    const expected = `two sets of at least ${LEAST_OF_MANIFOLD} samples, with as many features`;
    throw new InputError({
      name: 'features',
      expected,
      got: `[${reals}, ${real.size}] and [${fakes}, ${fake.size}]`,
    });
  }
  const distances = await SquaredDistances.create(real.size, signal);
  try {
    const [ofReal, ofFake] = [await distances.nearest(real), await distances.nearest(fake)];
    const radius = (own: Nearest, sample: number, k: number) => own.squares[sample * own.k + k - 1] as number;
    const [isCovered, isReached, isRecalled] = [new Uint8Array(reals), new Uint8Array(fakes), new Uint8Array(reals)];
    let inside = 0;
    await distances.each(real, fake, (i, j, squared) => {
      if (squared < radius(ofReal, i, PRECISION_NEIGHBOURS)) isReached[j] = 1;
      if (squared < radius(ofFake, j, PRECISION_NEIGHBOURS)) isRecalled[i] = 1;
      if (squared >= radius(ofReal, i, COVERAGE_NEIGHBOURS)) return;
      inside++;
      isCovered[i] = 1;
    });
    return {
      precision: shareOf(isReached),
      recall: shareOf(isRecalled),
      density: inside / (COVERAGE_NEIGHBOURS * fakes),
      coverage: shareOf(isCovered),
    };
  } finally {
    await distances.dispose();
  }
}

const countOf = ({ size, data }: Features) => data.length / size;
const shareOf = (marks: Uint8Array) => marks.reduce((sum, mark) => sum + mark, 0) / marks.length;

/** The nearest samples of others, in ascending order: their squared distances and numbers [N, k]. */
export interface Nearest {
  k: number;
  squares: Float64Array;
  numbers: Int32Array;
}

/** Squared distances between samples, block by block. Dispose of it when done. */
export class SquaredDistances {
  private constructor(
    readonly size: number,
    readonly session: Session,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** @param size numbers per sample */
  static async create(size: number, signal?: AbortSignal): Promise<SquaredDistances> {
    return new SquaredDistances(size, await openSession(squaredDistancesModel(size)), signal);
  }

  /**
   * Calls back with every pair, for each i and each j in ascending order of the other. Between a set and itself, blocks
   * beside the diagonal are computed once for both of their places.
   * @throws the signal's reason when it is aborted
   */
  async each(a: Features, b: Features, found: (i: number, j: number, squared: number) => void): Promise<void> {
    const { size } = this;
    const [rows, columns] = [countOf(a), countOf(b)];
    const tile = ({ data }: Features, start: number, end: number) =>
      sessionTensor(data.slice(start * size, end * size), [end - start, size]);
    for (let i = 0; i < rows; i += TILE) {
      const rowsEnd = Math.min(rows, i + TILE);
      for (let j = a === b ? i : 0; j < columns; j += TILE) {
        this.signal?.throwIfAborted();
        const end = Math.min(columns, j + TILE);
        const results = await this.session.run({ a: tile(a, i, rowsEnd), b: tile(b, j, end) });
        const squares = results['squares']?.data as Float64Array;
        const isMirrored = a === b && i !== j;
        let at = 0;
        for (let row = i; row < rowsEnd; row++)
          for (let column = j; column < end; column++) {
            const squared = squares[at++] as number;
            found(row, column, squared);
            if (isMirrored) found(column, row, squared);
          }
      }
    }
  }

  /**
   * The k nearest of others to each sample, which is not its own neighbour.
   * @param k at most as many as there are others
   * @param others of the same set if left out
   */
  async nearest(samples: Features, k = COVERAGE_NEIGHBOURS, others = samples): Promise<Nearest> {
    const count = countOf(samples);
    const squares = new Float64Array(count * k).fill(Number.POSITIVE_INFINITY);
    const numbers = new Int32Array(count * k).fill(-1);
    await this.each(samples, others, (i, j, squared) => {
      let at = (i + 1) * k - 1;
      if (squared >= (squares[at] as number) || (others === samples && i === j)) return;
      for (; at > i * k && (squares[at - 1] as number) > squared; at--) {
        squares[at] = squares[at - 1] as number;
        numbers[at] = numbers[at - 1] as number;
      }
      squares[at] = squared;
      numbers[at] = j;
    });
    return { k, squares, numbers };
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}

/** a [N, D], b [M, D] → |a|² + |b|² − 2abᵀ [N, M], in double precision. */
function squaredDistancesModel(size: number): Model {
  const b = new GraphBuilder(emptyGraph('squared-distances'));
  const input = (name: string, count: string) =>
    b.op('Cast', [b.input(name, 'float32', [count, size])], { to: typeCode('float64') });
  const scalar = (value: number) => b.scalar(value, 'float64');
  const [rows, columns] = [input('a', 'rows'), b.transpose(input('b', 'columns'), [1, 0])];
  const lengths = b.add(b.reduceSum(b.mul(rows, rows), [1], true), b.reduceSum(b.mul(columns, columns), [0], true));
  const squares = b.sub(lengths, b.mul(b.matMul(rows, columns), scalar(2)));
  const isRounding = b.op('Less', [squares, b.mul(lengths, scalar(ROUNDING))]);
  b.output(b.op('Where', [isRounding, scalar(0), squares]), 'squares');
  return modelOfGraph(b.graph);
}
