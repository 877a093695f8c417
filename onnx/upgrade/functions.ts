/** @file Inlines the functions of a model into the nodes that call them. */
import { InputError } from '../errors.js';
import { inputOf, nodeLabel, type Attribute, type Model, type Node } from '../graph/graph.js';
import { expectWithin } from '../graph/limits.js';
import { nodesWithin } from '../graph/order.js';
import type { FunctionProto, NodeProto } from '../proto/onnx_pb.js';
import { withSubgraphs } from '../build/subgraphs.js';
import { attributeFrom, graphOf, nodeOf } from '../files/read.js';

/** A node and the ai.onnx opset it is written in: a function may have its own. */
export interface VersionedNode {
  node: Node;
  opset: number;
}

/**
 * The model's nodes with every call of a local function, in subgraphs too, replaced by its body, whose values and nodes are named
 * `<call>/<name>`.
 * @throws InputError where functions call themselves, pass a limit, hold subgraphs, or have another opset than the subgraph around
 */
export function inlinedNodes(model: Model, opset: number): VersionedNode[] {
  const functions = new Map((model.origin?.functions ?? []).map((item) => [functionKey(item), item]));
  let [calls, characters, count] = [0, 0, 0];
  const visit = (node: Node, version: number, scope = '', callers: readonly FunctionProto[] = []): VersionedNode[] => {
    const called = functions.get(functionKey({ ...node, overload: node.origin?.overload ?? '' }));
    if (!called) {
      if (callers.length > 0) expectWithin('nameCharacters', (characters += nameLengths(node)), nodeLabel(node));
      expectWithin('nodes', ++count, 'model with its functions inlined');
      return [{ node: withInlinedSubgraphs(node, version, scope), opset: version }];
    }
    expectWithin('calls', ++calls, nodeLabel(node));
    expectWithin('depth', callers.length + 1, nodeLabel(node));
    if (callers.includes(called)) throw new InputError(`${nodeLabel(node)}: the function calls itself`);
    const own = called.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version;
    const [opsetWithin, inside] = [own === undefined ? version : Number(own), [...callers, called]];
    return bodyOf(called, node, scope).flatMap((inner) => visit(inner, opsetWithin, '', inside));
  };
  const withInlinedSubgraphs = (node: Node, version: number, scope: string): Node =>
    withSubgraphs(node, (proto, name) => {
      const isCall = ({ domain, opType, overload }: NodeProto) =>
        functions.has(functionKey({ domain, name: opType, overload }));
      if (!nodesWithin({ g: proto, graphs: [] }).some(isCall)) return undefined;
      const graph = graphOf(proto);
      const path = `${scope}${node.name || firstName(node.outputs) || node.op}/${name}/`;
      const nodes = graph.nodes.flatMap((each) => visit(each, version, path));
      const other = nodes.find((each) => each.opset !== version);
      if (!other) return { ...graph, nodes: nodes.map((each) => each.node) };
      throw new InputError({
        name: `${nodeLabel(node)}: functions in its ${name}`,
        expected: `the model's opset ${version}`,
        got: other.opset,
      });
    });
  return model.graph.nodes.flatMap((node) => visit(node, opset));
}

function nameLengths(node: Node): number {
  const names = [node.name, ...node.inputs, ...node.outputs];
  for (const name of names) expectWithin('nameLength', name.length, nodeLabel(node));
  return names.reduce((sum, { length }) => sum + length, 0);
}

const functionKey = ({ domain, name, op, overload }: { domain: string; name: string; op?: string; overload: string }) =>
  `${domain === 'ai.onnx' ? '' : domain}:${op ?? name}:${overload}`;

/**
 * The nodes of a function with the call's values and attributes in place of its parameters.
 * @param scope before the names that are made, so that none of a subgraph is one of the graph around it
 */
function bodyOf(called: FunctionProto, call: Node, scope: string): Node[] {
  const path = `${scope}${call.name || firstName(call.outputs) || called.name}`;
  const names = new Map<string, string>([['', '']]);
  called.output.forEach((name, index) => names.set(name, call.outputs[index] || `${path}/${name}`));
  called.input.forEach((name, index) => names.set(name, inputOf(call, index)));
  const renamed = (name: string) => names.get(name) ?? `${path}/${name}`;
  const body = called.node.map((proto) => {
    const node = nodeOf(proto);
    if (Object.values(node.attributes).some((attribute) => attribute.kind === 'opaque')) {
      throw new InputError(`${nodeLabel(call)}: a function with subgraphs cannot be inlined (${nodeLabel(node)})`);
    }
    return {
      ...node,
      name: `${path}/${node.name || firstName(node.outputs) || node.op}`,
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
      attributes: Object.fromEntries(attributesOf(proto, called, call)),
    };
  });
  const passedOn = called.output.flatMap((name, index): Node[] => {
    const output = call.outputs[index];
    if (!output || !called.input.includes(name)) return [];
    return [{ op: 'Identity', domain: '', name: output, inputs: [renamed(name)], outputs: [output], attributes: {} }];
  });
  return [...body, ...passedOn];
}

const firstName = (names: readonly string[]) => names.find((name) => name !== '');

/** A function's node may refer to attributes of the call, which may be left out and have defaults. */
function attributesOf(proto: NodeProto, called: FunctionProto, call: Node): [string, Attribute][] {
  return proto.attribute.flatMap((item): [string, Attribute][] => {
    if (!item.refAttrName) return [[item.name, attributeFrom(item)]];
    const given = Object.hasOwn(call.attributes, item.refAttrName) ? call.attributes[item.refAttrName] : undefined;
    const usual = called.attributeProto.find(({ name }) => name === item.refAttrName);
    const value = given ?? (usual && attributeFrom(usual));
    return value ? [[item.name, value]] : [];
  });
}
