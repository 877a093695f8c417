import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../build/build.js';
import { shapeRules } from '../shapes/table.js';
import { subgraphRules } from './rules/expanded.js';
import { straightThroughRules } from './rules/quantization.js';
import { oneHot, zeroGradient } from './rules/rule.js';
import { differentiableOps, gradientRules, ruleFamilies } from './table.js';
import { gradients } from './walk.js';

describe('gradientRules', () => {
  it('has one rule for every operator of the dialect, and for those of subgraphs', () => {
    const known = [...Object.keys(shapeRules), ...Object.keys(subgraphRules)];
    expect(Object.keys(gradientRules).toSorted()).toEqual(known.toSorted());
  });

  it('takes its differentiable operators from families whose tests check every one, and its gradient too', () => {
    const checked = Object.values(ruleFamilies).flatMap((rules) => Object.keys(rules));
    expect(checked.toSorted()).toEqual(differentiableOps);
  });

  it.each(Object.entries(gradientRules))('has for %s a rule of exactly one kind that is tested', (op, rule) => {
    const kinds = {
      // checkVjp, in `<family>.test.ts`
      differentiatedTwice: Object.values(ruleFamilies).some((rules) => Object.hasOwn(rules, op)),
      // quantization.test.ts and subgraphs.test.ts, once and twice
      straightThrough: Object.hasOwn(straightThroughRules, op),
      subgraph: Object.hasOwn(subgraphRules, op),
      // Nothing flows, so there is nothing to differentiate again.
      zero: rule === zeroGradient || rule === oneHot,
      refused: 'reason' in rule,
    };
    expect(Object.values(kinds).filter(Boolean)).toHaveLength(1);
  });

  it('is zero for operators that do not move with their inputs', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 3]);
    expect(gradients(b, b.op('Sign', ['x']), ['x']).get('x')).toBeNull();
    const size = b.op('Expand', [b.scalar(1), b.op('Shape', ['x'])]);
    expect(gradients(b, size, ['x']).get('x')).toBeNull();
    const chosen = b.op('Where', [b.op('Greater', ['x', b.scalar(0)]), b.scalar(1), b.scalar(2)]);
    expect(gradients(b, chosen, ['x']).get('x')).toBeNull();
  });

  it('is an error with a reason for operators that cannot be differentiated', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', []);
    const numbers = b.op('Range', [b.scalar(0), 'x', b.scalar(1)], {}, 'numbers');
    expect(() => gradients(b, numbers, ['x'])).toThrow(
      'Range "numbers": cannot be differentiated (how many numbers it gives depends on its inputs)',
    );
  });
});
