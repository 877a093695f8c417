/** @file Non-negative factors against scikit-learn (fixtures/golden/factors.py). */
import { readFile } from 'node:fs/promises';
import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { coefficientsOf, nonNegativeFactors, startFactors } from './factors.js';

const golden = JSON.parse(
  await readFile(new URL('../../../../fixtures/golden/factors.json', import.meta.url), 'utf8'),
) as Record<'x' | 'w' | 'h' | 'other' | 'other_w', number[][]> &
  Record<'start' | 'nndsvda', { w: number[][]; h: number[][] }> & { rounds: number };
const x = new Matrix(golden.x);
const start = { coefficients: new Matrix(golden.start.w), parts: new Matrix(golden.start.h) };

function expectClose(found: Matrix, expected: number[][], tolerance: number) {
  const gap = Matrix.sub(found, new Matrix(expected)).abs().max();
  expect(gap).toBeLessThan(tolerance);
}

describe('nonNegativeFactors(x, start)', () => {
  it("is scikit-learn's, with as many rounds", async () => {
    let rounds = 0;
    const { coefficients, parts } = await nonNegativeFactors(x, start, { check: (round) => void (rounds = round) });
    expect(rounds).toBe(golden.rounds);
    expectClose(coefficients, golden.w, 1e-10);
    expectClose(parts, golden.h, 1e-10);
    expectClose(start.parts, golden.start.h, 0.5e-9);
  });
  it('stops where check throws', async () => {
    const check = () => {
      throw new Error('stopped');
    };
    await expect(nonNegativeFactors(x, start, { check })).rejects.toThrow('stopped');
  });
});

describe('coefficientsOf(x, parts)', () => {
  it("is scikit-learn's transform", () => {
    expectClose(coefficientsOf(new Matrix(golden.other), new Matrix(golden.h)), golden.other_w, 1e-10);
  });
});

describe('startFactors(x, parts)', () => {
  it("is scikit-learn's nndsvda", async () => {
    const { coefficients, parts } = await startFactors(x, 3);
    expectClose(coefficients, golden.nndsvda.w, 1e-8);
    expectClose(parts, golden.nndsvda.h, 1e-8);
  });
  it('refuses too many parts, and a matrix of zeros', async () => {
    await expect(startFactors(x, 8)).rejects.toThrow('parts: expected an integer of 1…7; got 8');
    await expect(startFactors(Matrix.zeros(4, 4), 2)).rejects.toThrow('expected numbers above zero');
  });
  it('stops where check throws', async () => {
    const check = () => {
      throw new Error('stopped');
    };
    await expect(startFactors(x, 3, check)).rejects.toThrow('stopped');
  });
});
