/** @file Parts of a data set, one after the other: where a picture of all is, and the classes of all. */
import { MAX_CLASSES, type Labels } from './dataset.js';

/** Pictures of several parts. */
export class JoinedParts<Part> {
  readonly length: number;
  readonly #parts: readonly { part: Part; start: number }[];

  constructor(parts: readonly Part[], lengthOf: (part: Part) => number) {
    let start = 0;
    this.#parts = parts.map((part) => {
      const placed = { part, start };
      start += lengthOf(part);
      return placed;
    });
    this.length = start;
  }

  /** The part that has picture `index`, and its number there. @throws RangeError if there is none */
  place(index: number): { part: Part; at: number } {
    const found = index < this.length ? this.#parts.findLast(({ start }) => start <= index) : undefined;
    if (!found) throw new RangeError(`picture(${index}): expected an index below ${this.length}`);
    return { part: found.part, at: index - found.start };
  }
}

/** Classes that are told by numbers, in their order; nothing where there are too many. */
export function numberedLabels(numbers: ArrayLike<number>): Labels | undefined {
  const found = [...new Set(Array.from(numbers))].sort((a, b) => a - b);
  if (found.length > MAX_CLASSES) return undefined;
  const classOf = new Map(found.map((number, at) => [number, at]));
  return { classes: found.map(String), indices: Uint16Array.from(numbers, (number) => classOf.get(number) ?? 0) };
}
