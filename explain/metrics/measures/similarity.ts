/** @file Similarity of two maps. */
import { orderOf } from './order.js';

/** Ranks from 0; equal values share their mean rank. */
function ranks(values: Float32Array): Float64Array {
  const order = orderOf(values, 'ascending');
  const found = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end] ?? 0] === values[order[start] ?? 0]) end++;
    for (let i = start; i < end; i++) found[order[i] ?? 0] = (start + end - 1) / 2;
    start = end;
  }
  return found;
}

/** Spearman's rank correlation, −1…1: Pearson's of the ranks; 0 if all values of a map are equal. */
export function rankCorrelation(a: Float32Array, b: Float32Array): number {
  const [x, y] = [ranks(a), ranks(b)];
  // The mean rank of n values is (n − 1) / 2, with or without ties.
  const middle = (x.length - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [(x[i] ?? 0) - middle, (y[i] ?? 0) - middle];
    [xy, xx, yy] = [xy + p * q, xx + p * p, yy + q * q];
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

const WINDOW = 7;
/** (0.01·L)² and (0.03·L)² for a range L = 1. */
const [C1, C2] = [1e-4, 9e-4];

/**
 * The mean structural similarity of two maps of 0…1 (Wang et al. 2004, eq. 13), over all 7×7 windows that lie inside, with
 * the covariance of a sample: `structural_similarity(a, b, data_range=1)` of scikit-image.
 * @param a [h, w]; smaller maps than 7×7 are one window
 */
export function structuralSimilarity(a: Float32Array, b: Float32Array, h: number, w: number): number {
  const [rows, columns] = [Math.min(WINDOW, h), Math.min(WINDOW, w)];
  const count = rows * columns;
  let [sum, windows] = [0, 0];
  for (let top = 0; top + rows <= h; top++) {
    for (let left = 0; left + columns <= w; left++) {
      let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
      for (let y = top; y < top + rows; y++) {
        for (let at = y * w + left; at < y * w + left + columns; at++) {
          const p = a[at] as number;
          const q = b[at] as number;
          sa += p;
          sb += q;
          saa += p * p;
          sbb += q * q;
          sab += p * q;
        }
      }
      const [ma, mb] = [sa / count, sb / count];
      const covariance = (product: number, p: number, q: number) => (product - count * p * q) / (count - 1);
      const [vaa, vbb, vab] = [covariance(saa, ma, ma), covariance(sbb, mb, mb), covariance(sab, ma, mb)];
      sum += ((2 * ma * mb + C1) * (2 * vab + C2)) / ((ma * ma + mb * mb + C1) * (vaa + vbb + C2));
      windows++;
    }
  }
  return sum / windows;
}
