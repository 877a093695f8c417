/** @file Arithmetic on symbolic sizes. */
import { describe, expect, it } from 'vitest';
import { dimProduct, dimQuotient, isStatic, positiveAxis, sameShape } from './dims.js';

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
