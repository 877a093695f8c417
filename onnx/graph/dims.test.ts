/** @file Arithmetic on symbolic sizes. */
import { describe, expect, it } from 'vitest';
import {
  dimFloor,
  dimProduct,
  dimQuotient,
  dimScaled,
  dimSum,
  isStatic,
  namedSize,
  openSize,
  positiveAxis,
  sameShape,
} from './dims.js';

describe('dimProduct(dims)', () => {
  it('multiplies numbers and sorts symbols behind one coefficient', () => {
    expect(dimProduct([])).toBe(1);
    expect(dimProduct([2, 3])).toBe(6);
    expect(dimProduct(['N'])).toBe('N');
    expect(dimProduct(['width', 4, 'N', 2])).toBe('8*N*width');
    expect(dimProduct(['4*N', '2*N'])).toBe('8*N*N');
    expect(dimProduct(['N', 0])).toBe(0);
  });
});

describe('dimQuotient(dividend, divisor)', () => {
  it('undoes a product', () => {
    expect(dimQuotient('24*N*W', '6*N')).toBe('4*W');
    expect(dimQuotient('N*N', 'N')).toBe('N');
    expect(dimQuotient('3*N', '3*N')).toBe(1);
    expect(dimQuotient(12, 4)).toBe(3);
    expect(dimQuotient(0, 5)).toBe(0);
  });

  it('is undefined where it is not a whole product of sizes', () => {
    expect(dimQuotient(7, 2)).toBeUndefined();
    expect(dimQuotient('6*N', 4)).toBeUndefined();
    expect(dimQuotient('6*N', 'M')).toBeUndefined();
    expect(dimQuotient(6, 'N')).toBeUndefined();
    expect(dimQuotient('N', 0)).toBeUndefined();
  });
});

describe('dimSum(dims), dimFloor(dividend, divisor) and dimScaled(size, factor)', () => {
  it('keep products, and write what else determines a size', () => {
    expect([dimSum([1, 2]), dimSum(['N', 0]), dimSum(['N', 'N']), dimSum([2, 'N', '3*N', -2])]).toEqual([
      3,
      'N',
      '2*N',
      '4*N',
    ]);
    expect([dimSum(['N', 1, 'M', '2*N']), dimSum(['N', -1]), dimSum(['4*N', 3])]).toEqual([
      '{M+3·N+1}',
      '{N-1}',
      '{4·N+3}',
    ]);
    expect([dimFloor(7, 2), dimFloor('4*N', 2), dimFloor('3*N', 2), dimFloor('{N+1}', 2)]).toEqual([
      3,
      '2*N',
      '{3·N/2}',
      '{{N+1}/2}',
    ]);
    expect([dimScaled(5, 1.5), dimScaled('N', 1), dimScaled('N', 2), dimScaled('N', 0.5)]).toEqual([
      7,
      'N',
      '2*N',
      '{0.5·N}',
    ]);
  });

  it('make symbols that are multiplied and divided as a whole', () => {
    const odd = dimSum(['4*N', 1]);
    expect(dimQuotient(odd, 4)).toBeUndefined();
    expect(dimQuotient(dimProduct([2, odd]), odd)).toBe(2);
  });
});

describe('namedSize(text) and openSize(value, axis)', () => {
  it('give different names and values different symbols', () => {
    expect([namedSize('batch'), namedSize('4*batch'), namedSize('n+1')]).toEqual(['batch', '4*batch', "'n+1'"]);
    expect(openSize('x', 0)).toBe('x:0');
    const long = (middle: string) => `${'a/'.repeat(100)}${middle}${'/b'.repeat(100)}`;
    const symbols = [
      ...['n+1', 'n-1', '_n_1', "'n+1'", 'x:0', '2', '2*', '2%2a', 'a*b c', 'a%2ab c', '{n+1}'].map(namedSize),
      ...['n', 'n+1', 'n-1', 'n_1', long('1'), long('2')].map((name) => openSize(name, 0)),
      dimSum(['n', 1]),
    ];
    expect(new Set(symbols).size).toBe(symbols.length);
    expect(symbols.filter((symbol) => dimProduct([symbol]) !== symbol)).toEqual([]);
  });
});

describe('isStatic and sameShape', () => {
  it('tell symbols from numbers and unknown shapes from known ones', () => {
    expect([isStatic([1, 2]), isStatic([]), isStatic(['N', 2]), isStatic(undefined)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(sameShape(['N', 2], ['N', 2])).toBe(true);
    expect(sameShape(['N', 2], ['M', 2])).toBe(false);
    expect(sameShape([2], [2, 1])).toBe(false);
    expect(sameShape(undefined, undefined)).toBe(false);
  });
});

describe('positiveAxis(axis, rank)', () => {
  it('counts negative axes from the end', () => {
    expect([positiveAxis(-1, 4), positiveAxis(2, 4), positiveAxis(-4, 4)]).toEqual([3, 2, 0]);
  });
});
