/** @file Replaces If nodes whose condition depends only on sizes, as in PyTorch's Squeeze, by the branch that runs. */
import type { GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import { nodeLabel, type Node } from '../graph/graph.js';
import { graphOf } from '../files/read.js';

/**
 * The nodes that replace an If whose condition is constant; undefined for other nodes. Names in a branch differ from
 * those around it, so they stay; constants of the branch become initializers.
 * @throws InputError where a name of the branch is one of the graph too
 */
export function takenBranch(b: GraphBuilder, node: Node): Node[] | undefined {
  const condition = node.op === 'If' && node.domain === '' ? b.types.numbers(node.inputs[0])?.[0] : undefined;
  const attribute = node.attributes[condition === 0 ? 'else_branch' : 'then_branch'];
  if (condition === undefined || attribute?.kind !== 'opaque' || !attribute.value.g) return undefined;
  const branch = graphOf(attribute.value.g);
  const made = [...branch.initializers.keys(), ...branch.nodes.flatMap(({ outputs }) => outputs)];
  const known = made.find((name) => name !== '' && b.types.get(name));
  if (known) throw new InputError(`${nodeLabel(node)}: the graph has a value "${known}", which its branch makes again`);
  b.reserve(made);
  for (const [name, tensor] of branch.initializers) b.initializer(name, tensor);
  const handedOn = branch.outputs.flatMap(({ name }, index): Node[] => {
    const output = node.outputs[index];
    if (!output) return [];
    return [{ op: 'Identity', domain: '', name: output, inputs: [name], outputs: [output], attributes: {} }];
  });
  return [...branch.nodes, ...handedOn];
}
