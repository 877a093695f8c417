import { describe, expect, test } from 'vitest';
import { classOfLabel } from './labels.js';

describe('classOfLabel(labels, name)', () => {
  const labels = ['tabby, tabby cat', 'crane', 'crane', 'Persian cat'];

  test('prefers whole labels to words in them', () => {
    expect(classOfLabel(['cat, pet', 'cat'], 'cat')).toBe(1);
    expect(classOfLabel(labels, 'TABBY CAT')).toBe(0);
  });

  test('refuses names of several classes and of none', () => {
    expect(() => classOfLabel(labels, 'crane')).toThrow(
      'target: expected a name of one class; "crane" are classes 1, 2',
    );
    expect(() => classOfLabel(labels, 'cat')).toThrow('got "cat"; similar: 0 tabby, tabby cat; 3 Persian cat');
  });
});
