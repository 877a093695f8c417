import { describe, expect, it } from 'vitest';
import { InputError, printable, withoutControls } from './errors.js';

describe('InputError', () => {
  it('is one line that cannot steer a terminal', () => {
    const { message } = new InputError({
      name: 'Conv "\u001B[31mred\u009B0m\nsecond"',
      expected: 'a\tname',
      got: '\u202Eabc',
    });
    expect(message).toBe('Conv "\\u001b[31mred\\u009b0m second": expected a name; got \\u202eabc');
  });

  it('cuts names and messages that nobody can read', () => {
    const { message } = new InputError({ name: `"${'x'.repeat(2 ** 24)}"`, expected: 'a short name' });
    expect(message.length).toBeLessThan(500);
    expect(message).toMatch(/^"x+…x+": expected a short name$/);
    expect(printable('word '.repeat(2 ** 16)).length).toBeLessThan(2100);
  });
});

describe('withoutControls(text)', () => {
  it('keeps line ends, tabs and letters of all scripts', () => {
    expect(withoutControls('a\n\tü한हि\u0007')).toBe('a\n\tü한हि\\u0007');
  });
});
