/** @file If and Loop as the nodes of their subgraphs: both branches and a choice, and one copy of the body per round. */
import type { GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import { graphOf } from '../files/read.js';
import { sameShape } from '../graph/dims.js';
import { inputOf, nodeLabel, type Graph, type Node } from '../graph/graph.js';
import { expectWithin } from '../graph/limits.js';
import { notExpanded, type Expansion } from './expansion.js';

/**
 * Both branches, and the values of the one whose condition holds.
 * @param varying values to differentiate by: the branch that is not chosen gets zeros for them, and what it would pass back to
 *   them is not chosen either. Its own derivatives may be infinite
 */
export function bothBranches(node: Node, b: GraphBuilder, varying: readonly string[]): readonly string[] {
  const condition = b.op('Reshape', [inputOf(node), b.ints([])], {}, 'condition');
  const [yes, no] = (['then_branch', 'else_branch'] as const).map((name) =>
    b.within(name, () => {
      const graph = subgraphOf(node, name);
      const read = new Set([...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map((info) => info.name)]);
      const given = varying
        .filter((value) => read.has(value))
        .map((value): [string, string] => {
          const choice = [value, b.scalarLike(value, 0)];
          return [
            value,
            b.op('Where', [condition, ...(name === 'then_branch' ? choice : choice.toReversed())], {}, 'given'),
          ];
        });
      return inlined(node, b, graph, given);
    }),
  ) as [string[], string[]];
  return yes.map((value, index) => {
    const other = no[index] as string;
    const [shape, otherShape] = [value, other].map((name) => b.types.knownShape(name, node));
    if (!sameShape(shape, otherShape)) {
      throw notExpanded(node, `a branch of [${shape?.join()}] beside one of [${otherShape?.join()}]`);
    }
    return b.op('Where', [condition, value, other], {}, 'chosen');
  });
}

/** One copy of the body per round, where their number is constant and no condition ends the loop before. */
export const unrolledLoop: Expansion = (node, b) => {
  const rounds = b.types.integers(node.inputs[0])?.[0];
  if (rounds === undefined) throw notExpanded(node, 'a number of rounds that is not constant');
  expectWithin('unrolledSteps', rounds, nodeLabel(node));
  const body = subgraphOf(node, 'body');
  expectWithin('nodes', rounds * body.nodes.length, nodeLabel(node));
  const yes = b.scalar(1, 'bool');
  let goesOn = inputOf(node, 1) || yes;
  let carried: readonly string[] = node.inputs.slice(2);
  const collected: string[][] = [];
  for (let round = 0; round < rounds; round++) {
    if (b.types.numbers(goesOn)?.[0] !== 1) throw notExpanded(node, 'a condition that may end it');
    const values = [b.scalar(round, 'int64'), goesOn, ...carried];
    const given = body.inputs.map(({ name }, index): [string, string] => [name, values[index] as string]);
    const [next = yes, ...results] = b.within(`round_${round}`, () => inlined(node, b, body, given));
    goesOn = next;
    carried = results.slice(0, carried.length);
    results.slice(carried.length).forEach((value, at) => {
      (collected[at] ??= []).push(b.op('Unsqueeze', [value, b.ints([0])]));
    });
  }
  return [...carried, ...collected.map((parts) => b.op('Concat', parts, { axis: 0 }))];
};

function subgraphOf(node: Node, name: string): Graph {
  const attribute = node.attributes[name];
  if (attribute?.kind === 'opaque' && attribute.value.g) return graphOf(attribute.value.g);
  throw new InputError({ name: `${nodeLabel(node)}: attribute ${name}`, expected: 'a graph', got: attribute?.kind });
}

/**
 * Appends a copy of a subgraph's nodes under new names.
 * @param given names of values that it reads, and what takes their place
 * @returns its outputs
 */
function inlined(node: Node, b: GraphBuilder, graph: Graph, given: readonly [string, string][]): string[] {
  const names = new Map(given);
  const known = (name: string) => names.get(name) ?? name;
  for (const [name, tensor] of graph.initializers) names.set(name, b.initializer(b.unique(name), tensor));
  for (const inner of graph.nodes) {
    if (Object.values(inner.attributes).some(({ kind }) => kind === 'opaque')) {
      throw notExpanded(node, `a subgraph that holds subgraphs (${nodeLabel(inner)})`);
    }
    const outputs = inner.outputs.map((name) => name && b.unique(name));
    const inputs = inner.inputs.map(known);
    inner.outputs.forEach((name, index) => names.set(name, outputs[index] as string));
    b.append({ ...inner, name: b.unique(inner.name || inner.op), inputs, outputs });
  }
  return graph.outputs.map(({ name }) => known(name));
}
