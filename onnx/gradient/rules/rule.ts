/** @file What a gradient rule is given and what it returns. */
import type { GraphBuilder } from '../../build/build.js';
import { InputError } from '../../errors.js';
import { nodeLabel, type Node, type Shape } from '../../graph/graph.js';

/** One node's place in the backward walk. */
export interface Backward {
  node: Node;
  /** Where gradient nodes are appended; names are already under a path for this node. */
  b: GraphBuilder;
  /** Inputs and outputs of the node. */
  x: readonly [string, ...string[]];
  y: readonly [string, ...string[]];
  /** Gradients of the outputs; null where none flows in. At least one is not null. */
  dy: readonly (string | null)[];
  /** The first output's gradient, for operators with one output. */
  g: string;
  /** Whether the gradient of input `index` is wanted; rules skip costly ones that are not. */
  wanted(index: number): boolean;
  /** The known shape of a value. @throws InputError naming the node if it is unknown */
  shape(value: string): Shape;
  /**
   * Differentiates the nodes that were appended since `from`, which compute the node's outputs another way.
   * @param outputs their names for the node's outputs, in its order
   * @param towards the inputs to differentiate by; all where left out
   * @returns the gradient of each input
   */
  through(from: number, outputs: readonly string[], towards?: readonly number[]): readonly (string | null)[];
}

/**
 * One gradient or null (zero) per input, with the shape of the *broadcast* input: the walker alone sums over broadcast
 * axes and adds up the uses of a value.
 */
export type GradientRule = (backward: Backward) => readonly (string | null)[];

/**
 * The gradient of elementary nodes that compute the same: they are appended, and differentiated in place of the node.
 * @param expanded appends them and returns the node's outputs; those without a gradient may be left out at the end
 * @param towards the inputs with a gradient; all where left out
 */
export const throughOthers =
  (expanded: (backward: Backward) => readonly string[], towards?: readonly number[]): GradientRule =>
  (backward) => {
    const from = backward.b.graph.nodes.length;
    return backward.through(
      from,
      backward.b.within('again', () => expanded(backward)),
      towards,
    );
  };

/** For operators whose outputs do not change under small changes of their inputs (comparisons, rounding, indices). */
export const zeroGradient: GradientRule = ({ x }) => x.map(() => null);

/** Zero towards the indices; the two values that a OneHot is made of are constants of a network. */
export const oneHot: GradientRule = ({ node, x, wanted }) => {
  if (wanted(2)) throw new InputError(`${nodeLabel(node)}: cannot be differentiated by its values`);
  return x.map(() => null);
};

/** A rule whose only result is an error with a reason. */
export type Refusal = GradientRule & { readonly reason: string };

/** For operators that have a gradient in principle but none here: differentiating them is an error with this reason. */
export function notDifferentiable(reason: string): Refusal {
  const refuse: GradientRule = ({ node }) => {
    throw new InputError(`${nodeLabel(node)}: cannot be differentiated (${reason})`);
  };
  return Object.assign(refuse, { reason });
}
