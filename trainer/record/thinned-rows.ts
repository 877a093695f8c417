/** @file Rows of a long run in bounded memory: every row at first, then every second, every fourth, … */

/** Of so many rows every second is dropped. */
const MOST = 20_000;
/** Last rows that are all kept. */
const RECENT = 100;

/** Rows in their order, some of many. */
export class ThinnedRows<Row> {
  #kept: Row[] = [];
  #recent: Row[] = [];
  /** Every how many rows one is kept. */
  #stride = 1;
  #count = 0;

  constructor(readonly most: number = MOST) {}

  add(row: Row): void {
    if (this.#count % this.#stride === 0) this.#kept.push(row);
    this.#count++;
    this.#recent.push(row);
    if (this.#recent.length > 2 * RECENT) this.#recent = this.#recent.slice(-RECENT);
    if (this.#kept.length < this.most) return;
    this.#kept = this.#kept.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  /** The last rows, at most `count`, of which there are up to 100. */
  last(count: number): readonly Row[] {
    return this.#recent.slice(-count);
  }

  /** The kept rows and the last ones. */
  get rows(): readonly Row[] {
    if (this.#stride === 1) return this.#kept;
    const recent = this.#recent.slice(-RECENT);
    const firstRecent = this.#count - recent.length;
    return [...this.#kept.slice(0, Math.ceil(firstRecent / this.#stride)), ...recent];
  }
}
