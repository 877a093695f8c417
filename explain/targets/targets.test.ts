import { describe, expect, test } from 'vitest';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import {
  contrastedWeights,
  targetLabel,
  softmaxShare,
  targetProbability,
  targetScore,
  targetWeights,
  topClasses,
} from './targets.js';

const DISCRIMINATOR: ScoreHead = { kind: 'discriminator', logits: 'raw', classes: 1, activation: 'sigmoid' };
const CLASSIFIER: ScoreHead = { kind: 'classifier', logits: 'raw', classes: 3, activation: 'softmax' };
/** Two classes at 2×3 positions. */
const DENSE: ScoreHead = { kind: 'dense', logits: 'raw', classes: 2, grid: { height: 2, width: 3 } };
/** Class 1 wins at the last position of each row. */
const LOGITS = Float32Array.of(1, 1, 1, 1, 1, 1, 0, 0, 5, 0, 0, 7);
const SEEN = { logits: LOGITS, height: 20, width: 30 };

const rounded = (values: Float32Array) => [...values].map((value) => Math.round(value * 1e4) / 1e4);

describe('targetWeights(head, target, seen)', () => {
  test('signs the logit of a discriminator, picks the one of a class, subtracts another', () => {
    expect([...targetWeights(DISCRIMINATOR, 'real')]).toEqual([1]);
    expect([...targetWeights(DISCRIMINATOR, 'fake')]).toEqual([-1]);
    expect([...targetWeights(CLASSIFIER, 1)]).toEqual([0, 1, 0]);
    expect([...targetWeights(CLASSIFIER, { class: 2, minus: 0 })]).toEqual([-1, 0, 1]);
  });

  test('is the mean over positions of a dense output', () => {
    expect(rounded(targetWeights(DENSE, 1))).toEqual([0, 0, 0, 0, 0, 0, ...Array.from({ length: 6 }, () => 0.1667)]);
  });

  test('is the mean over the part of each position that a box covers', () => {
    const weights = targetWeights(DENSE, { class: 0, region: [5, 0, 20, 10] }, SEEN);
    expect(rounded(weights)).toEqual([0.3333, 0.6667, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('is the mean where the class is predicted, or where a mask is bright', () => {
    const predicted = targetWeights(DENSE, { class: 1, region: 'predicted' }, SEEN);
    expect([...predicted]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0.5]);
    const mask = { width: 3, height: 2, channels: 1, data: Uint8Array.of(0, 255, 0, 0, 255, 0) } as const;
    expect([...targetWeights(DENSE, { class: 0, region: { mask } }, SEEN)].slice(0, 6)).toEqual([0, 0.5, 0, 0, 0.5, 0]);
  });

  test('refuses regions that cover nothing', () => {
    expect(() => targetWeights(DENSE, { class: 0, region: [40, 0, 50, 9] }, SEEN)).toThrow(
      'target: expected a region inside the picture; got class 0 in 40, 0, 50, 9, which covers nothing',
    );
    const none = { ...SEEN, logits: LOGITS.map(() => 0) };
    expect(() => targetWeights(DENSE, { class: 1, region: 'predicted' }, none)).toThrow('predicted somewhere');
  });
});

describe('topClasses(head, logits, count)', () => {
  test('are those with the largest logits, the first of equal ones first', () => {
    expect(topClasses(CLASSIFIER, Float32Array.of(1, 3, 3), 2)).toEqual([1, 2]);
  });

  test('are those predicted at most positions of a dense output', () => {
    expect(topClasses(DENSE, LOGITS, 2)).toEqual([0, 1]);
  });
});

describe('targetScore(weights, logits)', () => {
  test('ignores logits without weight, whatever they are', () => {
    expect(targetScore(Float32Array.of(0, 2), Float32Array.of(Number.NEGATIVE_INFINITY, 3))).toBe(6);
  });
});

describe('contrastedWeights(logits, target)', () => {
  test('is the gradient of the score of Finer-CAM', () => {
    const score = (z: readonly number[]) => {
      const near = [0, 2, 3];
      const p = near.map((d) => Math.exp(z[d]!));
      return near.reduce((sum, d, at) => sum + p[at]! * (z[1]! - z[d]!), 0) / p.reduce((a, b) => a + b, 0);
    };
    const z = [0.4, 1.2, 0.9, 2.1, -9];
    const found = contrastedWeights(Float32Array.from(z), 1);
    z.forEach((_, at) => {
      const moved = (step: number) => score(z.with(at, z[at]! + step));
      expect(found[at]).toBeCloseTo((moved(1e-4) - moved(-1e-4)) / 2e-4, 5);
    });
  });
});

describe('targetProbability(head, logits, target)', () => {
  test('is D(x), or the softmax of the class', () => {
    expect(targetProbability(DISCRIMINATOR, Float32Array.of(Math.log(3)), 'fake')).toBeCloseTo(0.75, 6);
    expect(targetProbability(CLASSIFIER, Float32Array.of(0, Math.log(2), 0), 1)).toBeCloseTo(0.5, 6);
    expect(targetProbability({ ...CLASSIFIER, classes: 2 }, Float32Array.of(1000, -1000), 0)).toBe(1);
  });

  test('there is none where the network ends with its logits, nor of differences and regions', () => {
    const { activation: _, ...head } = CLASSIFIER;
    expect(targetProbability(head, Float32Array.of(1, 2, 3), 0)).toBeUndefined();
    expect(targetProbability(CLASSIFIER, Float32Array.of(1, 2, 3), { class: 0, minus: 1 })).toBeUndefined();
  });
});

test('softmaxShare(head, logits, target): of a class where the network ends with its scores, of nothing else', () => {
  const { activation: _, ...head } = CLASSIFIER;
  expect(softmaxShare(head, Float32Array.of(0, Math.log(2), 0), 1)).toBeCloseTo(0.5, 6);
  expect(softmaxShare(head, Float32Array.of(0, 1, 0), { class: 0, minus: 1 })).toBeUndefined();
  expect(softmaxShare(CLASSIFIER, Float32Array.of(0, 1, 0), 1)).toBeUndefined();
  expect(softmaxShare(DISCRIMINATOR, Float32Array.of(1), 'fake')).toBeUndefined();
});

describe('targetLabel(target, labels)', () => {
  test('names classes where their names are known', () => {
    expect(targetLabel(1, ['cat', 'dog'])).toBe('class 1 (dog)');
    expect(targetLabel({ class: 0, minus: 1 }, ['cat', 'dog'])).toBe('class 0 (cat) − class 1 (dog)');
    expect(targetLabel({ class: 7, region: 'predicted' })).toBe('class 7 where predicted');
    expect(targetLabel('fake')).toBe('fake');
  });
});
