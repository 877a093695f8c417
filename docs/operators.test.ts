import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { goldenPath } from '../fixtures/golden.js';
import { operatorReference } from './operators.js';

describe('operatorReference()', () => {
  it('is what OPS.md says; run `npm run ops` where it is not', async () => {
    expect(readFileSync(goldenPath('../../OPS.md'), 'utf8')).toBe(await operatorReference());
  });

  it('tells operators with a gradient from those without one, and from what is read as others', async () => {
    const text = await operatorReference();
    const row = (op: string) =>
      text
        .split('\n')
        .find((line) => line.startsWith(`| ${op} `))
        ?.split('|')
        .map((cell) => cell.trim())
        .slice(2, 5);
    expect(row('Conv')).toEqual(['all', 'yes', 'differences (conv), shapes']);
    expect(row('Clip')).toEqual(['all; 1–10 rewritten', 'yes', 'differences (elementwise), shapes']);
    expect(row('Shape')).toEqual(['all', 'zero', 'shapes']);
    expect(row('Range')?.[1]).toBe('none: how many numbers it gives depends on its inputs');
    expect(row('Gelu')).toEqual(['20–26, as others', 'of what it becomes', 'outputs']);
    expect(row('GridSample')).toEqual(['all; 20–26 rewritten', 'yes', 'differences (expanded), shapes']);
    expect(row('If')).toEqual(['all', 'yes', 'numbers (subgraphs)']);
    expect(row('QuantizeLinear')?.slice(1)).toEqual(['straight-through', 'shapes']);
    expect(row('QLinearConv')).toEqual(['10–26, as others', 'of what it becomes', 'outputs']);
  });
});
