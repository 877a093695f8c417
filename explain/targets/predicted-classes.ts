/** @file The classes that a dense output predicts in a picture, and the one that is explained by default. */
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { predictedClasses } from './targets.js';

/** A class with the share of the positions where it has the largest logit. */
export interface PredictedClass {
  class: number;
  share: number;
}

/** Names that stand for no object. */
const background = /^[\s_]*(background|back ground|bg|void|none|nothing|unlabel+ed|ignore)[\s_]*$/i;

/** How many classes are named. */
const MAX_NAMED = 5;

/** The predicted classes of a dense output, by their share of the positions. */
export function classesByShare(head: ScoreHead, logits: Float32Array): PredictedClass[] {
  const classes = predictedClasses(head, logits);
  const counts = new Map<number, number>();
  for (const index of classes) if (index >= 0) counts.set(index, (counts.get(index) ?? 0) + 1);
  return [...counts]
    .map(([index, count]) => ({ class: index, share: count / classes.length }))
    .toSorted((a, b) => b.share - a.share || a.class - b.class);
}

/** The most common class whose label does not say that it is background; the most common one where there is no other. */
export function mostCommonClass(head: ScoreHead, logits: Float32Array, labels?: readonly string[]): number {
  const found = classesByShare(head, logits);
  const foreground = found.find(({ class: index }) => !background.test(labels?.[index] ?? ''));
  return (foreground ?? found[0])?.class ?? 0;
}

/** The predicted classes in words, where a default had several to choose from. */
export function choiceOfClasses(head: ScoreHead, logits: Float32Array, labels?: readonly string[]): string | undefined {
  if (head.kind !== 'dense' || head.classes === 1) return undefined;
  const found = classesByShare(head, logits);
  if (found.length < 2) return undefined;
  const named = found.slice(0, MAX_NAMED).map(({ class: index, share }) => {
    const label = labels?.[index];
    return `${index}${label === undefined ? '' : ` (${label})`} ${percent(share)}`;
  });
  const more = found.length > MAX_NAMED ? ` and ${found.length - MAX_NAMED} more` : '';
  const [largest] = found;
  const skipped = largest && mostCommonClass(head, logits, labels) !== largest.class;
  const taken = skipped ? 'the most common class that is not background' : 'the most common class';
  return `${taken} is explained by default; predicted here: ${named.join(', ')}${more}`;
}

const percent = (share: number) => (share < 0.01 ? 'under 1 %' : `${Math.round(100 * share)} %`);
