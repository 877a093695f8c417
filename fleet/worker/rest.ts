/** @file Rests after failures: a worker that cannot do its tasks leaves them to others. */

/** Milliseconds of the first rest, and of the longest; each failure in a row doubles it. */
const FIRST = 1000;
const LONGEST = 15_000;

export class Rest {
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  /**
   * @param set begins a rest, and ends it
   * @param first milliseconds of the first rest
   */
  constructor(
    private readonly set: (resting: boolean) => void,
    private readonly first = FIRST,
  ) {}

  /** A task failed: no other one is taken for a while. */
  failed(): void {
    if (this.#ended) return;
    const pause = Math.min(this.first * 2 ** this.#failures, LONGEST);
    this.#failures++;
    clearTimeout(this.#timer);
    this.set(true);
    this.#timer = setTimeout(() => this.set(false), pause);
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Forgets the rest that is left, and begins no other: the worker ends. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }
}
