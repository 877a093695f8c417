/** @file Inlines the functions of a model into the nodes that call them. */
import { InputError } from '../errors.js';
import { inputOf, nodeLabel, type Attribute, type Model, type Node } from '../graph/graph.js';
import { expectWithin } from '../graph/limits.js';
import type { FunctionProto, NodeProto } from '../proto/onnx_pb.js';
import { attributeFrom, nodeOf } from '../files/read.js';

/** A node and the ai.onnx opset it is written in: a function may have its own. */
export interface VersionedNode {
  node: Node;
  opset: number;
}

/**
 * The model's nodes with every call of a local function replaced by its body, whose values and nodes are named
 * `<call>/<name>`.
 * @throws InputError where functions call themselves, pass a limit or hold subgraphs
 */
export function inlinedNodes(model: Model, opset: number): VersionedNode[] {
  const functions = new Map((model.origin?.functions ?? []).map((item) => [functionKey(item), item]));
  const nodes: VersionedNode[] = [];
  let [calls, characters] = [0, 0];
  const visit = (node: Node, version: number, callers: readonly FunctionProto[]): void => {
    const called = functions.get(functionKey({ ...node, overload: node.origin?.overload ?? '' }));
    if (!called) {
      if (callers.length > 0) expectWithin('nameCharacters', (characters += nameLengths(node)), nodeLabel(node));
      expectWithin('nodes', nodes.push({ node, opset: version }), 'model with its functions inlined');
      return;
    }
    expectWithin('calls', ++calls, nodeLabel(node));
    expectWithin('depth', callers.length + 1, nodeLabel(node));
    if (callers.includes(called)) throw new InputError(`${nodeLabel(node)}: the function calls itself`);
    const own = called.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version;
    const inside = [...callers, called];
    for (const inner of bodyOf(called, node)) visit(inner, own === undefined ? version : Number(own), inside);
  };
  for (const node of model.graph.nodes) visit(node, opset, []);
  return nodes;
}

function nameLengths(node: Node): number {
  const names = [node.name, ...node.inputs, ...node.outputs];
  for (const name of names) expectWithin('nameLength', name.length, nodeLabel(node));
  return names.reduce((sum, { length }) => sum + length, 0);
}

const functionKey = ({ domain, name, op, overload }: { domain: string; name: string; op?: string; overload: string }) =>
  `${domain === 'ai.onnx' ? '' : domain}:${op ?? name}:${overload}`;

/** The nodes of a function with the call's values and attributes in place of its parameters. */
function bodyOf(called: FunctionProto, call: Node): Node[] {
  const path = call.name || firstName(call.outputs) || called.name;
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
