/** @file The nearest of many features to a few, kept as they stream by. */

/** How far features are apart: `cosine` is 1 − cos, `l2` the Euclidean distance. */
export type DistanceName = 'cosine' | 'l2';

/** A picture and how far it is. */
export interface Neighbour {
  picture: string;
  distance: number;
}

/** The distance of two features, summed in float64; 1 is the cosine distance from a feature of zeros. */
export function featureDistance(a: Float32Array, b: Float32Array, name: DistanceName): number {
  let [product, own, other, squares] = [0, 0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [a[at] as number, b[at] as number];
    product += x * y;
    own += x * x;
    other += y * y;
    squares += (x - y) ** 2;
  }
  if (name === 'l2') return Math.sqrt(squares);
  return own > 0 && other > 0 ? Math.max(0, 1 - product / Math.sqrt(own * other)) : 1;
}

/** Puts a picture among the nearest ones, which are in order, and drops what is beyond `count`; of equals the first stays first. */
export function addNeighbour(nearest: Neighbour[], added: Neighbour, count: number): void {
  const place = nearest.findIndex(({ distance }) => added.distance < distance);
  if (place >= 0) nearest.splice(place, 0, added);
  else if (nearest.length < count) nearest.push(added);
  if (nearest.length > count) nearest.pop();
}

/** Means over positions [N, channels] of features [N, channels · positions], channel by channel. */
export function pooledFeatures(rows: Float32Array, positions: number): Float32Array {
  return Float32Array.from({ length: rows.length / positions }, (_, at) => {
    let sum = 0;
    for (let position = 0; position < positions; position++) sum += rows[at * positions + position] as number;
    return sum / positions;
  });
}
