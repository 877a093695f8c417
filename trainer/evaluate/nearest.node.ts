/** @file A figure of generated pictures beside the real ones nearest to them: has the generator memorised its data? */
import { sheetPng, type SheetCell } from '../../inference/figures/sheet.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import { InputError } from '../../onnx/errors.js';
import { SquaredDistances, type Nearest } from '../quality/distance/manifold.node.js';
import { DEFAULT_MANIFOLD } from '../quality/distance/kernel-plan.js';
import type { MeasuredSet } from '../quality/measured-set.node.js';

/** Generated pictures of the figure. */
const ROWS = 8;
/** Real pictures beside each. */
const NEIGHBOURS = 5;

/** Fewest pictures of each set: one, and another that it is compared with. */
export const LEAST_OF_NEAREST = 2;

/** What is shown of two sets. */
export interface NearestOptions {
  /** Most pictures of each set that are searched. */
  manifoldSamples?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * A PNG file of the generated pictures that are nearest to a real one, by features, each with its nearest real pictures and
 * the distances. For comparison the heading says how far real pictures are from their nearest others (the median).
 * @throws InputError if there are too few pictures of a set to search
 * @throws the signal's reason when it is aborted
 */
export async function nearestFigure(
  real: MeasuredSet,
  fake: MeasuredSet,
  { manifoldSamples = DEFAULT_MANIFOLD, signal }: NearestOptions,
): Promise<Uint8Array> {
  const [reals, fakes] = [Math.min(real.count, manifoldSamples), Math.min(fake.count, manifoldSamples)];
  if (Math.min(reals, fakes) < LEAST_OF_NEAREST) {
    const expected = `at least ${LEAST_OF_NEAREST} pictures of each set, for their nearest ones`;
    throw new InputError({ name: 'manifoldSamples', expected, got: Math.min(reals, fakes) });
  }
  const k = Math.min(NEIGHBOURS, reals);
  const [ofReal, ofFake] = [await real.first(reals), await fake.first(fakes)];
  const distances = await SquaredDistances.create(real.size, signal);
  let [own, across]: (Nearest | undefined)[] = [];
  try {
    own = await distances.nearest(ofReal, 1);
    across = await distances.nearest(ofFake, k, ofReal);
  } finally {
    await distances.dispose();
  }
  const { squares, numbers } = across;
  const closest = Array.from({ length: fakes }, (_, i) => i).sort(
    (a, b) => (squares[a * k] as number) - (squares[b * k] as number),
  );
  const shown = closest.slice(0, ROWS);
  const neighbours = shown.flatMap((row) => Array.from(numbers.subarray(row * k, (row + 1) * k)));
  const generated = await fake.pictures(Uint32Array.from(shown));
  const nearest = await real.pictures(Uint32Array.from(neighbours));
  const [size] = generated as [Picture];
  const alike = (picture: Picture): Picture => resizedPicture(picture, { ...size, channels: 3, resize: 'pad' });
  const cells = shown.flatMap((row, at): SheetCell[] => [
    { picture: alike(generated[at] as Picture), caption: `picture ${row}` },
    ...nearest.slice(at * k, (at + 1) * k).map((picture, i) => ({
      picture: alike(picture),
      caption: Math.sqrt(squares[row * k + i] as number).toPrecision(3),
    })),
  ]);
  const count = (value: number) => value.toLocaleString('en-US');
  const median = Math.sqrt(own.squares.sort()[Math.floor(reals / 2)] as number).toPrecision(3);
  const title =
    `${shown.length} of ${count(fakes)} generated pictures | nearest of ${count(reals)} real ones, ` +
    `which lie ${median} apart`;
  return sheetPng({ cells, columns: k + 1, title });
}
