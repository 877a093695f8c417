import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Printer, type PrintOptions } from '../common/print.js';
import { progressBar } from './bar.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What is printed of work that does `perSecond` of `total` for some seconds, without a terminal. */
function lines(options: Partial<PrintOptions>, seconds: number, perSecond: number, total: number): string[] {
  const written: string[] = [];
  const stream = { write: (text: string | Uint8Array) => written.push(String(text).trimEnd()) > 0 };
  const print = new Printer('gan-x', { quiet: false, verbose: false, logFormat: 'text', ...options }, stream, stream);
  const bar = progressBar('pictures', print);
  for (let second = 0; second <= seconds; second++) {
    bar.update(Math.floor(second * perSecond), total, 'reading');
    vi.advanceTimersByTime(1000);
  }
  bar.stop();
  return written;
}

describe.skipIf(process.stderr.isTTY)('progressBar(unit, print) without a terminal', () => {
  it('prints a line every ten seconds with rate and time left', () => {
    expect(lines({}, 25, 50, 200_000)).toEqual([
      '500/200000 pictures | reading | 50.0 pictures/s, 1 h 06 min left',
      '1000/200000 pictures | reading | 50.0 pictures/s, 1 h 06 min left',
    ]);
  });

  it('gives seconds per picture where there are fewer than one per second', () => {
    expect(lines({}, 20, 0.25, 10).at(-1)).toBe('5/10 pictures | reading | 4.0 s per picture, 20 s left');
  });

  it('is silent with --quiet, and JSON with --log-format json', () => {
    expect(lines({ quiet: true }, 25, 50, 200_000)).toEqual([]);
    const [line = ''] = lines({ logFormat: 'json' }, 12, 50, 2000);
    expect(JSON.parse(line)).toMatchObject({
      level: 'progress',
      done: 500,
      total: 2000,
      unit: 'pictures',
      perSecond: 50,
    });
  });
});
