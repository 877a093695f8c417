/** @file Guided backpropagation: at each ReLU only positive gradients pass. */
import { clip } from './rules/elementwise/elementwise.js';
import { numbersOf } from '../graph/tensor.js';
import type { GradientRule } from './rules/rule.js';

/** dx = ReLU(dy) where x > 0 (Springenberg et al. 2015, section 3.4). */
const guidedRectifier: GradientRule = ({ b, x, g }) => {
  const active = b.op('Greater', [x[0], b.scalarLike(g, 0)]);
  return [b.mul(b.op('Relu', [g]), b.castLike(active, g))];
};

/** The same for ReLU6, which exporters write as a Clip with lower bound 0. Other Clips keep their rule. */
const guidedClip: GradientRule = (backward) => {
  const { b, x, g } = backward;
  const low = x[1] ? b.types.constant(x[1]) : undefined;
  if (!low || numbersOf(low)[0] !== 0) return clip(backward);
  const [rectified] = guidedRectifier(backward);
  return clip({ ...backward, g: rectified ?? g });
};

/** Rules for `gradients` that make it guided backpropagation. */
export const guidedRules = {
  Clip: guidedClip,
  LeakyRelu: guidedRectifier,
  Relu: guidedRectifier,
} satisfies Record<string, GradientRule>;
