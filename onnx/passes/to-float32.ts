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
import { computedTensor } from '../graph/stored.js';
import { float16Value, numbersOf } from '../graph/tensor.js';

/** TensorProto.DataType. */
const [FLOAT, FLOAT16, DOUBLE] = [1, 10, 11];

/** Attributes that are a type: of Cast, of EyeLike and random numbers, of windows. */
const TYPE_ATTRIBUTES = new Set(['to', 'dtype', 'output_datatype']);

const isOther = (type: DataType | undefined) => type === 'float16' || type === 'float64';

/**
 * The network with every float16 and float64 tensor and type as float32. Doubles are rounded; other values do not change.
 * @throws InputError for a double that float32 does not hold; of weights on disk, when they are read
 */
export function toFloat32(model: Model): Model {
  const { graph } = model;
  const hasOther =
    [...graph.initializers.values()].some(({ type }) => isOther(type)) ||
    graph.inputs.some(({ value }) => isOther(value?.type)) ||
    graph.nodes.some((node) => fullNode(node) !== node);
  return hasOther ? { ...model, graph: fullGraph(graph) } : model;
}

function fullGraph(graph: Graph): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map(fullNode),
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

/** The node itself where it has no float16 or float64 in its attributes. */
function fullNode(node: Node): Node {
  const full = (name: string, attribute: Attribute): Attribute => {
    if (attribute.kind === 'tensor') {
      return isOther(attribute.value.type)
        ? { ...attribute, value: fullTensor(attribute.value, nodeLabel(node)) }
        : attribute;
    }
    const isType = node.domain === '' && TYPE_ATTRIBUTES.has(name) && attribute.kind === 'int';
    return isType && (attribute.value === FLOAT16 || attribute.value === DOUBLE)
      ? { kind: 'int', value: FLOAT }
      : attribute;
  };
  const attributes = Object.entries(node.attributes).map(([name, attribute]) => [name, full(name, attribute)] as const);
  const isSame = attributes.every(([name, attribute]) => attribute === node.attributes[name]);
  return isSame ? node : { ...node, attributes: Object.fromEntries(attributes) };
}
