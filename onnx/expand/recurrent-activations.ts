/** @file The activations that a recurrent layer names, each as one operator. */
import type { GraphBuilder } from '../build/build.js';
import type { Node } from '../graph/graph.js';
import { notExpanded } from './expansion.js';

/** Appends an activation of a value. */
export type Activation = (b: GraphBuilder, value: string) => string;

/** Those that are an operator of the same name, with the same defaults. */
const operators = ['Elu', 'HardSigmoid', 'Relu', 'Sigmoid', 'Softplus', 'Softsign', 'Tanh'];

/**
 * The activations of each direction.
 * @param usual those of a direction where the node names none
 * @throws InputError for other activations, or parameters of them
 */
export function activationsOf(node: Node, usual: readonly string[], directions: number): Activation[][] {
  for (const name of ['activation_alpha', 'activation_beta']) {
    if (node.attributes[name]) throw notExpanded(node, `attribute ${name}`);
  }
  const { activations } = node.attributes;
  const named = activations?.kind === 'strings' && activations.value.length > 0 ? activations.value : undefined;
  return Array.from({ length: directions }, (_, at) =>
    usual.map((fallback, index) => {
      const name = named ? (named[at * usual.length + index] ?? '') : fallback;
      const op = operators.find((each) => each.toLowerCase() === name.toLowerCase());
      if (!op) throw notExpanded(node, `activation "${name}"`);
      return (b, value) => b.op(op, [value]);
    }),
  );
}
