/** @file The network's probability of a target, which metrics follow while the picture changes. */
import { scoreCount, type ScoreHead } from '../../inference/networks/score-head.js';
import { softmaxShare, targetProbability, targetScore, type Target } from '../targets/targets.js';

/** What counts as the probability where the network has none of the target. */
export type TakenConfidence = 'softmax over the scores' | 'sigmoid of the score';

/**
 * The network's probability of the target, as an explanation tells it (1 − D(x) for `fake`). Scores that are probabilities or
 * similarities are taken as they are. Else as `takenConfidence` says.
 * @param weights of the target, from `targetWeights`
 */
export function confidenceOf(head: ScoreHead, target: Target, weights: Float32Array, logits: Float32Array): number {
  const score = targetScore(weights, logits);
  if (head.quantity) return target === 'fake' ? 1 + score : score;
  const own = targetProbability(head, logits, target);
  if (own !== undefined) return target === 'fake' ? 1 - own : own;
  return softmaxShare(head, logits, target) ?? 1 / (1 + Math.exp(-score));
}

/** What `confidenceOf` takes for the probability; undefined where it is the network's own. */
export function takenConfidence(head: ScoreHead, target: Target): TakenConfidence | undefined {
  const logits = new Float32Array(scoreCount(head));
  if (head.quantity || targetProbability(head, logits, target) !== undefined) return undefined;
  return softmaxShare(head, logits, target) === undefined ? 'sigmoid of the score' : 'softmax over the scores';
}
