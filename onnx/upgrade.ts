/** @file Brings a model to our dialect, opset 17. */
import { copiedGraph, GraphBuilder } from './build.js';
import { conversions, NEWEST_OPSET, newerOperators, without, type Conversion } from './conversions.js';
import { InputError } from './errors.js';
import { IR_VERSION, nodeLabel, OPSET, type Model, type Node } from './graph.js';

/**
 * A copy of the model in opset 17.
 * @throws InputError naming operator and node where a node of another opset has no counterpart
 */
export function upgradedModel(model: Model): Model {
  const from = model.opsets.get('') ?? OPSET;
  if (from > NEWEST_OPSET) throw new InputError(`model: expected opset ${NEWEST_OPSET} or older; got ${from}`);
  const local = new Set((model.origin?.functions ?? []).map(({ domain, name }) => `${domain}.${name}`));
  const b = new GraphBuilder({ ...copiedGraph(model.graph), nodes: [] });
  for (const node of model.graph.nodes) {
    if (local.has(`${node.domain}.${node.op}`)) {
      throw new InputError(`${nodeLabel(node)}: expected an operator; got a function of the model: inline it first`);
    }
    const convert = node.domain === '' ? conversionOf(node, from) : undefined;
    if (convert) convert(node, b, from);
    else b.append(node);
  }
  return { ...model, irVersion: IR_VERSION, opsets: new Map(model.opsets).set('', OPSET), graph: b.graph };
}

function conversionOf(node: Node, from: number): Conversion | undefined {
  if (Object.hasOwn(conversions, node.op)) {
    const [first, last, convert] = conversions[node.op] as [number, number, Conversion];
    if (from >= first && from <= last) return convert;
  }
  if (from > OPSET && newerOperators.has(node.op)) {
    throw new InputError(
      `${nodeLabel(node)}: operator ${node.op} of opset ${from} has no counterpart in opset ${OPSET}`,
    );
  }
  return from < 6 && node.attributes['consumed_inputs']
    ? (old, b) => b.append(without(old, 'consumed_inputs'))
    : undefined;
}
