/** @file How much of pictures' classes can be read from their features: by nearest neighbours and by a linear map. */
import { Matrix, solve } from 'ml-matrix';
import type { Features } from '../../trainer/quality/distance/features.js';

/** Features of pictures with their classes. */
export interface LabelledFeatures extends Features {
  labels: readonly number[];
}

const row = ({ size, data }: Features, index: number): Float32Array => data.subarray(index * size, (index + 1) * size);

/**
 * Share of pictures whose class is that of most of the `k` nearest known ones; of two classes as frequent the one of the
 * nearest picture counts.
 */
export function neighbourAccuracy(
  known: LabelledFeatures,
  asked: LabelledFeatures,
  metric: 'cosine' | 'euclid',
  k = 5,
): number {
  const [a, b] = metric === 'cosine' ? [unit(known), unit(asked)] : [known, asked];
  let right = 0;
  for (const [index, label] of asked.labels.entries()) {
    const own = row(b, index);
    const nearest: { of: number; distance: number }[] = [];
    for (const [other, of] of known.labels.entries()) {
      const distance = squaredDistance(own, row(a, other));
      if (nearest.length === k && distance >= (nearest[k - 1]?.distance ?? 0)) continue;
      const place = nearest.findIndex((each) => distance < each.distance);
      nearest.splice(place < 0 ? nearest.length : place, 0, { of, distance });
      nearest.length = Math.min(k, nearest.length);
    }
    const votes = new Map<number, number>();
    for (const { of } of nearest) votes.set(of, (votes.get(of) ?? 0) + 1);
    const most = Math.max(...votes.values());
    if (nearest.find(({ of }) => votes.get(of) === most)?.of === label) right++;
  }
  return right / asked.labels.length;
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += ((a[at] as number) - (b[at] as number)) ** 2;
  return sum;
}

/** The features at length 1. */
function unit(features: Features): Features {
  const { size, data } = features;
  const lengths = Array.from({ length: data.length / size }, (_, index) => Math.hypot(...row(features, index)));
  return { size, data: data.map((value, at) => value / (lengths[Math.floor(at / size)] || 1)) };
}

/** The share of their variance that is added to features of standard deviation 1, so that the map is not fitted to noise. */
const RIDGE = 0.01;

/**
 * Share of pictures whose class is the largest output of the linear map that fits the classes of known ones best (ridge regression
 * on features of mean 0 and standard deviation 1, classes as 0 and 1).
 */
export function linearAccuracy(known: LabelledFeatures, asked: LabelledFeatures): number {
  const { size } = known;
  const count = known.labels.length;
  const of = (features: Features) => Matrix.from1DArray(features.data.length / size, size, [...features.data]);
  const x = of(known);
  const mean = x.mean('column');
  const std = x.standardDeviation('column', { unbiased: false }).map((value) => value || 1);
  const standardised = (matrix: Matrix) => matrix.subRowVector(mean).divRowVector(std);
  standardised(x);
  const classes = Math.max(...known.labels) + 1;
  const y = Matrix.zeros(count, classes);
  known.labels.forEach((label, index) => y.set(index, label, 1));
  const shares = y.mean('column');
  const transposed = x.transpose();
  const ridge = Matrix.eye(size, size, RIDGE * count);
  const map = solve(transposed.mmul(x).add(ridge), transposed.mmul(y.subRowVector(shares)));
  const outputs = standardised(of(asked)).mmul(map).addRowVector(shares);
  const right = asked.labels.filter((label, index) => outputs.maxRowIndex(index)[1] === label);
  return right.length / asked.labels.length;
}
