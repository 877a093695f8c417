/** @file Targets: the scalar to explain, as a weighted sum of a network's logits. */
import type { Picture } from '../../inference/pictures/pictures.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import { scoreCount, type ScoreHead } from '../../inference/networks/score-head.js';
import { InputError } from '../../onnx/errors.js';

/**
 * The scalar to explain, always before sigmoid or softmax.
 * Networks with one output per picture: `score` (its value), `real` (+logit) or `fake` (−logit).
 * Classifiers: the logit of a class (counted from 0), or the difference of the logits of two classes.
 * Dense outputs: the mean of these over all positions, or of a class over a region.
 * Detectors: the logit of a class at a box.
 * Binary classifiers with one score: class 1 is +logit, class 0 is −logit.
 */
export type Target = 'score' | 'real' | 'fake' | number | ClassDifference | ClassRegion;

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
 * A region: the positions where the class has the largest logit; a box in pixels of the network's input, right and lower
 * edges excluded; a mask of any size over the network's input, bright inside; the index of one position or one box of a
 * detector; or all positions where the class's probability is above a threshold.
 */
export type Region = 'predicted' | Box | MaskRegion | { at: number } | { above: number };

/** A mask over the network's input. */
export interface MaskRegion {
  mask: Picture;
  /** What it is called, such as its file; a mask if not given. */
  name?: string;
  /** Size of the pictures that it was made for; any if not given. */
  of?: { width: number; height: number };
}

/** Left, top, right and bottom. */
export type Box = readonly [number, number, number, number];

/** Inputs of the weights of a region: the picture's logits and the size of the network's input. */
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
  for (const [index, sign] of signedClasses(head, target)) {
    weights.set(
      place.map((share) => sign * share),
      index * positions,
    );
  }
  return weights;
}

function signedClasses({ binary }: ScoreHead, target: Target): [number, number][] {
  if (typeof target === 'string') return [[0, target === 'fake' ? -1 : 1]];
  if (typeof target === 'number') return binary ? [[0, target === 0 ? -1 : 1]] : [[target, 1]];
  if ('region' in target) return [[target.class, 1]];
  return [
    [target.class, 1],
    [target.minus, -1],
  ];
}

/**
 * The target with a picture-dependent region replaced by its mask for one picture.
 * @param weights of that picture, from `targetWeights`
 */
export function fixedTarget({ grid }: ScoreHead, target: Target, weights: Float32Array): Target {
  if (!grid || typeof target !== 'object' || !('region' in target)) return target;
  const { region } = target;
  const depends = region === 'predicted' || (!isBox(region) && 'above' in region);
  if (!depends) return target;
  const size = grid.height * grid.width;
  const own = weights.subarray(target.class * size, (target.class + 1) * size);
  const data = Uint8Array.from(own, (weight) => (weight > 0 ? 255 : 0));
  return { class: target.class, region: { mask: { ...grid, channels: 1, data } } };
}

/** Weight of each position [h, w] in a region; the weights add up to 1. @throws InputError if the region is empty */
function regionShares(head: ScoreHead, target: ClassRegion, seen?: Seen): Float32Array {
  const { grid = { height: 1, width: 1 } } = head;
  const shares = regionCover(head, target, grid, seen);
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (total > 0) return shares.map((share) => share / total);
  const { region } = target;
  const isPlace = typeof region === 'object' && !isBox(region) && 'at' in region;
  const where =
    region === 'predicted'
      ? 'a class that is predicted somewhere'
      : isPlace
        ? `a position or box of 0…${grid.height * grid.width - 1}`
        : typeof region === 'object' && !isBox(region) && 'above' in region
          ? `a class that is above ${region.above} somewhere, ${largestNote(head, target, seen)}`
          : 'a region inside the picture';
  throw new InputError({ name: 'target', expected: where, got: `${targetLabel(target)}, which covers nothing` });
}

function largestNote(head: ScoreHead, { class: index }: ClassRegion, seen?: Seen): string {
  const positions = head.grid ? head.grid.height * head.grid.width : 1;
  const all = Array.from({ length: positions }, (_, at) => positionScore(head, seen?.logits ?? [], index, at));
  return `whose largest is ${all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY).toPrecision(3)}`;
}

