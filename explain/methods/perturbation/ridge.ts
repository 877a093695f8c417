/** @file A weighted ridge regression of scores on which regions are visible, as LIME's. */
import type { Random } from '../../../inference/numeric/random.js';
import { solvedSymmetric } from '../../../inference/numeric/solve.js';

/** Penalty of the squared weights, and width of the kernel, both as in the lime package. */
const ALPHA = 1;
const KERNEL_WIDTH = 0.25;

/** Flags of visible regions: all, or each with probability ½. */
export function drawnSubset(random: Random, count: number, all: boolean): Uint8Array {
  return Uint8Array.from({ length: count }, () => (all || random.uniform() < 0.5 ? 1 : 0));
}

/** √exp(−d²/0.25²), d the cosine distance between the flags and those of all regions: 1 − √(share of visible regions). */
export function similarity(visible: Uint8Array): number {
  const shown = visible.reduce((sum, flag) => sum + flag, 0);
  const distance = 1 - Math.sqrt(shown / visible.length);
  return Math.sqrt(Math.exp(-(distance ** 2) / KERNEL_WIDTH ** 2));
}

/** Weighted sums over samples. */
export interface RidgeSums {
  weight: number;
  score: number;
  /** Of flags [K], of products of two flags [K, K], and of flags times scores [K]. */
  flags: Float64Array;
  products: Float64Array;
  scores: Float64Array;
  add(visible: Uint8Array, score: number, weight: number): void;
}

/** Empty sums for `count` regions. */
export function ridgeSums(count: number): RidgeSums {
  const [flags, products, scores] = [count, count * count, count].map((size) => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return {
    weight: 0,
    score: 0,
    flags,
    products,
    scores,
    add(visible, score, weight) {
      this.weight += weight;
      this.score += weight * score;
      for (let i = 0; i < count; i++) {
        if (!visible[i]) continue;
        flags[i] = (flags[i] as number) + weight;
        scores[i] = (scores[i] as number) + weight * score;
        for (let j = 0; j < count; j++)
          products[i * count + j] = (products[i * count + j] as number) + weight * (visible[j] as number);
      }
    },
  };
}

/** β of min Σ w·(y − β₀ − zᵀβ)² + α·|β|² over the samples of all sums. */
export function ridgeWeights(groups: readonly RidgeSums[]): Float64Array {
  const total = (part: (sums: RidgeSums) => number) => groups.reduce((sum, own) => sum + part(own), 0);
  const [weight, score] = [total((own) => own.weight), total((own) => own.score)];
  const count = groups[0]?.flags.length ?? 0;
  const flags = Float64Array.from({ length: count }, (_, i) => total((own) => own.flags[i] as number));
  const matrix = Float64Array.from({ length: count * count }, (_, at) => {
    const [i, j] = [Math.floor(at / count), at % count];
    const centred = total((own) => own.products[at] as number) - ((flags[i] as number) * (flags[j] as number)) / weight;
    return centred + (i === j ? ALPHA : 0);
  });
  const right = flags.map((flag, i) => total((own) => own.scores[i] as number) - (flag * score) / weight);
  return solvedSymmetric(matrix, [right])[0] as Float64Array;
}
