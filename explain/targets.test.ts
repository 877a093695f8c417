import { describe, expect, test } from 'vitest';
import type { ScoreHead } from '../inference/score-head.js';
import { parsedTargets, targetProbability, targetsOf, targetWeights, topClass } from './targets.js';

const DISCRIMINATOR: ScoreHead = { kind: 'discriminator', logits: 'raw', classes: 1, activation: 'sigmoid' };
const CLASSIFIER: ScoreHead = { kind: 'classifier', logits: 'raw', classes: 3, activation: 'softmax' };

describe('targetsOf(head, given, pictures)', () => {
  test('is fake, or the top class, unless something else is asked for', () => {
    expect(targetsOf(DISCRIMINATOR, undefined, 2)).toEqual(['fake', 'fake']);
    expect(targetsOf(CLASSIFIER, undefined, 2)).toEqual([undefined, undefined]);
  });

  test('takes one for all pictures or one for each', () => {
    expect(targetsOf(CLASSIFIER, 2, 3)).toEqual([2, 2, 2]);
    expect(targetsOf(DISCRIMINATOR, ['real', 'fake'], 2)).toEqual(['real', 'fake']);
  });

  test('refuses another number of targets instead of leaving pictures out', () => {
    expect(() => targetsOf(CLASSIFIER, [0, 1], 3)).toThrow(
      '--target: expected one target, or one for each of 3 pictures; got 2',
    );
    expect(() => targetsOf(CLASSIFIER, [], 3)).toThrow('got 0');
  });

  test('refuses targets that the network does not have', () => {
    expect(() => targetsOf(CLASSIFIER, 3, 1)).toThrow('--target: expected a class of 0…2; got 3');
    expect(() => targetsOf(CLASSIFIER, 'fake', 1)).toThrow('--target: expected a class of 0…2; got fake');
    expect(() => targetsOf(DISCRIMINATOR, 0, 1)).toThrow('--target: expected real or fake');
  });
});

describe('parsedTargets(text)', () => {
  test('reads real, fake and classes', () => {
    expect(parsedTargets('real, fake,281')).toEqual(['real', 'fake', 281]);
    expect(parsedTargets(undefined)).toBeUndefined();
  });

  test.each(['cat', '-1', '1.5', '', '1,,2'])('refuses "%s"', (text) => {
    expect(() => parsedTargets(text)).toThrow('--target: expected real, fake or the number of a class; got "');
  });
});

describe('targetWeights(head, target)', () => {
  test('signs the logit of a discriminator and picks the one of a class', () => {
    expect([...targetWeights(DISCRIMINATOR, 'real')]).toEqual([1]);
    expect([...targetWeights(DISCRIMINATOR, 'fake')]).toEqual([-1]);
    expect([...targetWeights(CLASSIFIER, 1)]).toEqual([0, 1, 0]);
    expect([...targetWeights(CLASSIFIER, undefined)]).toEqual([0, 0, 0]);
  });
});

describe('targetProbability(head, logits, target) and topClass(logits)', () => {
  test('are D(x), or the softmax of the class', () => {
    expect(targetProbability(DISCRIMINATOR, Float32Array.of(Math.log(3)), 'fake')).toBeCloseTo(0.75, 6);
    expect(targetProbability(CLASSIFIER, Float32Array.of(0, Math.log(2), 0), 1)).toBeCloseTo(0.5, 6);
    expect(targetProbability({ ...CLASSIFIER, classes: 2 }, Float32Array.of(1000, -1000), 0)).toBe(1);
    expect(topClass(Float32Array.of(1, 3, 3))).toBe(1);
  });

  test('there is none where the network ends with its logits', () => {
    const { activation: _, ...head } = CLASSIFIER;
    expect(targetProbability(head, Float32Array.of(1, 2, 3), 0)).toBeUndefined();
  });
});
