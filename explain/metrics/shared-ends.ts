/** @file Runs of the network on pictures that many metrics and maps have in common: the first and the last of a request. */
import { concatenated } from '../../inference/numeric/concatenated.js';
import { sameNumbers } from '../network/tensors.js';

/** A picture of this request or an earlier one, with its logits once they are there. */
interface Known {
  picture: Float32Array;
  logits: Promise<Float32Array>;
}

/**
 * Logits of pictures. Curves begin and end with the whole picture, a blurred or an empty one, whatever the map is; confidences
 * are compared with that of the whole picture. Each of these runs once.
 */
export class SharedEnds {
  #known: Known[] = [];

  constructor(readonly run: (pictures: Float32Array) => Promise<Float32Array>) {}

  /**
   * @param pictures at least one; a single one is remembered only if it is the first, the unchanged picture
   * @param size numbers of a picture
   */
  async logits(pictures: Float32Array, size: number): Promise<Float32Array> {
    const count = pictures.length / size;
    const rowAt = (row: number) => pictures.subarray(row * size, (row + 1) * size);
    const first = this.#of(rowAt(0));
    const last = count > 1 ? this.#of(rowAt(count - 1)) : undefined;
    const [from, to] = [first ? 1 : 0, last ? count - 1 : count];
    const made = from < to ? this.run(pictures.subarray(from * size, to * size)) : Promise.resolve(new Float32Array());
    /** Remembers a picture of those that run now. */
    const add = (row: number) => {
      const logits = made.then((all) => {
        const scores = all.length / (to - from);
        return all.slice((row - from) * scores, (row - from + 1) * scores);
      });
      // Its error is thrown where `made` is awaited.
      logits.catch(() => undefined);
      this.#known.push({ picture: rowAt(row).slice(), logits });
    };
    if (!first && (count > 1 || this.#known.length === 0)) add(0);
    if (!last && count > 1) add(count - 1);
    const none = new Float32Array();
    return concatenated(await Promise.all([first?.logits ?? none, made, last?.logits ?? none]));
  }

  /** Forgets all pictures. */
  forget(): void {
    this.#known = [];
  }

  #of(picture: Float32Array): Known | undefined {
    return this.#known.find((known) => sameNumbers(known.picture, picture));
  }
}
