/** @file The boxes of a detector that are explained where none is named. */
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { positionScore, predictedClasses, topClass, type ClassRegion } from './targets.js';

/** The box of a detector where a class has its largest score: its largest probability among the classes of a softmax. */
export function bestBox(head: ScoreHead, logits: Float32Array, index: number): number {
  return bestOf(head, boxScores(head, logits), index);
}

function bestOf({ grid }: ScoreHead, scores: Float32Array, index: number): number {
  const boxes = grid?.width ?? 1;
  return topClass(scores.subarray(index * boxes, (index + 1) * boxes));
}

/** Scores [classes, boxes] that order the boxes of a class as its probabilities do. */
function boxScores(head: ScoreHead, logits: Float32Array): Float32Array {
  return head.activation === 'softmax' ? logOdds(head, logits) : logits;
}

/** Of every class of a softmax at every box: z_c − log Σ_(d≠c) exp z_d, which orders probabilities that round to 1 too. */
function logOdds({ classes, grid }: ScoreHead, logits: Float32Array): Float32Array {
  const boxes = grid?.width ?? 1;
  const odds = new Float32Array(classes * boxes);
  for (let at = 0; at < boxes; at++) {
    const own = Float64Array.from({ length: classes }, (_, index) => logits[index * boxes + at] ?? 0);
    const top = own.reduce((best, logit, index) => (logit > (own[best] ?? 0) ? index : best), 0);
    const largest = own[top] ?? 0;
    const second = own.reduce((most, logit, index) => (index === top ? most : Math.max(most, logit)), -Infinity);
    const total = own.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
    // The largest logit is not subtracted from the total: nothing would be left of the others.
    const rest = own.reduce((sum, logit, index) => (index === top ? sum : sum + Math.exp(logit - second)), 0);
    own.forEach((logit, index) => {
      const others = index === top ? second + Math.log(rest) : largest + Math.log(total - Math.exp(logit - largest));
      odds[index * boxes + at] = logit - others;
    });
  }
  return odds;
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
  const scores = boxScores(head, logits);
  return Array.from({ length: head.classes }, (_, index) => index)
    .filter((index) => index !== nothing && (head.part?.includes(index) ?? true))
    .map((index) => ({ class: index, at: bestOf(head, scores, index) }))
    .toSorted((a, b) => positionScore(head, logits, b.class, b.at) - positionScore(head, logits, a.class, a.at))
    .slice(0, count)
    .map(({ class: index, at }) => ({ class: index, region: { at } }));
}
