import { describe, expect, it } from 'vitest';
import { shortVerdict } from './verdict.js';

describe('shortVerdict(score)', () => {
  it.each([
    [{ label: 'real', score: 1.4, probability: 0.8 }, 'real'],
    [{ label: 'real', score: -1.4, probability: 0.2 }, 'fake'],
    [{ label: 'real', score: -9.04 }, 'score −9.04'],
    [{ label: 'score', score: -9.04 }, 'score −9.04'],
    [{ class: 3, label: 'class 3', score: 2 }, 'class 3'],
    [{ class: 3, label: '3 cat', name: 'cat', score: 2, probability: 0.4 }, 'cat'],
  ])('of %j is %s: real or fake only where there is a probability', (score, word) => {
    expect(shortVerdict(score)).toBe(word);
  });
});
