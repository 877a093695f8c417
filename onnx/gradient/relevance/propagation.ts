/** @file What the rules of one walk share, and what is common to many of them. */
import type { GraphBuilder } from '../../build/build.js';
import { InputError } from '../../errors.js';
import { nodeLabel } from '../../graph/graph.js';
import { isFloat } from '../rules/common.js';
import type { Backward, GradientRule } from '../rules/rule.js';
import { gradientRules, type KnownOp } from '../table.js';
import { STABILIZER, type Composite } from './composite.js';
import type { Flow } from './flow.js';
import { stabilized, sumOf } from './layers.js';
import { CONSTANT_PARTS } from './operators.js';
import type { Region } from './region.js';

export interface Propagation {
  b: GraphBuilder;
  flow: Flow;
  region: Region;
  composite: Composite;
  /** Collects scalars: what biases and other constants took. */
  kept: string[];
}

/** The default rule of an operator. */
export const ruleOf = (op: KnownOp): GradientRule => gradientRules[op];

/** @throws InputError always: the node has no rule */
export function refused({ node }: Backward, because: string): never {
  throw new InputError(`${nodeLabel(node)}: LRP has no rule for it (${because})`);
}

/** Whether relevance goes to input `index`. */
export const isPart = ({ x, wanted }: Backward, index: number, flow: Flow): boolean =>
  wanted(index) && flow.depends(x[index] as string);

/** c·y / (y + ε·sign y) */
export const stable = (b: GraphBuilder, { y, g }: Backward): string =>
  b.div(b.mul(g, y[0]), stabilized(b, y[0], STABILIZER), 'stable');

/** Collects what constants that are added have taken of a multiplier. */
export function keepConstants({ b, flow, kept }: Propagation, op: KnownOp, backward: Backward): void {
  const { x } = backward;
  const own = CONSTANT_PARTS[op] ?? [];
  const isConstant = (value: string, index: number) =>
    (own === 'all' || own.includes(index)) && value !== '' && !flow.depends(value) && isFloat(b.type(value).type);
  const constants = x.flatMap((value, index) => (isConstant(value, index) ? [index] : []));
  if (constants.length === 0) return;
  const parts = ruleOf(op)({ ...backward, wanted: () => true });
  for (const index of constants) {
    const part = parts[index];
    if (part) kept.push(sumOf(b, b.mul(x[index] as string, part)));
  }
}

/** The default rule, towards what depends on the picture alone. */
export const plainRule =
  (propagation: Propagation) =>
  (op: KnownOp): GradientRule =>
  (backward) => {
    keepConstants(propagation, op, backward);
    return ruleOf(op)(backward).map((each, index) => (isPart(backward, index, propagation.flow) ? each : null));
  };
