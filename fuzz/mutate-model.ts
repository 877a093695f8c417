/** @file Models that parse but make no sense: attributes, sizes, names and operators exchanged. */
import type { Random } from '../inference/numeric/random.js';
import type { Attribute, Dim, Graph, Model, Node, Tensor, ValueInfo } from '../onnx/graph/graph.js';
import { modelFromBytes } from '../onnx/files/read.js';
import { modelBytes } from '../onnx/files/write.js';
import { differentiableOps } from '../onnx/gradient/table.js';
import { below, changeCount, mutatedBytes, oneOf } from './mutate.js';

const NUMBERS = [-1, 0, 1, 2, 3, 7, 64, 1000, 2 ** 31, 2 ** 32, -(2 ** 31), 2 ** 53];
const SIZES: readonly Dim[] = [0, 1, 2, 3, 5, 224, 65_536, 'batch', 'other', '2*batch'];

/** The bytes of a model that differs in some places; a third of them are damaged as bytes are. */
export function mutatedModel(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.uniform() < 0.33) return mutatedBytes(bytes, random);
  let model = modelFromBytes(bytes);
  for (let left = changeCount(random); left > 0; left--) model = changed(model, random);
  return modelBytes(model);
}

function changed(model: Model, random: Random): Model {
  const { graph } = model;
  const kind = random.uniform();
  if (kind < 0.03) return { ...model, opsets: new Map([['', oneOf(random, [1, 6, 9, 11, 13, 18, 20, 23, 26, 99])]]) };
  if (kind < 0.06) return { ...model, metadata: new Map([...model.metadata, ['names', '{0: "a"}']]) };
  if (kind < 0.12)
    return { ...model, graph: { ...graph, inputs: graph.inputs.map((info) => changedInfo(info, random)) } };
  if (kind < 0.16) return { ...model, graph: { ...graph, outputs: changedOutputs(graph, random) } };
  if (kind < 0.32) return { ...model, graph: { ...graph, initializers: changedInitializers(graph, random) } };
  const at = below(random, Math.max(1, graph.nodes.length));
  const node = graph.nodes[at];
  if (!node) return model;
  const nodes = kind < 0.36 ? graph.nodes.toSpliced(at, 1) : graph.nodes.with(at, changedNode(node, graph, random));
  return { ...model, graph: { ...graph, nodes } };
}

function changedInfo(info: ValueInfo, random: Random): ValueInfo {
  const shape = info.value?.shape;
  if (!info.value || !shape) return info;
  const at = below(random, shape.length + 1);
  const sizes =
    random.uniform() < 0.7 && at < shape.length ? shape.with(at, oneOf(random, SIZES)) : shape.toSpliced(at, 1);
  return {
    name: info.name,
    value: { type: oneOf(random, ['float32', 'float32', 'float16', 'int64', 'uint8']), shape: sizes },
  };
}

function changedOutputs(graph: Graph, random: Random): ValueInfo[] {
  const values = graph.nodes.flatMap(({ outputs }) => outputs);
  return values.length === 0 ? [] : [{ name: oneOf(random, values) }];
}

function changedInitializers(graph: Graph, random: Random): Map<string, Tensor> {
  const initializers = new Map(graph.initializers);
  const names = [...initializers.keys()];
  if (names.length === 0) return initializers;
  const name = oneOf(random, names);
  const tensor = initializers.get(name) as Tensor;
  const kind = random.uniform();
  if (kind < 0.2) initializers.delete(name);
  else if (kind < 0.6) initializers.set(name, { ...tensor, dims: tensor.dims.toReversed() });
  else if (tensor.type === 'int64') {
    initializers.set(name, { ...tensor, data: tensor.data.map(() => BigInt(oneOf(random, NUMBERS))) });
  } else initializers.set(name, { type: 'float32', dims: [1], data: Float32Array.of(oneOf(random, [NaN, 0, -1e38])) });
  return initializers;
}

function changedNode(node: Node, graph: Graph, random: Random): Node {
  const kind = random.uniform();
  if (kind < 0.2) return { ...node, op: oneOf(random, differentiableOps) };
  if (kind < 0.4) {
    const values = [...graph.initializers.keys(), ...graph.nodes.flatMap(({ outputs }) => outputs), ''];
    const at = below(random, node.inputs.length + 1);
    return { ...node, inputs: node.inputs.toSpliced(at, 1, oneOf(random, values)) };
  }
  if (kind < 0.5) return { ...node, inputs: node.inputs.slice(1) };
  if (kind < 0.55) return { ...node, outputs: [] };
  const names = Object.keys(node.attributes);
  const name = names.length > 0 ? oneOf(random, names) : oneOf(random, ['axis', 'perm', 'kernel_shape', 'pads', 'to']);
  return { ...node, attributes: { ...node.attributes, [name]: changedAttribute(node.attributes[name], random) } };
}

function changedAttribute(attribute: Attribute | undefined, random: Random): Attribute {
  const kind = random.uniform();
  if (kind < 0.1) return { kind: 'string', value: oneOf(random, ['', 'SAME_UPPER', 'ij->k', 'cubic', '\u001B[31m']) };
  if (attribute?.kind === 'ints' && kind < 0.7) {
    const at = below(random, attribute.value.length + 1);
    return { kind: 'ints', value: attribute.value.toSpliced(at, below(random, 2), oneOf(random, NUMBERS)) };
  }
  if (attribute?.kind === 'float' && kind < 0.6) return { kind: 'float', value: oneOf(random, [0, -1, NaN, 1e38]) };
  return kind < 0.85
    ? { kind: 'int', value: oneOf(random, NUMBERS) }
    : { kind: 'ints', value: [oneOf(random, NUMBERS)] };
}
