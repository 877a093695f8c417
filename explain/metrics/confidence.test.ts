import { describe, expect, test } from 'vitest';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { targetWeights, type Target } from '../targets/targets.js';
import { confidenceOf, takenConfidence } from './confidence.js';

const LOGITS = Float32Array.of(2, -1, 0.5);
const CLASSIFIER: ScoreHead = { kind: 'classifier', logits: 'raw', classes: 3 };
/** Three classes of one box. */
const BOXES: ScoreHead = { ...CLASSIFIER, kind: 'boxes', grid: { height: 1, width: 1 } };
const AT: Target = { class: 1, region: { at: 0 } };
const SOFTMAX = Math.exp(-1) / (Math.exp(2) + Math.exp(-1) + Math.exp(0.5));
const SIGMOID = 1 / (1 + Math.exp(1));

const confidence = (head: ScoreHead, target: Target) =>
  confidenceOf(head, target, targetWeights(head, target, { logits: LOGITS, height: 1, width: 1 }), LOGITS);

describe('confidenceOf(head, target, weights, logits)', () => {
  test.each<[string, ScoreHead, Target, number]>([
    ['classes that exclude each other', { ...CLASSIFIER, activation: 'softmax' }, 1, SOFTMAX],
    ['labels that do not', { ...CLASSIFIER, activation: 'sigmoid' }, 1, SIGMOID],
    ['a box of a detector with a softmax', { ...BOXES, activation: 'softmax' }, AT, SOFTMAX],
    ['a box of one with sigmoids', { ...BOXES, activation: 'sigmoid' }, AT, SIGMOID],
    ['a box of one whose scores are probabilities', { ...BOXES, quantity: 'probability' }, AT, -1],
    [
      'fake',
      { kind: 'discriminator', logits: 'raw', classes: 1, activation: 'sigmoid' },
      'fake',
      1 / (1 + Math.exp(2)),
    ],
  ])("is the network's own probability for %s", (_, head, target, probability) => {
    expect(confidence(head, target)).toBeCloseTo(probability, 6);
    expect(takenConfidence(head, target)).toBeUndefined();
  });

  test('is that of the usual activation where the network has none, which is told', () => {
    expect(confidence(CLASSIFIER, 1)).toBeCloseTo(SOFTMAX, 6);
    expect(takenConfidence(CLASSIFIER, 1)).toBe('softmax over the scores');
    expect(confidence(BOXES, AT)).toBeCloseTo(SIGMOID, 6);
    const difference = { class: 1, minus: 0 };
    expect(confidence({ ...CLASSIFIER, activation: 'softmax' }, difference)).toBeCloseTo(1 / (1 + Math.exp(3)), 6);
    for (const [head, target] of [
      [BOXES, AT],
      [CLASSIFIER, difference],
    ] as const)
      expect(takenConfidence(head, target)).toBe('sigmoid of the score');
  });
});
