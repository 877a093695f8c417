/** @file Rests after failures. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Rest } from './rest.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a rest ends by itself, is twice as long after another failure, and none begins after the end', () => {
  const set: boolean[] = [];
  const rest = new Rest((resting) => set.push(resting), 10);
  rest.failed();
  vi.advanceTimersByTime(10);
  expect(set).toEqual([true, false]);
  rest.failed();
  vi.advanceTimersByTime(19);
  expect(set).toEqual([true, false, true]);
  rest.end();
  rest.failed();
  vi.advanceTimersByTime(1000);
  expect(set).toEqual([true, false, true]);
});
