/** @file Guided backpropagation and the deconvolutional network: at each ReLU only positive gradients pass. */
import { clip } from './rules/elementwise/elementwise.js';
import { numbersOf } from '../graph/tensor.js';
import type { GradientRule } from './rules/rule.js';

/** dx = ReLU(dy) where x > 0 (Springenberg et al. 2015, section 3.4). */
const guidedRectifier: GradientRule = ({ b, x, g }) => {
  const active = b.op('Greater', [x[0], b.scalarLike(g, 0)]);
  return [b.mul(b.op('Relu', [g]), b.castLike(active, g))];
};

/** dx = ReLU(dy), whatever x is (Zeiler and Fergus 2014, section 2.1). */
const deconvolvedRectifier: GradientRule = ({ b, g }) => [b.op('Relu', [g])];

/** Whether a Clip is a ReLU6, as exporters write it: its lower bound is 0. */
function isRectifier({ b, x }: Parameters<GradientRule>[0]): boolean {
  const low = x[1] ? b.types.constant(x[1]) : undefined;
  return low !== undefined && numbersOf(low)[0] === 0;
}

/** The same for ReLU6. Other Clips keep their rule. */
const guidedClip: GradientRule = (backward) => {
  if (!isRectifier(backward)) return clip(backward);
  const [rectified] = guidedRectifier(backward);
  return clip({ ...backward, g: rectified ?? backward.g });
};

const deconvolvedClip: GradientRule = (backward) =>
  isRectifier(backward) ? [...deconvolvedRectifier(backward), null, null].slice(0, backward.x.length) : clip(backward);

/** Rules for `gradients` that make it the pass of a deconvolutional network. */
export const deconvolutionRules = {
  Clip: deconvolvedClip,
  LeakyRelu: deconvolvedRectifier,
  Relu: deconvolvedRectifier,
} satisfies Record<string, GradientRule>;

/** Rules for `gradients` that make it guided backpropagation. */
export const guidedRules = {
  Clip: guidedClip,
  LeakyRelu: guidedRectifier,
  Relu: guidedRectifier,
} satisfies Record<string, GradientRule>;
