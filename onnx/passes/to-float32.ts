/** @file Converts networks in half or double precision to single precision, in which gradients and maps are computed. */
import { InputError } from '../errors.js';
import {
  nodeLabel,
  type Attribute,
  type DataType,
  type Graph,
  type Model,
  type Node,
  type Tensor,
  type ValueInfo,
} from '../graph/graph.js';
import { typeAttributes } from '../graph/attributes.js';
import { withSubgraphs } from '../build/subgraphs.js';
import { graphOf } from '../files/read.js';
import { dataTypeOf, typeCode } from '../files/storage.js';
import { computedTensor } from '../graph/stored.js';
import { float16Value, numbersOf } from '../graph/tensor.js';

const isOther = (type: DataType | undefined) => type === 'float16' || type === 'bfloat16' || type === 'float64';

/**
 * The network with every float16, bfloat16 and float64 tensor and type as float32, in subgraphs too. Doubles are rounded; other
 * values do not change.
 * @throws InputError for a double that float32 does not hold; of weights on disk, when they are read
 */
export function toFloat32(model: Model): Model {
  const graph = fullGraph(model.graph);
  return graph === model.graph ? model : { ...model, graph };
}

/** The graph itself where it has no other type. */
function fullGraph(graph: Graph): Graph {
  const nodes = graph.nodes.map(fullNode);
  const infos = [...graph.inputs, ...graph.outputs, ...graph.valueInfo.values()];
  const hasOther =
    [...graph.initializers.values()].some(({ type }) => isOther(type)) ||
    infos.some(({ value }) => isOther(value?.type)) ||
    nodes.some((node, index) => node !== graph.nodes[index]);
  if (!hasOther) return graph;
  return {
    ...graph,
    nodes,
    inputs: graph.inputs.map(fullInfo),
    outputs: graph.outputs.map(fullInfo),
    initializers: new Map(
      [...graph.initializers].map(([name, tensor]) => [name, fullTensor(tensor, `weight "${name}"`)]),
    ),
    valueInfo: new Map([...graph.valueInfo].map(([name, info]) => [name, fullInfo(info)])),
  };
}

/** Weights on disk are converted when they are read. */
function fullTensor(tensor: Tensor, label: string): Tensor {
  if (!isOther(tensor.type)) return tensor;
  return computedTensor<FloatTensor>(tensor, { type: 'float32', dims: tensor.dims }, () => floatsOf(tensor, label));
}

type FloatTensor = Extract<Tensor, { type: 'float32' }>;

function floatsOf(tensor: Tensor, label: string): Float32Array {
  if (tensor.type === 'float64') {
    const tooLarge = tensor.data.find((value) => Number.isFinite(value) && !Number.isFinite(Math.fround(value)));
    if (tooLarge === undefined) return new Float32Array(tensor.data);
    throw new InputError({ name: label, expected: 'numbers that float32 holds', got: tooLarge });
  }
  if (tensor.type === 'bfloat16') return new Float32Array(Uint32Array.from(tensor.data, (bits) => bits << 16).buffer);
  if (tensor.type !== 'float16') return Float32Array.from(numbersOf(tensor));
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => float16Value(bits));
  const { data } = tensor;
  const floats = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) floats[i] = halves[data[i] as number] as number;
  return floats;
}

/** The number of each bit pattern. */
let halves: Float32Array | undefined;

const fullInfo = (info: ValueInfo): ValueInfo =>
  info.value && isOther(info.value.type) ? { name: info.name, value: { ...info.value, type: 'float32' } } : info;

/** The node itself where it has no other type in its attributes. */
function fullNode(node: Node): Node {
  const full = (name: string, attribute: Attribute): Attribute => {
    if (attribute.kind === 'tensor') {
      return isOther(attribute.value.type)
        ? { ...attribute, value: fullTensor(attribute.value, nodeLabel(node)) }
        : attribute;
    }
    const isType = node.domain === '' && typeAttributes.has(name) && attribute.kind === 'int';
    return isType && isOther(dataTypeOf(attribute.value)) ? { kind: 'int', value: typeCode('float32') } : attribute;
  };
  const attributes = Object.entries(node.attributes).map(([name, attribute]) => [name, full(name, attribute)] as const);
  const isSame = attributes.every(([name, attribute]) => attribute === node.attributes[name]);
  return withSubgraphs(isSame ? node : { ...node, attributes: Object.fromEntries(attributes) }, (proto) => {
    const graph = graphOf(proto);
    const whole = fullGraph(graph);
    return whole === graph ? undefined : whole;
  });
}
