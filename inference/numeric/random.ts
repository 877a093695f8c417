/** @file Seeded random numbers with a state that can be saved. Latents, weights and shuffles use only this generator. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { InputError } from '../../onnx/errors.js';

/** The first two 64-bit words of SplitMix64 from `start`, as xoroshiro128+ state words. */
function splitMixState(start: bigint): number[] {
  const words: number[] = [];
  for (let i = 1n; i <= 2n; i++) {
    let z = BigInt.asUintN(64, start + i * 0x9e3779b97f4a7c15n);
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    z ^= z >> 31n;
    words.push(Number(BigInt.asIntN(32, z >> 32n)), Number(BigInt.asIntN(32, z)));
  }
  return words;
}

/** Cache of the hashes of stream names. */
const hashes = new Map<string, bigint>();
const MAX_HASHES = 1000;

/** FNV-1a, 64 bits, of a string's UTF-8 bytes. */
function fnv1a64(text: string): bigint {
  const known = hashes.get(text);
  if (known !== undefined) return known;
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  if (hashes.size < MAX_HASHES) hashes.set(text, hash);
  return hash;
}

function checkedSeed(seed: number): bigint {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InputError({ name: 'seed', expected: 'an integer of 0…2^53 − 1', got: seed });
  }
  return BigInt(seed);
}

/**
 * A random number generator: xoroshiro128+ (Blackman and Vigna 2018), its state filled by SplitMix64 as its authors
 * advise, so neighbouring seeds give unrelated numbers and different seeds never share a state.
 *
 * @example
 * const random = new Random(42);
 * const saved = JSON.stringify(random.state());
 * const next = random.normal();
 * Random.fromState(JSON.parse(saved)).normal() === next; // true
 */
export class Random {
  #generator: RandomGenerator;
  #spareNormal: number | undefined;

  /**
   * @param seed integer of 0…2^53 − 1
   * @throws InputError for any other seed
   */
  constructor(seed: number) {
    this.#generator = xoroshiro128plusFromState(splitMixState(checkedSeed(seed)));
  }

  /**
   * A named generator of a seed. Generators with different names are independent: `Random.derived(seed, 'shuffle')` does
   * not depend on how many numbers were drawn from `Random.derived(seed, 'latents')`.
   * @throws InputError for a seed that is not an integer of 0…2^53 − 1
   */
  static derived(seed: number, stream: string): Random {
    const [high = 0, low = 0] = splitMixState(checkedSeed(seed));
    const mixed = (BigInt.asUintN(32, BigInt(high)) << 32n) | BigInt.asUintN(32, BigInt(low));
    return Random.fromState(splitMixState(mixed ^ fnv1a64(stream)));
  }

  /**
   * Restores a generator: it continues with exactly the numbers that the saved one would have given.
   * @param state what `state()` returned, also after a round trip through JSON
   * @throws InputError if `state` cannot have come from `state()`
   */
  static fromState(state: readonly number[]): Random {
    const words = state.slice(0, 4);
    const spare = state[4];
    const valid =
      (state.length === 4 || (state.length === 5 && Number.isFinite(spare))) &&
      words.every((word) => Number.isInteger(word) && word === (word | 0)) &&
      words.some((word) => word !== 0);
    if (!valid) {
      throw new InputError({
        name: 'random state',
        expected: 'four 32-bit integers, not all zero, and at most one spare number',
      });
    }
    const random = new Random(0);
    random.#generator = xoroshiro128plusFromState(words);
    random.#spareNormal = spare;
    return random;
  }

  /** The whole state: four 32-bit words, and the second normal of a pair if it has not been used yet. */
  state(): readonly number[] {
    const words = [...this.#generator.getState()];
    return this.#spareNormal === undefined ? words : [...words, this.#spareNormal];
  }

  /** A uniformly distributed number in [0, 1), a multiple of 2^−53. */
  uniform(): number {
    return uniformFloat64(this.#generator);
  }

  /**
   * A standard normal number, by the polar form of Box and Muller 1958 (Marsaglia and Bray 1964).
   * Normals come in pairs; the second of a pair is kept for the next call. The polar form needs no sine and cosine,
   * whose last bit differs between JavaScript engines.
   */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const squaredRadius = x * x + y * y;
      if (squaredRadius > 0 && squaredRadius < 1) {
        const factor = Math.sqrt((-2 * Math.log(squaredRadius)) / squaredRadius);
        this.#spareNormal = y * factor;
        return x * factor;
      }
    }
  }

  /**
   * A uniformly distributed integer of 0…n − 1, without modulo bias.
   * @param n integer of 1…2^32
   * @throws RangeError for any other `n`
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(`integer(n): expected n of 1…2^32; got ${n}`);
    }
    return uniformInt(this.#generator, 0, n - 1);
  }

  /** The integers 0…n − 1 in random order, every order equally likely (Fisher and Yates; Durstenfeld 1964). */
  shuffled(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let last = n - 1; last > 0; last--) {
      const chosen = this.integer(last + 1);
      const value = order[chosen] ?? 0;
      order[chosen] = order[last] ?? 0;
      order[last] = value;
    }
    return order;
  }
}
