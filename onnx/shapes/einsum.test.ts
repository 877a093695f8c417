import { describe, expect, it } from 'vitest';
import { attributeOf } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { equationOf, labelledSizes } from './einsum.js';

const einsum = (equation: string, count = 2): Node => ({
  op: 'Einsum',
  domain: '',
  name: 'sum',
  inputs: Array.from({ length: count }, (_, index) => `x${index}`),
  outputs: ['y'],
  attributes: { equation: attributeOf(equation) },
});

describe('equationOf(node)', () => {
  it('reads labels, with a dot for an ellipsis', () => {
    expect(equationOf(einsum('b...i, ...ij -> b...j'))).toEqual({ inputs: ['b.i', '.ij'], output: 'b.j' });
  });

  it('takes labels that occur once, in alphabetical order, where there is no arrow', () => {
    expect(equationOf(einsum('kj,ji')).output).toBe('ik');
    expect(equationOf(einsum('...j,j', 2)).output).toBe('.');
    expect(equationOf(einsum('zbza', 1)).output).toBe('ab');
  });

  it.each(['ij', 'ij,jk,kl->il', 'i1,1j->ij', ''])('refuses "%s" for two inputs', (equation) => {
    expect(() => equationOf(einsum(equation))).toThrow(
      `Einsum "sum": equation: expected labels for 2 inputs; got "${equation}"`,
    );
  });
});

describe('labelledSizes(node, labels, shape)', () => {
  it('gives sizes by label, and those under the ellipsis', () => {
    const { sizes, under } = labelledSizes(einsum('a.c,c'), 'a.c', ['N', 2, 3, 4]);
    expect([...sizes]).toEqual([
      ['a', 'N'],
      ['c', 4],
    ]);
    expect(under).toEqual([2, 3]);
  });

  it('refuses a shape with another number of axes', () => {
    expect(() => labelledSizes(einsum('abc,c'), 'abc', [2, 3])).toThrow('labels "abc" do not fit [2,3]');
    expect(() => labelledSizes(einsum('ab.,c'), 'ab.', [2])).toThrow('labels "ab." do not fit [2]');
  });
});
