/** @file The splits of a data set: what folders and arrays are named after, and which of them are taken. */
import { InputError } from '../../../onnx/errors.js';
import type { DataOptions, Split } from './dataset.js';

/** A part of the data. */
export type Part = Exclude<Split, 'all'>;

/** Names of splits. */
const names: ReadonlyMap<string, Part> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
  ['test', 'test'],
  ['testing', 'test'],
]);

/** The split that a whole name stands for. */
export const namedSplit = (name: string): Part | undefined => names.get(name.toLowerCase());

/** The split of which a name has the word, such as `x_train`. */
export function splitOfName(name: string): Part | undefined {
  const words = name.toLowerCase().split(/[^a-z]+/);
  return words.map((word) => names.get(word)).find((split) => split !== undefined);
}

/**
 * The items of the split that is wanted. There are splits where every item is of one.
 * @returns in the order training, validation, test, and then in the given one
 * @throws InputError for a split that is not there
 */
export function takenSplits<T>(
  items: readonly T[],
  splitOf: (item: T) => Part | undefined,
  { split = 'all' }: DataOptions,
): { items: readonly T[]; splits: Part[] | undefined } {
  const isSplit = items.every((item) => splitOf(item) !== undefined);
  const there = (['train', 'val', 'test'] as const).filter((each) => items.some((item) => splitOf(item) === each));
  expectSplit(split, isSplit ? there : []);
  if (!isSplit) return { items, splits: undefined };
  const splits = there.filter((each) => split === 'all' || each === split);
  return { items: splits.flatMap((each) => items.filter((item) => splitOf(item) === each)), splits };
}

/** @param there the parts that the data have, none where they are not split @throws InputError for a split that is not there */
export function expectSplit(split: Split, there: readonly Part[]): void {
  if (split === 'all' || there.includes(split)) return;
  const named = `${there.join(' or ')}, which the data has`;
  const expected = there.length > 0 ? named : 'data with parts that are named train, val or test';
  throw new InputError({ name: 'split', expected, got: split });
}
