import { describe, expect, test } from 'vitest';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { choicePerPicture, resolvedTargets } from './target-choice.js';
import { targetLabel } from './targets.js';

const DISCRIMINATOR: ScoreHead = { kind: 'discriminator', logits: 'raw', classes: 1 };
const CLASSIFIER: ScoreHead = { kind: 'classifier', logits: 'raw', classes: 3 };
const DENSE: ScoreHead = { kind: 'dense', logits: 'raw', classes: 3, grid: { height: 1, width: 2 } };
const LOGITS = Float32Array.of(1, 3, 2);

describe('choicePerPicture(given, pictures)', () => {
  test('takes one for all pictures or one for each', () => {
    expect(choicePerPicture(2, 3)).toEqual([2, 2, 2]);
    expect(choicePerPicture(['real', 'fake'], 2)).toEqual(['real', 'fake']);
    expect(choicePerPicture(undefined, 2)).toEqual([undefined, undefined]);
  });

  test('joins several of one picture', () => {
    expect(choicePerPicture([2, { several: [0, 1] }], 1)).toEqual([{ several: [2, 0, 1] }]);
    expect(choicePerPicture({ several: [0, 1] }, 2)).toEqual([{ several: [0, 1] }, { several: [0, 1] }]);
    expect(resolvedTargets(CLASSIFIER, { several: [0, { top: 2 }] }, LOGITS)).toEqual([0, 1, 2]);
  });

  test('refuses another number of targets instead of leaving pictures out', () => {
    expect(() => choicePerPicture([0, 1], 3)).toThrow(
      'target: expected one target, or one for each of 3 pictures (several of a picture are joined by +); got 2',
    );
    expect(() => choicePerPicture([], 3)).toThrow('got 0');
  });
});

describe('resolvedTargets(head, choice, logits, labels)', () => {
  test('is fake, or the top class, unless something else is asked for', () => {
    expect(resolvedTargets(DISCRIMINATOR, undefined, LOGITS)).toEqual(['fake']);
    expect(resolvedTargets(CLASSIFIER, undefined, LOGITS)).toEqual([1]);
    expect(resolvedTargets(CLASSIFIER, { top: 2 }, LOGITS)).toEqual([1, 2]);
  });

  test('finds classes by their names', () => {
    const labels = ['tabby, tabby cat', 'T-shirt', 'crane'];
    expect(resolvedTargets(CLASSIFIER, 'Tabby Cat', LOGITS, labels)).toEqual([0]);
    expect(resolvedTargets(CLASSIFIER, { class: 't-shirt', minus: 2 }, LOGITS, labels)).toEqual([
      { class: 1, minus: 2 },
    ]);
  });

  test('a difference is one of two classes, by whatever names', () => {
    expect(() => resolvedTargets(CLASSIFIER, { class: 2, minus: 2 }, LOGITS)).toThrow(
      'target: expected two different classes; got 2:2',
    );
    expect(() => resolvedTargets(CLASSIFIER, { class: 'b', minus: 1 }, LOGITS, ['a', 'b', 'c'])).toThrow('got b:1');
  });

  test('a threshold is a probability: it is refused where the network ends with scores', () => {
    const above = { class: 2, region: { above: 0.5 } };
    expect(resolvedTargets({ ...DENSE, activation: 'softmax' }, above, LOGITS)).toEqual([above]);
    expect(resolvedTargets({ ...DENSE, kind: 'boxes', quantity: 'probability' }, above, LOGITS)).toEqual([above]);
    expect(() => resolvedTargets(DENSE, above, LOGITS)).toThrow(
      'target: expected another region, as the network ends with scores: 0.5 may be a score, or a probability after softmax or sigmoid; got 2@above:0.5',
    );
  });

  test('a region is one of a dense output; one class at every position may be real or fake', () => {
    const region = { class: 2, region: 'predicted' } as const;
    expect(resolvedTargets(DENSE, region, LOGITS)).toEqual([region]);
    expect(resolvedTargets({ ...DENSE, classes: 1 }, 'real', LOGITS)).toEqual(['real']);
    expect(() => resolvedTargets(CLASSIFIER, region, LOGITS)).toThrow('no positions; got a region');
  });

  test('is the best box of a detector, and never the background of a softmax', () => {
    const boxes: ScoreHead = { kind: 'boxes', logits: 'raw', classes: 2, grid: { height: 1, width: 4 } };
    // Class 0 wins three boxes; class 1 has its largest logit at box 1, and its largest probability at box 2.
    const logits = Float32Array.of(9, 8, -3, 7, 0, 6, 5, 1);
    const softmax = { ...boxes, activation: 'softmax' } as const;
    expect(resolvedTargets(softmax, undefined, logits)).toEqual([{ class: 1, region: { at: 2 } }]);
    expect(resolvedTargets(softmax, 0, logits)).toEqual([{ class: 0, region: { at: 0 } }]);
    // Without it, two classes may both be objects.
    expect(resolvedTargets(boxes, undefined, logits)).toEqual([{ class: 0, region: { at: 0 } }]);
    expect(resolvedTargets(boxes, 1, logits)).toEqual([{ class: 1, region: { at: 1 } }]);
    const confident = Float32Array.of(-50, -60, -70, 40, 0, 0, 0, 0);
    expect(resolvedTargets(softmax, 1, confident)).toEqual([{ class: 1, region: { at: 2 } }]);
  });

  test('of a picture is not chosen for the user, and one value per position has no class', () => {
    const picture = { ...DENSE, picture: 'it ends with Tanh' };
    const logits = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect(() => resolvedTargets(picture, undefined, logits)).toThrow(
      'target: expected a channel 0…2, or CHANNEL@LEFT,TOP,RIGHT,BOTTOM, as the output is a picture (it ends with Tanh)',
    );
    expect(resolvedTargets(picture, 1, logits)).toEqual([1]);
    expect(targetLabel(1, undefined, picture)).toBe('channel 1');
    expect(targetLabel(1, ['a', 'b', 'c'], picture)).toBe('class 1 (b)');
    expect(resolvedTargets({ ...picture, picture: 'perhaps' }, undefined, logits)).toEqual([2]);
    const depth: ScoreHead = { ...DENSE, classes: 1 };
    expect(resolvedTargets(depth, undefined, Float32Array.of(1, 2))).toEqual(['score']);
    expect(resolvedTargets({ ...depth, activation: 'sigmoid' }, undefined, Float32Array.of(1, 2))).toEqual([0]);
  });

  test('refuses targets that the network does not have', () => {
    expect(() => resolvedTargets(CLASSIFIER, 3, LOGITS)).toThrow('target: expected a class of 0…2; got 3');
    expect(() => resolvedTargets(CLASSIFIER, 'cat', LOGITS)).toThrow('got cat (names need `labels`)');
    expect(() => resolvedTargets(CLASSIFIER, { class: 0, minus: 9 }, LOGITS)).toThrow('expected a class of 0…2; got 9');
    expect(() => resolvedTargets(CLASSIFIER, { top: 4 }, LOGITS)).toThrow('expected top-1…top-3; got top-4');
    expect(() => resolvedTargets(DISCRIMINATOR, 0, LOGITS)).toThrow('target: expected real or fake');
    expect(() => resolvedTargets(DISCRIMINATOR, { top: 1 }, LOGITS)).toThrow('target: expected real or fake');
  });
});
