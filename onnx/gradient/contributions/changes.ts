/** @file What the rules of DeepLIFT are made of: changes from the baseline, multipliers, refusals. */
import type { GraphBuilder } from '../../build/build.js';
import { InputError } from '../../errors.js';
import { nodeLabel } from '../../graph/graph.js';
import { isFloat } from '../rules/common.js';
import type { Backward } from '../rules/rule.js';
import type { Twin } from './twin.js';

/** Differences below this are taken as none: the gradient stands for the quotient. */
const SMALLEST = 1e-6;

/** Values of the network in terms of those for the baseline. */
export interface Changes {
  b: GraphBuilder;
  twin: Twin;
  /** x − x′ */
  change(value: string): string;
  /** (x + x′)/2 */
  middle(value: string): string;
  /** Contributions as a multiplier of x: divided by Δx, or `otherwise` where that is nearly 0. */
  perChange(contribution: string, x: string, otherwise: string): string;
}

/** @param twin the network for the baseline */
export function changesFrom(twin: Twin): Changes {
  const { b } = twin;
  const change = (value: string) => b.sub(value, twin.of(value), 'change');
  const middle = (value: string) => b.mul(b.add(value, twin.of(value)), b.scalarLike(value, 0.5), 'middle');
  const perChange = (contribution: string, x: string, otherwise: string) => {
    const own = change(x);
    const isChange = b.op('Greater', [b.op('Abs', [own]), b.scalarLike(own, SMALLEST)]);
    const quotient = b.div(contribution, b.op('Where', [isChange, own, b.scalarLike(own, 1)]));
    return b.op('Where', [isChange, quotient, otherwise], {}, 'multiplier');
  };
  return { b, twin, change, middle, perChange };
}

/** Sizes and indices are no numbers of the picture. @throws InputError where more than the first input depends on it */
export function expectOneInput(backward: Backward): void {
  const { b, x, wanted } = backward;
  const isPart = (value: string, index: number) =>
    index > 0 && value !== '' && wanted(index) && isFloat(b.types.get(value)?.type);
  if (x.some(isPart)) refused(backward, 'more than its first input depends on the picture');
}

/** @throws InputError always: the node has no rule */
export function refused({ node }: Backward, because: string): never {
  throw new InputError(`${nodeLabel(node)}: DeepLIFT has no rule for it (${because})`);
}
