import { describe, expect, test } from 'vitest';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { choiceOfClasses, classesByShare, mostCommonClass } from './predicted-classes.js';
import { resolvedTargets } from './target-choice.js';

const HEAD: ScoreHead = { kind: 'dense', logits: 'raw', classes: 3, grid: { height: 2, width: 4 }, classAxis: 1 };

/** Logits with the largest one at the class of each position. */
function predicting(...classes: readonly number[]): Float32Array {
  const logits = new Float32Array(3 * classes.length);
  classes.forEach((index, at) => (logits[index * classes.length + at] = 1));
  return logits;
}

describe('the default target of a dense output', () => {
  const logits = predicting(0, 0, 0, 0, 0, 2, 2, 1);

  test('is the most common class whose label is not background', () => {
    for (const name of ['background', '__background__', 'BG', 'unlabelled', 'unlabeled', 'void'])
      expect(resolvedTargets(HEAD, undefined, logits, [name, 'cat', 'dog'])).toEqual([2]);
    expect(resolvedTargets(HEAD, undefined, logits, ['sky', 'cat', 'dog'])).toEqual([0]);
    expect(resolvedTargets(HEAD, undefined, logits)).toEqual([0]);
    expect(resolvedTargets(HEAD, { top: 1 }, logits, ['background', 'cat', 'dog'])).toEqual([0]);
  });

  test('is background where nothing else is predicted', () => {
    const empty = predicting(0, 0, 0, 0, 0, 0, 0, 0);
    expect(mostCommonClass(HEAD, empty, ['background', 'cat', 'dog'])).toBe(0);
    expect(choiceOfClasses(HEAD, empty)).toBeUndefined();
  });

  test('is said, with the other classes and their shares', () => {
    expect(classesByShare(HEAD, logits)).toEqual([
      { class: 0, share: 5 / 8 },
      { class: 2, share: 2 / 8 },
      { class: 1, share: 1 / 8 },
    ]);
    expect(choiceOfClasses(HEAD, logits, ['background', 'cat', 'dog'])).toBe(
      'the most common class that is not background is explained by default; predicted here: 0 (background) 63 %, 2 (dog) 25 %, 1 (cat) 13 %',
    );
    expect(choiceOfClasses(HEAD, logits)).toBe(
      'the most common class is explained by default; predicted here: 0 63 %, 2 25 %, 1 13 %',
    );
    expect(
      choiceOfClasses({ kind: 'classifier', logits: 'raw', classes: 3 }, Float32Array.of(1, 2, 3)),
    ).toBeUndefined();
  });
});
