/** @file The classes with the largest scores of a picture, in words. */
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { isPicture, targetLabel, targetProbability, targetScore, targetWeights, topClasses } from './targets.js';

/** A class, or the verdict of a network with one score, with what the network says of it. */
export interface ClassScore {
  /** The number of the class; missing where the network has one score. */
  class?: number;
  label: string;
  /** The name of the class alone, if it is known. */
  name?: string;
  /** Before sigmoid or softmax. */
  score: number;
  /** Missing if the network has no probabilities. */
  probability?: number;
}

/**
 * The classes with the largest scores, largest first; of a network with one score that score, and its probability; none of
 * networks whose scores have positions.
 */
export function classScores(
  head: ScoreHead,
  logits: Float32Array,
  count: number,
  labels?: readonly string[],
): ClassScore[] {
  if (head.grid || isPicture(head)) return [];
  const single = head.classes === 1 && !head.binary;
  const targets = single
    ? [head.verdict ? ('real' as const) : ('score' as const)]
    : head.binary
      ? [1, 0]
      : topClasses(head, logits, count);
  const scored = targets.map((target) => {
    const probability = targetProbability(head, logits, target);
    const name = typeof target === 'number' ? labels?.[target] : undefined;
    return {
      ...(typeof target === 'number' && { class: target }),
      label: targetLabel(target, labels),
      ...(name !== undefined && { name }),
      score: targetScore(targetWeights(head, target), logits),
      ...(probability !== undefined && { probability }),
    };
  });
  return scored.toSorted((a, b) => b.score - a.score);
}
