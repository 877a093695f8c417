/** @file The Hilbert-Schmidt independence criterion of binary variables and a score. */

/** Sums over pairs of samples, of which one is in each of two groups: for all of them, one cell in one of them, or both. */
interface PairSums {
  /** Σ L [G, G] */
  all: Float64Array;
  /** Σ x·L [cells, G, G], and Σ x·x′·L. */
  one: Float64Array;
  both: Float64Array;
}

/**
 * tr(K·H·L·H)/(N − 1)² of each cell, K = ½ + [x = x′] and L = exp(−(y − y′)²/2w²), w the median of |y − y′|. As H·K·H = 2·x̃·x̃ᵀ
 * with the centred x̃, this is 2·x̃ᵀ·L·x̃/(N − 1)².
 * @param shown flags of cells of each sample
 * @returns a function of the group that is left out, if any; sample i is in group i mod `groups`
 */
export function dependences(
  shown: readonly Uint8Array[],
  scores: Float64Array,
  groups: number,
): (left?: number) => Float64Array {
  const cells = shown[0]?.length ?? 0;
  const { all, one, both } = pairSums(shown, scores, groups);
  const counts = Float64Array.from({ length: groups }, (_, g) => Math.ceil((shown.length - g) / groups));
  const visible = new Float64Array(groups * cells);
  shown.forEach((flags, i) =>
    flags.forEach((flag, cell) => {
      const at = (i % groups) * cells + cell;
      visible[at] = (visible[at] as number) + flag;
    }),
  );
  return (left) => {
    const kept = Array.from({ length: groups }, (_, g) => g).filter((g) => g !== left);
    const count = kept.reduce((sum, g) => sum + (counts[g] as number), 0);
    const total = (sums: Float64Array, start: number) =>
      kept.reduce((sum, g) => kept.reduce((own, h) => own + (sums[start + g * groups + h] as number), sum), 0);
    const ones = total(all, 0);
    return Float64Array.from({ length: cells }, (_, cell) => {
      const mean = kept.reduce((sum, g) => sum + (visible[g * cells + cell] as number), 0) / count;
      const start = cell * groups * groups;
      const centred = total(both, start) - 2 * mean * total(one, start) + mean * mean * ones;
      return (2 * centred) / (count - 1) ** 2;
    });
  };
}

function pairSums(shown: readonly Uint8Array[], scores: Float64Array, groups: number): PairSums {
  const cells = shown[0]?.length ?? 0;
  const width = medianGap(scores);
  const kernel = (gap: number) => (width === 0 ? Number(gap === 0) : Math.exp(-(gap ** 2) / (2 * width ** 2)));
  const sums: PairSums = {
    all: new Float64Array(groups * groups),
    one: new Float64Array(cells * groups * groups),
    both: new Float64Array(cells * groups * groups),
  };
  const near = new Float64Array(groups);
  const nearShown = new Float64Array(groups * cells);
  shown.forEach((own, i) => {
    near.fill(0);
    nearShown.fill(0);
    for (let j = 0; j < shown.length; j++) {
      const alike = kernel((scores[i] as number) - (scores[j] as number));
      const group = j % groups;
      near[group] = (near[group] as number) + alike;
      const flags = shown[j] as Uint8Array;
      for (let cell = 0; cell < cells; cell++)
        nearShown[group * cells + cell] = (nearShown[group * cells + cell] as number) + alike * (flags[cell] as number);
    }
    const row = (i % groups) * groups;
    for (let h = 0; h < groups; h++) {
      sums.all[row + h] = (sums.all[row + h] as number) + (near[h] as number);
      for (let cell = 0; cell < cells; cell++) {
        if (!own[cell]) continue;
        const at = cell * groups * groups + row + h;
        sums.one[at] = (sums.one[at] as number) + (near[h] as number);
        sums.both[at] = (sums.both[at] as number) + (nearShown[h * cells + cell] as number);
      }
    }
  });
  return sums;
}

/** Most scores whose gaps the median is taken of. */
const MOST_FOR_MEDIAN = 1000;

/** Median of |y − y′| over the pairs of (the first) scores. */
function medianGap(scores: Float64Array): number {
  const own = scores.subarray(0, MOST_FOR_MEDIAN);
  const gaps = new Float64Array((own.length * (own.length - 1)) / 2);
  let at = 0;
  for (let i = 0; i < own.length; i++)
    for (let j = 0; j < i; j++) gaps[at++] = Math.abs((own[i] as number) - (own[j] as number));
  gaps.sort();
  const middle = gaps.length / 2;
  return ((gaps[Math.floor(middle)] ?? 0) + (gaps[Math.ceil(middle) - 1] ?? 0)) / 2;
}
