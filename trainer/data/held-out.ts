/** @file Which pictures are held out: the discriminator judges them, and is never trained on them. */
import { Random } from '../../inference/numeric/random.js';
import { InputError } from '../../onnx/errors.js';
import type { GanConfig } from '../settings/config.js';

/** The numbers of a set's pictures, in ascending order, in two parts that share none. */
export interface Parts {
  trained: Uint32Array;
  heldOut: Uint32Array;
}

/**
 * The parts of a set of `length` pictures: a share of `heldOut`, rounded to whole pictures, is drawn by the seed. The draw depends
 * on nothing else, so that a resumed run, and each process of a group, holds out the same.
 * @throws InputError if that share is less than one picture, or leaves none to train on
 */
export function partsOf(length: number, { heldOut, seed }: Pick<GanConfig, 'heldOut' | 'seed'>): Parts {
  const all = Uint32Array.from({ length }, (_, index) => index);
  if (heldOut === 0) return { trained: all, heldOut: new Uint32Array() };
  const count = Math.round(heldOut * length);
  if (count === 0 || count === length)
    throw new InputError({
      name: 'heldOut',
      expected:
        `a share that holds out at least one of ${length} picture${length === 1 ? '' : 's'} and leaves one to train on` +
        ' (`ada` with `adaSignal` sign holds out none)',
      got: heldOut,
    });
  const drawn = Random.derived(seed, 'held-out').shuffled(length);
  return { trained: drawn.slice(count).sort(), heldOut: drawn.slice(0, count).sort() };
}
