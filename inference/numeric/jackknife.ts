/** @file Standard errors of estimates from random draws. */

/** Most groups of draws. */
const MOST_GROUPS = 20;

/** How many groups some draws are in: draw i is in group i mod that. */
export function jackknifeGroups(draws: number): number {
  return Math.min(MOST_GROUPS, draws);
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