/** The probability of a class at a position, or the raw value if the network has no probabilities. */
export function positionScore(
  { classes, grid, activation }: ScoreHead,
  logits: ArrayLike<number>,
  index: number,
  at: number,
) {
  const positions = grid ? grid.height * grid.width : 1;
  const logit = logits[index * positions + at] ?? Number.NaN;
  if (activation === undefined) return logit;
  if (activation === 'sigmoid') return 1 / (1 + Math.exp(-logit));
  let total = 0;
  for (let other = 0; other < classes; other++) total += Math.exp((logits[other * positions + at] ?? 0) - logit);
  return 1 / total;
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
  if (!isBox(region) && 'at' in region)
    return Float32Array.from({ length: height * width }, (_, at) => (at === region.at ? 1 : 0));
  if (!isBox(region) && 'above' in region) {
    return Float32Array.from({ length: height * width }, (_, at) =>
      positionScore(head, seen?.logits ?? [], index, at) > region.above ? 1 : 0,
    );
  }
  if (!isBox(region)) {
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

/** An axis of `length` is divided into `cells` equal parts: the length of each part that is between two points. */
function axisCover(from: number, to: number, cells: number, length = cells): number[] {
  const size = length / cells;
  return Array.from({ length: cells }, (_, cell) =>
    Math.max(0, Math.min(to, (cell + 1) * size) - Math.max(from, cell * size)),
  );
}

/** The class with the largest logit at each position. With a single class: 0 if its logit is positive, else −1. */
export function predictedClasses({ classes, grid }: ScoreHead, logits: Float32Array): Int32Array {
  const positions = grid ? grid.height * grid.width : 1;
  return Int32Array.from({ length: positions }, (_, at) => {
    if (classes === 1) return (logits[at] ?? 0) > 0 ? 0 : -1;
    return topClass(Float32Array.from({ length: classes }, (_class, index) => logits[index * positions + at] ?? 0));
  });
}

/** The class with the largest logit; the first one on a tie. */
export function topClass(logits: Float32Array): number {
  return logits.reduce((best, logit, index) => (logit > (logits[best] ?? Number.NEGATIVE_INFINITY) ? index : best), 0);
}

/** The classes with the largest logits, largest first. Dense outputs: the classes predicted at the most positions. */
export function topClasses(head: ScoreHead, logits: Float32Array, count: number): number[] {
  const values = head.kind === 'dense' ? new Float32Array(head.classes) : logits;
  if (head.kind === 'dense') {
    for (const index of predictedClasses(head, logits)) if (index >= 0) values[index] = (values[index] ?? 0) + 1;
  }
  const { part } = head;
  const all = Array.from({ length: head.classes }, (_, index) => index);
  const order = part ? all.filter((index) => part.includes(index)) : all;
  return order.toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b).slice(0, count);
}

/** The value of the explained score. */
export function targetScore(weights: Float32Array, logits: Float32Array): number {
  return weights.reduce((sum, weight, at) => sum + (weight === 0 ? 0 : weight * (logits[at] ?? 0)), 0);
}

/**
 * The network's probability: of the target's class, of being real for `real` and `fake`, or of a class at one position.
 * Undefined if the network has no probabilities.
 */
export function targetProbability(head: ScoreHead, logits: Float32Array, target: Target): number | undefined {
  if (head.activation === undefined) return undefined;
  if (typeof target === 'object') {
    const isPlace =
      'region' in target && !isBox(target.region) && typeof target.region === 'object' && 'at' in target.region;
    return isPlace ? positionScore(head, logits, target.class, (target.region as { at: number }).at) : undefined;
  }
  if (head.grid) return undefined;
  if (head.classes === 1) {
    const probability = head.activation === 'sigmoid' ? positionScore(head, logits, 0, 0) : undefined;
    return probability !== undefined && head.binary && target === 0 ? 1 - probability : probability;
  }
  return typeof target === 'number' ? positionScore(head, logits, target, 0) : undefined;
}

/**
 * The softmax over the scores at a class: of a classifier that ends with its scores, which mostly was trained with one. Undefined for
 * other networks and targets, and where the network has its own activation.
 */
export function softmaxShare(head: ScoreHead, logits: Float32Array, target: Target): number | undefined {
  const { kind, classes, activation, quantity } = head;
  const applies = kind === 'classifier' && classes > 1 && activation === undefined && quantity === undefined;
  if (!applies || typeof target !== 'number') return undefined;
  const score = logits[target] ?? Number.NaN;
  return 1 / logits.reduce((sum, logit) => sum + Math.exp(logit - score), 0);
}

/** Whether the output is known to be a picture, whose channels are no classes. */
export const isPicture = ({ picture }: ScoreHead) => picture !== undefined && picture !== 'perhaps';

/** The target in words, such as `class 281 (tabby)`. @param labels names of the classes, if known */
export function targetLabel(target: Target, labels?: readonly string[], head?: ScoreHead): string {
  const kind = head && isPicture(head) && !labels ? 'channel' : 'class';
  const named = (index: number) => (labels?.[index] === undefined ? `${index}` : `${index} (${labels[index]})`);
  if (typeof target === 'string') return target;
  if (typeof target === 'number') return `${kind} ${named(target)}`;
  if ('minus' in target) return `${kind} ${named(target.class)} − ${kind} ${named(target.minus)}`;
  return `${kind} ${named(target.class)} ${regionLabel(target.region)}`;
}

function regionLabel(region: Region): string {
  if (region === 'predicted') return 'where predicted';
  if (isBox(region)) return `in ${region.join(', ')}`;
  if ('mask' in region) return `in ${region.name ?? 'a mask'}`;
  return 'at' in region ? `at ${region.at}` : `where above ${region.above}`;
}

/** Whether a region is a box in pixels. */
export function isBox(region: Region): region is Box {
  return Array.isArray(region);
}

/** Number of classes that Finer-CAM compares with, as in pytorch-grad-cam. */
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
