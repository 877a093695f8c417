import { describe, expect, it } from 'vitest';
import { parsedDirections } from './directions.js';

describe('parsedDirections(text)', () => {
  it.each([
    ['5', { kind: 'numbers', indices: [5] }],
    ['0,3-5', { kind: 'numbers', indices: [0, 3, 4, 5] }],
    ['principal', { kind: 'principal', components: [1] }],
    ['principal:3', { kind: 'principal', components: [3] }],
    ['principal:1-3', { kind: 'principal', components: [1, 2, 3] }],
  ])('understands %s', (text, choice) => {
    expect(parsedDirections(text)).toEqual(choice);
  });

  it.each(['', 'x', '-1', 'principal:0', 'principal:a', '0-100'])('refuses %j', (text) => {
    expect(() => parsedDirections(text)).toThrow(/^traverse: expected/);
  });
});
