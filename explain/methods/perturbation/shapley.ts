/** @file Shapley values of regions from scores of random sets of them. */
import type { Random } from '../../../inference/numeric/random.js';
import { solvedSymmetric } from '../../../inference/numeric/solve.js';

/** Flags of a set of regions, and of all others. */
export interface Pair {
  set: Uint8Array;
  complement: Uint8Array;
}

/**
 * Sets of regions with the probabilities of the Shapley kernel, each with its complement: a set has 1 ≤ k < K regions with a
 * probability ∝ 1/(k·(K − k)), and all sets of a size are equally likely.
 */
export function drawnCoalitions(random: Random, count: number, pairs: number): Pair[] {
  const shares = Array.from({ length: count - 1 }, (_, at) => 1 / ((at + 1) * (count - 1 - at)));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return Array.from({ length: pairs }, () => {
    let left = random.uniform() * total;
    let size = 1;
    while (size < count - 1 && left >= (shares[size - 1] as number)) left -= shares[size++ - 1] as number;
    const order = Array.from({ length: count }, (_, region) => region);
    const set = new Uint8Array(count);
    for (let at = 0; at < size; at++) {
      const chosen = at + Math.floor(random.uniform() * (count - at));
      set[order[chosen] as number] = 1;
      order[chosen] = order[at] as number;
    }
    return { set, complement: set.map((flag) => 1 - flag) };
  });
}

/** Sums over sets: of products of two flags [K, K], and of flags times gains [K]. */
export interface CoalitionSums {
  products: Float64Array;
  gains: Float64Array;
  add(set: Uint8Array, gain: number): void;
}

/** Empty sums for `count` regions. */
export function coalitionSums(count: number): CoalitionSums {
  const [products, gains] = [new Float64Array(count * count), new Float64Array(count)];
  return {
    products,
    gains,
    add(set, gain) {
      for (let i = 0; i < count; i++) {
        if (!set[i]) continue;
        gains[i] = (gains[i] as number) + gain;
        for (let j = 0; j < count; j++)
          products[i * count + j] = (products[i * count + j] as number) + (set[j] as number);
      }
    },
  };
}

/**
 * φ of min Σ (zᵀφ − gain)² under Σ φ = difference (Covert and Lee 2021, eq. 7): A⁻¹·(b − 1·(1ᵀA⁻¹b − difference)/(1ᵀA⁻¹1)),
 * A = Σ z·zᵀ, b = Σ z·gain.
 */
export function shapleyValues(groups: readonly CoalitionSums[], difference: number): Float64Array {
  const count = groups[0]?.gains.length ?? 0;
  if (count === 1) return Float64Array.of(difference);
  const total = (part: (sums: CoalitionSums) => Float64Array, size: number) =>
    Float64Array.from({ length: size }, (_, at) => groups.reduce((sum, own) => sum + (part(own)[at] as number), 0));
  const products = total((own) => own.products, count * count);
  const gains = total((own) => own.gains, count);
  const [free, ones] = solvedSymmetric(products, [gains, new Float64Array(count).fill(1)]) as [
    Float64Array,
    Float64Array,
  ];
  const sumOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  const excess = (sumOf(free) - difference) / sumOf(ones);
  return free.map((value, at) => value - (ones[at] as number) * excess);
}
