/** @file The type of expansions: operators written as elementary ones. */
import type { GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import { nodeLabel, type Dim, type Node } from '../graph/graph.js';

/**
 * Appends elementary nodes that compute a node's outputs.
 * @returns their names, in the order of the node's outputs
 * @throws InputError naming the node and what cannot be expanded
 */
export type Expansion = (node: Node, b: GraphBuilder) => readonly string[];

/** The error for what an expansion does not know, when a model is read or its gradient taken. */
export function notExpanded(node: Node, what: string): InputError {
  return new InputError(`${nodeLabel(node)}: ${what} is not supported`);
}

/** A size that is known. @throws InputError naming the node where it is open */
export function fixedSize(node: Node, size: Dim | undefined, what: string): number {
  if (typeof size === 'number') return size;
  throw new InputError({ name: `${nodeLabel(node)}: ${what}`, expected: 'a fixed size', got: `"${size}"` });
}
