/** @file The scalar that is explained: which of a network's logits, with which sign and where, a target means. */
import type { Picture } from '../../inference/pictures/pictures.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import { scoreCount, type ScoreHead } from '../../inference/networks/score-head.js';
import { InputError } from '../../onnx/errors.js';

/**
 * What is explained, always before sigmoid or softmax: for networks with one output per picture `real`, +logit, or `fake`,
 * −logit; for classifiers the logit of a class, counted from 0, or how much it exceeds that of another class; for dense
 * outputs the mean of these over all positions, or of a class over a region.
 */
export type Target = 'real' | 'fake' | number | ClassDifference | ClassRegion;

/** Logit of `class` minus logit of `minus`. */
export interface ClassDifference {
  class: number;
  minus: number;
}

/** Mean logit of a class over a region of a dense output. */
export interface ClassRegion {
  class: number;
  region: Region;
}

/**
 * Where: the positions where the class has the largest logit of all; a box in pixels of the network's input, its right and
 * lower edges outside; or a mask of any size over what the network sees, bright inside.
 */
export type Region = 'predicted' | Box | { mask: Picture };

/** Left, top, right and bottom. */
export type Box = readonly [number, number, number, number];

/** What the weights of a region hang on: the picture's logits and the size of the network's input. */
export interface Seen {
  logits: Float32Array;
  height: number;
  width: number;
}

/** One row of target weights [scores]: the share of each logit in the score. @throws InputError for an empty region */
export function targetWeights(head: ScoreHead, target: Target, seen?: Seen): Float32Array {
  const positions = head.grid ? head.grid.height * head.grid.width : 1;
  const everywhere = new Float32Array(positions).fill(1 / positions);
  const place = typeof target === 'object' && 'region' in target ? regionShares(head, target, seen) : everywhere;
  const weights = new Float32Array(scoreCount(head));
  for (const [index, sign] of signedClasses(target)) {
    weights.set(
      place.map((share) => sign * share),
      index * positions,
    );
  }
  return weights;
}

function signedClasses(target: Target): [number, number][] {
  if (target === 'real' || target === 'fake') return [[0, target === 'real' ? 1 : -1]];
  if (typeof target === 'number') return [[target, 1]];
  if ('region' in target) return [[target.class, 1]];
  return [
    [target.class, 1],
    [target.minus, -1],
  ];
}

/**
 * The target with a predicted region as the mask that it was on one picture.
 * @param weights of that picture, from `targetWeights`
 */
export function fixedTarget({ grid }: ScoreHead, target: Target, weights: Float32Array): Target {
  if (!grid || typeof target !== 'object' || !('region' in target) || target.region !== 'predicted') return target;
  const size = grid.height * grid.width;
  const own = weights.subarray(target.class * size, (target.class + 1) * size);
  const data = Uint8Array.from(own, (weight) => (weight > 0 ? 255 : 0));
  return { class: target.class, region: { mask: { ...grid, channels: 1, data } } };
}

/** The share of each position [h, w] in a region; they add up to 1. @throws InputError if the region is empty */
function regionShares(head: ScoreHead, target: ClassRegion, seen?: Seen): Float32Array {
  const { grid = { height: 1, width: 1 } } = head;
  const shares = regionCover(head, target, grid, seen);
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (total > 0) return shares.map((share) => share / total);
  const where = target.region === 'predicted' ? 'a class that is predicted somewhere' : 'a region inside the picture';
  throw new InputError({ name: 'target', expected: where, got: `${targetLabel(target)}, which covers nothing` });
}

function regionCover(
  head: ScoreHead,
  { class: index, region }: ClassRegion,
  { height, width }: { height: number; width: number },
  seen?: Seen,
): Float32Array {
  if (region === 'predicted') {
    const classes = seen ? predictedClasses(head, seen.logits) : new Int32Array();
    return Float32Array.from({ length: height * width }, (_, at) => (classes[at] === index ? 1 : 0));
  }
  if ('mask' in region) {
    const mask = resizedPicture(region.mask, { height, width, channels: 1, resize: 'squash' });
    return Float32Array.from(mask.data, (value) => value / 255);
  }
  const [left, top, right, bottom] = region;
  const [rows, columns] = [axisCover(top, bottom, height, seen?.height), axisCover(left, right, width, seen?.width)];
  return Float32Array.from(
    { length: height * width },
    (_, at) => (rows[Math.floor(at / width)] ?? 0) * (columns[at % width] ?? 0),
  );
}

