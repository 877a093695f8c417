/** @file Guided backpropagation: a backward pass that keeps only what speaks for the score at every rectifier. */
import { castLike } from './common.js';
import type { GradientRule } from './rule.js';

/** dx = ReLU(dy) where x > 0 (Springenberg et al. 2015, section 3.4). */
const guidedRectifier: GradientRule = ({ b, x, g }) => {
  const active = b.op('Greater', [x[0] as string, b.scalarLike(g, 0)]);
  return [b.mul(b.op('Relu', [g]), castLike(b, active, g))];
};

/** Rules for `gradients` that make it guided backpropagation. */
export const guidedRules = { LeakyRelu: guidedRectifier, Relu: guidedRectifier } satisfies Record<string, GradientRule>;
