/** @file The type of conversions between opsets, and helpers for them. */
import { intsAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import { nodeLabel, OPSET, outputOf, type Attribute, type Graph, type Node } from '../graph/graph.js';
import { valuesRead } from '../graph/order.js';
import type { Expansion } from '../expand/expansion.js';

/** Newest ai.onnx opset that is read. */
export const NEWEST_OPSET = 26;

/** Appends a node of opset `from` to a graph of opset 17, as one or more nodes that compute the same. */
export type Conversion = (node: Node, b: GraphBuilder, from: number) => void;

/** The node without some attributes. */
export function without(node: Node, ...names: string[]): Node {
  const kept = Object.entries(node.attributes).filter(([name]) => !names.includes(name));
  return { ...node, attributes: Object.fromEntries(kept) };
}

/** The node with an attribute set. */
export function withAttribute(node: Node, name: string, attribute: Attribute): Node {
  return { ...node, attributes: { ...node.attributes, [name]: attribute } };
}

/** Drops attributes that have no meaning in opset 17. */
export const dropping =
  (...names: string[]): Conversion =>
  (node, b) =>
    b.append(without(node, ...names));

/** The elementary operators of an expansion in place of the node. */
export const expanding =
  (expansion: Expansion): Conversion =>
  (node, b) => {
    const made = b.within(outputOf(node), () => expansion(node, b));
    node.outputs.forEach((output, index) => {
      const value = made[index];
      if (!output || value === undefined) return;
      b.append({ op: 'Identity', domain: '', name: output, inputs: [value], outputs: [output], attributes: {} });
    });
  };

/** Lists of ints move from attributes to inputs, in order; absent ones stay absent. */
export const attributesToInputs =
  (...names: string[]): Conversion =>
  (node, b) => {
    const lists = names.map((name) => intsAttribute(node, name));
    const inputs = lists.map((list) => (list ? b.ints(list) : ''));
    while (inputs.at(-1) === '') inputs.pop();
    b.append({ ...without(node, ...names), inputs: [...node.inputs, ...inputs] });
  };

/** The error for an attribute that opset 17 cannot express. */
export function noCounterpart(node: Node, attribute: string): InputError {
  return new InputError(`${nodeLabel(node)}: attribute ${attribute} has no counterpart in opset ${OPSET}`);
}

/** As a conversion, but of integers of 8 or 32 bits alone, which QuantizeLinear and DequantizeLinear of opset 17 have. */
export const ofShortIntegers =
  (convert: Conversion): Conversion =>
  (node, b, from) => {
    const integers = node.inputs[node.op === 'QuantizeLinear' ? 2 : 0] ?? '';
    const type = b.types.get(integers)?.type;
    if (type !== undefined && !['uint8', 'int8', 'int32'].includes(type)) {
      const got = type === 'other' ? 'another type' : `${type}; the network before it was quantised can be read`;
      throw new InputError({
        name: nodeLabel(node),
        expected: `integers of opset ${OPSET}: uint8, int8 or int32`,
        got,
      });
    }
    convert(node, b, from);
  };

/** The contents of a small integer tensor. @throws InputError where they are not constant */
export function constantInts(b: GraphBuilder, node: Node, name: string): readonly number[] {
  const values = b.types.integers(name);
  if (!values) throw new InputError(`${nodeLabel(node)}: "${name}" must be constant`);
  return values;
}

/** Outputs that opset 17 does not have (training statistics, masks of another type) may be dropped only if nothing reads them. */
export function expectAllMade(graph: Graph, nodes: readonly Node[]): void {
  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const read = new Set([...graph.nodes.flatMap(valuesRead), ...graph.outputs.map(({ name }) => name)]);
  for (const node of nodes) {
    const lost = node.outputs.find((name) => !made.has(name) && read.has(name));
    if (lost) throw new InputError(`${nodeLabel(node)}: its output "${lost}" has no counterpart in opset ${OPSET}`);
  }
}
