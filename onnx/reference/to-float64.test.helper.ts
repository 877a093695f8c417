/** @file A network whose float32 tensors are doubles, so that constants of its gradients are not rounded to float32. */
import type { Attribute, Graph, Model, Node, Tensor, ValueInfo } from '../graph/graph.js';
import { numbersOf } from '../graph/tensor.js';

/** TensorProto.DataType. */
const [FLOAT, DOUBLE] = [1, 11];

const doubledTensor = (tensor: Tensor): Tensor =>
  tensor.type === 'float32'
    ? { type: 'float64', dims: tensor.dims, data: Float64Array.from(numbersOf(tensor)) }
    : tensor;

const doubledInfo = (info: ValueInfo): ValueInfo =>
  info.value?.type === 'float32' ? { name: info.name, value: { ...info.value, type: 'float64' } } : info;

function doubledNode(node: Node): Node {
  const doubled = (name: string, attribute: Attribute): Attribute => {
    if (attribute.kind === 'tensor') return { ...attribute, value: doubledTensor(attribute.value) };
    const isCast = node.op === 'Cast' && name === 'to' && attribute.kind === 'int' && attribute.value === FLOAT;
    return isCast ? { kind: 'int', value: DOUBLE } : attribute;
  };
  const attributes = Object.entries(node.attributes).map(([name, value]) => [name, doubled(name, value)] as const);
  return { ...node, attributes: Object.fromEntries(attributes) };
}

/** The model in double precision; the numbers stay the same. */
export function toFloat64(model: Model): Model {
  const { graph } = model;
  // Scales are float32 by definition.
  const scales = new Set(graph.nodes.flatMap(({ op, inputs }) => (op === 'Resize' ? inputs.slice(1) : [])));
  const doubled: Graph = {
    ...graph,
    nodes: graph.nodes.map((node) => (node.outputs.some((name) => scales.has(name)) ? node : doubledNode(node))),
    inputs: graph.inputs.map(doubledInfo),
    outputs: graph.outputs.map(doubledInfo),
    initializers: new Map(
      [...graph.initializers].map(([name, tensor]) => [name, scales.has(name) ? tensor : doubledTensor(tensor)]),
    ),
    valueInfo: new Map([...graph.valueInfo].map(([name, info]) => [name, doubledInfo(info)])),
  };
  return { ...model, graph: doubled };
}
