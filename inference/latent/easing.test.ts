import { describe, expect, it } from 'vitest';
import { eased, EASINGS } from './easing.js';

describe('eased(easing, t)', () => {
  it.each(EASINGS)('%s goes from 0 to 1 and never back', (easing) => {
    const times = Array.from({ length: 101 }, (_, i) => eased(easing, i / 100));
    expect([times[0], times[100]]).toEqual([0, 1]);
    times.slice(1).forEach((value, i) => expect(value).toBeGreaterThanOrEqual(times[i] as number));
  });

  it('starts and ends as slowly as its name says', () => {
    const speeds = (easing: (typeof EASINGS)[number]) =>
      [eased(easing, 1e-3), 1 - eased(easing, 1 - 1e-3)].map((step) => (step < 1e-4 ? 'slow' : 'fast'));
    expect(EASINGS.map((easing) => [easing, ...speeds(easing)])).toEqual([
      ['linear', 'fast', 'fast'],
      ['ease-in', 'slow', 'fast'],
      ['ease-out', 'fast', 'slow'],
      ['ease-in-out', 'slow', 'slow'],
      ['smooth', 'slow', 'slow'],
    ]);
  });
});
