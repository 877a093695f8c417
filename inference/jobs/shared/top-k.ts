/** @file The highest of any number of scores, in memory for a fixed number. */
import { InputError } from '../../../onnx/errors.js';

/** Positions among all scores, the highest first, and their logits. */
export interface RankedScores {
  positions: Float64Array;
  logits: Float32Array;
}

/** Keeps the highest of the scores that are added; of equal scores the earlier. */
export class TopScores {
  readonly #keep: number;
  /** Twice as many as are kept, so that sorting is rare. */
  readonly #positions: Float64Array;
  readonly #logits: Float32Array;
  #held = 0;
  #seen: number;
  /** What a score must be above to be kept. */
  #floor = -Infinity;

  /**
   * @param total scores that will be added at most
   * @param first position of the first one
   */
  constructor(keep: number, total: number, first = 0) {
    this.#keep = keep;
    this.#seen = first;
    const room = Math.min(2 * keep, total);
    this.#positions = new Float64Array(room);
    this.#logits = new Float32Array(room);
  }

  /** Adds the score of the next position. @throws InputError if it is not a number */
  add(logit: number): void {
    this.addAt(this.#seen++, logit);
  }

  /**
   * Adds the score of a position. Of equal scores the one with the lower position is added first.
   * @throws InputError if it is not a number
   */
  addAt(position: number, logit: number): void {
    if (Number.isNaN(logit))
      throw new InputError({ name: 'discriminator', expected: 'numbers as scores', got: `NaN for latent ${position}` });
    if (this.#held === this.#positions.length) this.#cut();
    if (this.#held >= this.#keep && logit <= this.#floor) return;
    this.#positions[this.#held] = position;
    this.#logits[this.#held] = logit;
    this.#held++;
  }

  /** Those kept, in order. */
  ranked(): RankedScores {
    this.#cut();
    return { positions: this.#positions.slice(0, this.#held), logits: this.#logits.slice(0, this.#held) };
  }

  /** Sorts what is held and forgets what is not among the highest. */
  #cut(): void {
    const [positions, logits] = [this.#positions.slice(0, this.#held), this.#logits.slice(0, this.#held)];
    const order = Uint32Array.from(positions, (_, i) => i).sort(
      (a, b) => (logits[b] as number) - (logits[a] as number) || (positions[a] as number) - (positions[b] as number),
    );
    this.#held = Math.min(this.#held, this.#keep);
    for (let i = 0; i < this.#held; i++) {
      this.#positions[i] = positions[order[i] as number] as number;
      this.#logits[i] = logits[order[i] as number] as number;
    }
    if (this.#held === this.#keep) this.#floor = this.#logits[this.#held - 1] as number;
  }
}
