/** @file Converts a model to opset 17. */
import { copiedGraph, GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import { IR_VERSION, nodeLabel, OPSET, type Model, type Node } from '../graph/graph.js';
import { Deadline, expectWithin } from '../graph/limits.js';
import { topologicalOrder } from '../graph/order.js';
import { expectAllMade, NEWEST_OPSET, without } from './conversion.js';
import { inlinedNodes } from './functions.js';
import { withFloatSums } from './quantized.js';
import { takenBranch, withUpgradedSubgraphs } from './subgraphs.js';
import { conversionOf } from './table.js';

/**
 * A copy of the model in opset 17, with its functions and the branches of known conditions inlined, and its nodes in
 * topological order. Nodes of other domains stay as they are.
 * @throws InputError naming operator and node where a node of another opset has no counterpart
 */
export function upgradedModel(model: Model): Model {
  const from = model.opsets.get('') ?? OPSET;
  const versioned = inlinedNodes(model, from);
  const versions = new Map(versioned.map(({ node, opset }) => [node, opset]));
  const nodes = topologicalOrder(versioned.map(({ node }) => node));
  const valueInfo = new Map([
    ...model.graph.outputs.map((info) => [info.name, info] as const),
    ...model.graph.valueInfo,
  ]);
  const b = new GraphBuilder({ ...copiedGraph(model.graph), nodes: [], valueInfo });
  b.reserve(nodes.flatMap(({ name, outputs }) => [name, ...outputs]));
  const deadline = new Deadline();
  for (const node of nodes) {
    deadline.check(nodeLabel(node));
    appendUpgraded(b, node, versions.get(node) as number);
  }
  expectAllMade(b.graph, nodes);
  return {
    ...model,
    irVersion: IR_VERSION,
    opsets: new Map(model.opsets).set('', OPSET),
    graph: withFloatSums(b.graph, nodes),
    ...(model.origin && { origin: { ...model.origin, functions: [] } }),
  };
}

/** @param depth branches that the node is inside of */
function appendUpgraded(b: GraphBuilder, node: Node, from: number, depth = 0): void {
  expectWithin('depth', depth, nodeLabel(node));
  if (!(from >= 1 && from <= NEWEST_OPSET)) {
    throw new InputError({ name: 'model', expected: `opset ${NEWEST_OPSET} or older`, got: from });
  }
  const branch = takenBranch(b, node);
  if (branch) {
    for (const inner of branch) appendUpgraded(b, inner, from, depth + 1);
    return;
  }
  const whole = withUpgradedSubgraphs(b, node, from, (within, inner) => appendUpgraded(within, inner, from, depth + 1));
  const convert = conversionOf(node.op, from, node.domain);
  const plain = node.domain === '' && from < 6 ? without(whole, 'consumed_inputs') : whole;
  if (convert) convert(plain, b, from);
  else b.append(plain);
}
