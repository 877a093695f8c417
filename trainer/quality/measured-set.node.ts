/** @file A compared set put together from its parts: one distribution, and features that are found by number. */
import { InputError } from '../../onnx/errors.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { isBroken, type BrokenPicture, type Candidates } from './candidates.js';
import { gaussianOf, mergedSums, type FeatureSums, type Gaussian } from './distance/feature-sums.js';
import type { Features } from './distance/features.js';
import type { SampleRows } from './distance/kernel-distance.node.js';
import { countOf, type KeptRows, type SetPart } from './set-part.node.js';

/** Features of some positions, in memory or in a file. */
export interface RowSource {
  positions: Uint32Array;
  /** The features of some of them by number. */
  read(rows: readonly number[]): Float32Array[] | Promise<Float32Array[]>;
}

/** Features that are in memory. */
export const rowsInMemory = ({ positions, data }: KeptRows): RowSource => {
  const size = positions.length > 0 ? data.length / positions.length : 0;
  return { positions, read: (rows) => rows.map((row) => data.subarray(row * size, (row + 1) * size)) };
};

/** A part without what is merged already. */
type Place = Pick<SetPart, 'start' | 'end' | 'broken'>;

/** A set of pictures that was measured. Its parts are added in the order of their positions. */
export class MeasuredSet implements SampleRows {
  readonly #places: Place[] = [];
  readonly #sources: RowSource[] = [];
  #sums: FeatureSums | undefined;

  constructor(
    readonly candidates: Candidates,
    /** Numbers per picture. */
    readonly size: number,
  ) {}

  /** @param rows the features that the part keeps; by default those in memory */
  add({ start, end, broken, sums, kept }: SetPart, rows = rowsInMemory(kept)): void {
    this.#places.push({ start, end, broken });
    if (rows.positions.length > 0) this.#sources.push(rows);
    if (sums) this.#sums = mergedSums(this.#sums, sums);
  }

  /** Adds features that no part keeps. */
  addRows(rows: RowSource): void {
    this.#sources.push(rows);
  }

  /** Pictures of all parts. */
  get count(): number {
    return this.#places.reduce((sum, place) => sum + countOf(place), 0);
  }

  /** Pictures that could not be decoded, in the order of the data set. */
  get broken(): BrokenPicture[] {
    return this.#places.flatMap(({ broken }) => broken).sort((a, b) => a.index - b.index);
  }

  /** The distribution that fits the features, where their sums were computed. */
  gaussian(): Gaussian | undefined {
    return this.#sums && gaussianOf(this.#sums);
  }

  /** @throws InputError if no picture could be decoded */
  expectAny(): void {
    const [first] = this.#places.flatMap(({ broken }) => broken);
    if (this.count > 0 || first === undefined) return;
    const expected = 'at least one that can be decoded';
    throw new InputError({ name: this.candidates.name, expected, got: `none (${first.reason})` });
  }

  /** The positions among these pictures whose features are not kept, in ascending order. */
  missing(numbers: Uint32Array): Uint32Array {
    const positions = this.#positionsOf(numbers);
    return positions.filter((position) => this.#find(position) === undefined).sort();
  }

  async rows(indices: Uint32Array): Promise<Features> {
    const data = new Float32Array(indices.length * this.size);
    const wanted = new Map<RowSource, { row: number; at: number }[]>();
    for (const [at, position] of this.#positionsOf(indices).entries()) {
      const found = this.#find(position);
      if (!found) throw new Error(`the features at position ${position} are not kept`);
      const { source, row } = found;
      const some = wanted.get(source);
      if (some) some.push({ row, at });
      else wanted.set(source, [{ row, at }]);
    }
    for (const [source, some] of wanted) {
      const rows = await source.read(some.map(({ row }) => row));
      some.forEach(({ at }, i) => data.set(rows[i] as Float32Array, at * this.size));
    }
    return { size: this.size, data };
  }

  /** The features of the first pictures, which are random ones. */
  first(count: number): Promise<Features> {
    return this.rows(Uint32Array.from({ length: count }, (_, number) => number));
  }

  /** The pictures with these numbers, decoded or generated again. */
  async pictures(numbers: Uint32Array): Promise<Picture[]> {
    const found = await this.candidates.at(Array.from(this.#positionsOf(numbers)));
    const broken = found.find(isBroken);
    if (broken)
      throw new InputError({ name: this.candidates.name, expected: 'the pictures of before', got: broken.reason });
    return found.filter((picture): picture is Picture => !isBroken(picture));
  }

  /** The positions of the pictures with these numbers: broken ones have none. */
  #positionsOf(numbers: Uint32Array): Uint32Array {
    const starts: number[] = [];
    let count = 0;
    for (const place of this.#places) {
      starts.push(count);
      count += countOf(place);
    }
    return numbers.map((number) => {
      const at = lastNotAbove(starts, number);
      const { start, broken } = this.#places[at] as Place;
      let position = start + number - (starts[at] as number);
      for (const each of broken) if (each.position <= position) position++;
      return position;
    });
  }

  #find(position: number): { source: RowSource; row: number } | undefined {
    for (const source of this.#sources) {
      const { positions } = source;
      if (position < (positions[0] as number) || position > (positions.at(-1) as number)) continue;
      const row = lastNotAbove(positions, position);
      if (positions[row] === position) return { source, row };
    }
    return undefined;
  }
}

/** The place of the last number that is at most `value`; numbers ascend, of equal ones the last. */
function lastNotAbove(numbers: ArrayLike<number>, value: number): number {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((numbers[middle] as number) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
