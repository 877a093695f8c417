import { describe, expect, it } from 'vitest';
import { duration, Rate } from './duration.js';

describe('duration(seconds)', () => {
  it.each([
    [0, '0 s'],
    [8.4, '8 s'],
    [200, '3 min 20 s'],
    [840, '14 min'],
    [7500, '2 h 05 min'],
    [90_000, '25 h 00 min'],
  ])('%d s', (seconds, text) => expect(duration(seconds)).toBe(text));
});

describe('Rate', () => {
  it('is unknown at first, then follows the last half minute', () => {
    const rate = new Rate();
    rate.note(0, 0);
    expect(rate.perSecond).toBeUndefined();
    for (let time = 1; time <= 100; time++) rate.note(10 * time, time);
    expect(rate.perSecond).toBeCloseTo(10);
    for (let time = 101; time <= 200; time++) rate.note(1000 + 20 * (time - 100), time);
    expect(rate.perSecond).toBeCloseTo(20);
  });

  it('starts anew with the next stage of the work', () => {
    const rate = new Rate();
    rate.note(0, 0);
    rate.note(100, 10);
    rate.note(1, 11);
    expect(rate.perSecond).toBeUndefined();
    rate.note(3, 12);
    expect(rate.perSecond).toBeCloseTo(2);
  });
});