/** How much of each of `cells` equal parts of an axis of `length` lies between two points. */
function axisCover(from: number, to: number, cells: number, length = cells): number[] {
  const size = length / cells;
  return Array.from({ length: cells }, (_, cell) =>
    Math.max(0, Math.min(to, (cell + 1) * size) - Math.max(from, cell * size)),
  );
}

/** The class with the largest logit at each position; of a single one where its logit is positive, else −1. */
function predictedClasses({ classes, grid }: ScoreHead, logits: Float32Array): Int32Array {
  const positions = grid ? grid.height * grid.width : 1;
  return Int32Array.from({ length: positions }, (_, at) => {
    if (classes === 1) return (logits[at] ?? 0) > 0 ? 0 : -1;
    return topClass(Float32Array.from({ length: classes }, (_class, index) => logits[index * positions + at] ?? 0));
  });
}

/** The class with the largest logit; the first of several. */
function topClass(logits: Float32Array): number {
  return logits.reduce((best, logit, index) => (logit > (logits[best] ?? Number.NEGATIVE_INFINITY) ? index : best), 0);
}

/** The classes with the largest logits, largest first; of a dense output those that are predicted at most positions. */
export function topClasses(head: ScoreHead, logits: Float32Array, count: number): number[] {
  const values = head.kind === 'dense' ? new Float32Array(head.classes) : logits;
  if (head.kind === 'dense') {
    for (const index of predictedClasses(head, logits)) if (index >= 0) values[index] = (values[index] ?? 0) + 1;
  }
  const order = Array.from({ length: head.classes }, (_, index) => index);
  return order.toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b).slice(0, count);
}

/** The value of the score that is explained. */
export function targetScore(weights: Float32Array, logits: Float32Array): number {
  return weights.reduce((sum, weight, at) => sum + (weight === 0 ? 0 : weight * (logits[at] ?? 0)), 0);
}

/** The network's probability of the target's class, of being real for `real` and `fake`; undefined if it gives none. */
export function targetProbability(head: ScoreHead, logits: Float32Array, target: Target): number | undefined {
  if (typeof target === 'object' || head.kind === 'dense') return undefined;
  const logit = logits[typeof target === 'number' ? target : 0] ?? Number.NaN;
  if (head.activation === 'sigmoid') return 1 / (1 + Math.exp(-logit));
  if (head.activation === undefined || head.kind === 'discriminator') return undefined;
  return 1 / logits.reduce((sum, other) => sum + Math.exp(other - logit), 0);
}

/** The target in words, such as `class 281 (tabby)`. @param labels names of the classes, if they are known */
export function targetLabel(target: Target, labels?: readonly string[]): string {
  const named = (index: number) => (labels?.[index] === undefined ? `${index}` : `${index} (${labels[index]})`);
  if (typeof target === 'string') return target;
  if (typeof target === 'number') return `class ${named(target)}`;
  if ('minus' in target) return `class ${named(target.class)} − class ${named(target.minus)}`;
  const { region } = target;
  const where = region === 'predicted' ? 'where predicted' : 'mask' in region ? 'in a mask' : `in ${region.join(', ')}`;
  return `class ${named(target.class)} ${where}`;
}

/** Classes that Finer-CAM compares with, as in pytorch-grad-cam. */
const COMPARED = 3;

/**
 * The share of each logit in Finer-CAM's score s = Σ_d p_d·(z_c − z_d) / Σ_d p_d, over the three classes d with the logits
 * nearest to z_c, p their softmax: ∂s/∂z. As in pytorch-grad-cam, p is not held constant: with w = p / Σp,
 * ∂s/∂z_d = −w_d·(1 + z_d − Σ_e w_e·z_e).
 * @param logits of one picture of a classifier
 * @param target a class of several
 */
export function contrastedWeights(logits: Float32Array, target: number): Float32Array {
  const weights = new Float32Array(logits.length);
  const own = logits[target] ?? 0;
  const others = Array.from(logits, (logit, index) => ({ logit, index })).filter(({ index }) => index !== target);
  const near = others.toSorted((a, b) => Math.abs(a.logit - own) - Math.abs(b.logit - own)).slice(0, COMPARED);
  const largest = Math.max(...near.map(({ logit }) => logit));
  const exponentials = near.map(({ logit }) => Math.exp(logit - largest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  const mean = near.reduce((sum, { logit }, at) => sum + (logit * (exponentials[at] ?? 0)) / total, 0);
  near.forEach(({ logit, index }, at) => (weights[index] = (-(exponentials[at] ?? 0) / total) * (1 + logit - mean)));
  weights[target] = 1;
  return weights;
}
