/** @file The boxes of a detector that are explained where none is named. */
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { positionScore, predictedClasses, topClass, type ClassRegion } from './targets.js';

/** The box of a detector where a class has its largest score: its largest probability among the classes of a softmax. */
export function bestBox(head: ScoreHead, logits: Float32Array, index: number): number {
  const boxes = head.grid?.width ?? 1;
  const own = logits.subarray(index * boxes, (index + 1) * boxes);
  return topClass(head.activation === 'softmax' ? own.map((_, at) => logOdds(head, logits, index, at)) : own);
}

/** Of a class of a softmax at a position: z_c − log Σ_(d≠c) exp z_d, which orders probabilities that round to 1 too. */
function logOdds({ classes, grid }: ScoreHead, logits: Float32Array, index: number, at: number): number {
  const boxes = grid?.width ?? 1;
  const all = Array.from({ length: classes }, (_, other) => logits[other * boxes + at] ?? 0);
  const others = all.filter((_, other) => other !== index);
  const largest = Math.max(...others);
  return (all[index] ?? 0) - largest - Math.log(others.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
}

/**
 * The classes with the largest scores of a detector, each at its best box. A first or last class that wins the majority of
 * boxes is the background, also of two classes in a softmax: a box without an object must be one of them.
 */
export function topBoxes(head: ScoreHead, logits: Float32Array, count: number): ClassRegion[] {
  const boxes = head.grid?.width ?? 1;
  const wins = new Int32Array(head.classes);
  if (head.activation !== 'sigmoid') for (const index of predictedClasses(head, logits)) wins[index]!++;
  const least = head.activation === 'softmax' ? 2 : 3;
  const nothing = [0, head.classes - 1].find((index) => head.classes >= least && 2 * (wins[index] ?? 0) > boxes);
  return Array.from({ length: head.classes }, (_, index) => index)
    .filter((index) => index !== nothing && (head.part?.includes(index) ?? true))
    .map((index) => ({ class: index, at: bestBox(head, logits, index) }))
    .toSorted((a, b) => positionScore(head, logits, b.class, b.at) - positionScore(head, logits, a.class, a.at))
    .slice(0, count)
    .map(({ class: index, at }) => ({ class: index, region: { at } }));
}
