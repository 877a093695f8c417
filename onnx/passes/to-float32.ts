/** @file Converts networks in half precision to single precision, in which gradients and maps are computed. */
import type { Attribute, Graph, Model, Node, Tensor, ValueInfo } from '../graph/graph.js';
import { float32Tensor, numbersOf } from '../graph/tensor.js';

/** TensorProto.DataType. */
const [FLOAT, FLOAT16] = [1, 10];

/** The network with every float16 tensor and type as float32. The values of weights do not change. */
export function toFloat32(model: Model): Model {
  const { graph } = model;
  const isHalf =
    [...graph.initializers.values()].some(({ type }) => type === 'float16') ||
    graph.inputs.some(({ value }) => value?.type === 'float16') ||
    graph.nodes.some((node) => fullNode(node) !== node);
  return isHalf ? { ...model, graph: fullGraph(graph) } : model;
}

function fullGraph(graph: Graph): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map(fullNode),
    inputs: graph.inputs.map(fullInfo),
    outputs: graph.outputs.map(fullInfo),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [name, fullTensor(tensor)])),
    valueInfo: new Map([...graph.valueInfo].map(([name, info]) => [name, fullInfo(info)])),
  };
}

const fullTensor = (tensor: Tensor): Tensor =>
  tensor.type === 'float16' ? float32Tensor(numbersOf(tensor), tensor.dims) : tensor;

const fullInfo = (info: ValueInfo): ValueInfo =>
  info.value?.type === 'float16' ? { name: info.name, value: { ...info.value, type: 'float32' } } : info;

/** The node itself where it has no float16 in its attributes. */
function fullNode(node: Node): Node {
  const full = (name: string, attribute: Attribute): Attribute => {
    if (attribute.kind === 'tensor') {
      return attribute.value.type === 'float16' ? { ...attribute, value: fullTensor(attribute.value) } : attribute;
    }
    const isHalf = node.op === 'Cast' && name === 'to' && attribute.kind === 'int' && attribute.value === FLOAT16;
    return isHalf ? { kind: 'int', value: FLOAT } : attribute;
  };
  const attributes = Object.entries(node.attributes).map(([name, attribute]) => [name, full(name, attribute)] as const);
  const isSame = attributes.every(([name, attribute]) => attribute === node.attributes[name]);
  return isSame ? node : { ...node, attributes: Object.fromEntries(attributes) };
}
