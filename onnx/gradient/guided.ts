/** @file Guided backpropagation and the deconvolutional network: at each rectifier only positive gradients pass. */
import type { Node } from '../graph/graph.js';
import { numbersOf } from '../graph/tensor.js';
import type { Types } from '../shapes/types.js';
import { clip } from './rules/elementwise/elementwise.js';
import type { Backward, GradientRule } from './rules/rule.js';
import { gradientRules } from './table.js';

/** What passes at a rectifier of a value. */
type Passed = (backward: Backward, value: string) => string;

/** ReLU(dy) where x > 0 (Springenberg et al. 2015, section 3.4). */
const guided: Passed = ({ b, g }, x) => {
  const active = b.op('Greater', [x, b.scalarLike(g, 0)]);
  return b.mul(b.op('Relu', [g]), b.castLike(active, g));
};

/** ReLU(dy), whatever x is (Zeiler and Fergus 2014, section 2.1). */
const deconvolved: Passed = ({ b, g }) => b.op('Relu', [g]);

/**
 * The value that a node rectifies: of Relu, LeakyRelu and PRelu, of a Clip from 0 on, such as ReLU6, and of the larger of it and 0.
 * Undefined for other nodes; smooth functions such as GELU and HardSwish are no rectifiers.
 */
export function rectifiedValue({ op, domain, inputs }: Node, types: Types): string | undefined {
  const isZero = (name = '') => {
    const tensor = types.constant(name);
    return tensor !== undefined && Array.from(numbersOf(tensor)).every((number) => number === 0);
  };
  if (domain !== '') return undefined;
  if (op === 'Relu' || op === 'LeakyRelu' || op === 'PRelu' || (op === 'Clip' && isZero(inputs[1]))) return inputs[0];
  return op === 'Max' && inputs.length === 2 && inputs.some(isZero) ? inputs.find((name) => !isZero(name)) : undefined;
}

/** The rules of nodes that may be rectifiers; other Clips and Max keep theirs. */
function rectifierRules(passed: Passed) {
  const rule: GradientRule = (backward) => {
    const { node, b, x } = backward;
    const value = rectifiedValue(node, b.types);
    if (value === undefined) return gradientRules[node.op as 'Clip' | 'Max'](backward);
    const own = passed(backward, value);
    return x.map((name) => (name === value ? own : null));
  };
  return { Clip: rule, LeakyRelu: rule, Max: rule, PRelu: rule, Relu: rule } satisfies Record<string, GradientRule>;
}

/** Rules for `gradients` that make it the pass of a deconvolutional network. */
export const deconvolutionRules = rectifierRules(deconvolved);

/** Rules for `gradients` that make it guided backpropagation. */
export const guidedRules = {
  ...rectifierRules(guided),
  // Nothing passes beyond the upper bound.
  Clip: (backward) => {
    const value = rectifiedValue(backward.node, backward.b.types);
    return clip(value === undefined ? backward : { ...backward, g: guided(backward, value) });
  },
} satisfies Record<string, GradientRule>;
