import { describe, expect, test } from 'vitest';
import type { ScoreHead } from '../../../inference/networks/score-head.js';
import { expectSameTarget } from './only-target.js';

const CLASSIFIER: ScoreHead = { kind: 'classifier', logits: 'raw', classes: 3 };
const GRID = { height: 1, width: 4 };
const DENSE: ScoreHead = { ...CLASSIFIER, kind: 'dense', grid: GRID };
const BOXES: ScoreHead = { ...CLASSIFIER, kind: 'boxes', grid: GRID };

describe('expectSameTarget(head, choice, each)', () => {
  test('takes what means the same in every picture', () => {
    expectSameTarget({ kind: 'discriminator', logits: 'raw', classes: 1 }, undefined, 'frame');
    expectSameTarget({ ...DENSE, classes: 1 }, undefined, 'frame');
    expectSameTarget(CLASSIFIER, 'cat', 'frame');
    expectSameTarget(DENSE, { class: 1, region: 'predicted' }, 'frame');
    expectSameTarget(BOXES, { class: 1, region: { at: 2 } }, 'frame');
  });

  test('refuses what each picture chooses', () => {
    for (const head of [CLASSIFIER, DENSE]) {
      expect(() => expectSameTarget(head, undefined, 'frame')).toThrow(
        'target: expected a class, as the top class may change from frame to frame; got none',
      );
      expect(() => expectSameTarget(head, { top: 1 }, 'frame')).toThrow('got top-1');
    }
    for (const [choice, got] of [
      [undefined, 'none'],
      [2, '2'],
      [{ top: 1 }, 'top-1'],
    ] as const)
      expect(() => expectSameTarget(BOXES, choice, 'checkpoint')).toThrow(
        `target: expected CLASS@at:BOX, as the best box may change from checkpoint to checkpoint; got ${got}`,
      );
  });
});
