/** @file Standard errors of estimates from random draws. */

/** Most groups of draws, and fewest that tell an error. */
const MOST_GROUPS = 20;
const LEAST_GROUPS = 4;
/** Numbers that the sums of all groups may hold: 128 MiB. */
const MOST_NUMBERS = 2 ** 24;

/**
 * How many groups some draws are in: draw i is in group i mod that. One if no error can be told.
 * @param numbers that the sums of one group hold
 */
export function jackknifeGroups(draws: number, numbers = 1): number {
  const groups = Math.min(MOST_GROUPS, draws, Math.floor(MOST_NUMBERS / numbers));
  return groups < LEAST_GROUPS ? 1 : groups;
}

/**
 * Standard errors by the delete-a-group jackknife (Efron and Stein 1981): √((G − 1)/G · Σ_g (θ_g − mean of θ_g)²), θ_g the
 * estimate without the draws of group g.
 * @param groups G, at least 2
 */
export function jackknifeErrors(groups: number, without: (group: number) => ArrayLike<number>): Float32Array {
  let [sums, squares, first]: Float64Array[] = [];
  for (let group = 0; group < groups; group++) {
    const estimate = Float64Array.from(without(group));
    first ??= estimate;
    sums ??= new Float64Array(estimate.length);
    squares ??= new Float64Array(estimate.length);
    for (let at = 0; at < estimate.length; at++) {
      // From the first estimate, as the squares of near numbers cancel.
      const gap = (estimate[at] as number) - (first[at] as number);
      sums[at] = (sums[at] as number) + gap;
      squares[at] = (squares[at] as number) + gap * gap;
    }
  }
  return Float32Array.from(squares ?? [], (square, at) => {
    const mean = (sums?.[at] as number) / groups;
    return Math.sqrt(Math.max(0, square - groups * mean * mean) * ((groups - 1) / groups));
  });
}
