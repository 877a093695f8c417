import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { parsedSource, seedRanges } from './seeds.js';

describe('seedRanges(list)', () => {
  it('reads integers and inclusive ranges in order', () => {
    const from = (first: number, last = first) => ({ from: first, to: last });
    expect(seedRanges('0,1,4-6')).toEqual([from(0), from(1), from(4, 6)]);
    expect(seedRanges(' 7 , 3-3, 7 ')).toEqual([from(7), from(3), from(7)]);
    expect(seedRanges(`${Number.MAX_SAFE_INTEGER}`)).toEqual([from(Number.MAX_SAFE_INTEGER)]);
  });

  it.each(['', ',', '1,', '-1', '6-4', '1.5', '1e3', 'x', '1-2-3', '9007199254740992', '0x10'])(
    'refuses %j',
    (list) => {
      expect(() => seedRanges(list)).toThrow(InputError);
      expect(() => seedRanges(list, 'keyframes')).toThrow(/^keyframes: expected integers and ranges/);
    },
  );

  it('cuts long texts in its message', () => {
    expect(() => seedRanges('x'.repeat(10_000))).toThrow(/^.{1,150}$/);
  });
});

describe('parsedSource(text, name)', () => {
  it.each(['z.npy', 'a/z.NPZ', 'z.csv', 'z.json'])('takes %s for a file', (file) => {
    expect(parsedSource(file, 'corners')).toEqual({ file });
  });

  it('takes anything else for seeds', () => {
    expect(parsedSource('1-4', 'corners')).toEqual({ seeds: [{ from: 1, to: 4 }] });
    expect(() => parsedSource('z.txt', 'corners')).toThrow(/^corners: expected integers/);
  });
});
