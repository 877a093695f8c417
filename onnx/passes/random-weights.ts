/** @file Random weights: maps of an untrained network are the baseline of the sanity checks of Adebayo et al. 2018. */
import { numberAttribute } from '../graph/attributes.js';
import { InputError } from '../errors.js';
import { addedBiases } from './added-biases.js';
import { elementCount, type Graph, type Model, type Node, type Tensor } from '../graph/graph.js';
import { valuesRead } from '../graph/order.js';
import { float32Tensor } from '../graph/tensor.js';
import { Types } from '../shapes/types.js';
import { toFloat32 } from './to-float32.js';

/** What to fill a weight with. */
interface Filling {
  op: string;
  name: string;
  dims: readonly number[];
  /** A number for all elements, or the standard deviation of normal ones. */
  fill: { constant: number } | { std: number };
}

/**
 * The model with untrained weights, in float32: kernels and matrices are normal with variance 2 / fan-in (He et al. 2015),
 * biases 0, batch norms the identity. Weights that the file computes of constants (transposed, dequantised, or ConstantOfShape
 * as in the light models of the ONNX zoo) become initializers. Every weight has its own stream of random numbers.
 * @param given of our dialect, in topological order
 * @param normals for the name of a weight, its source of standard normal numbers
 * @param top randomise only the last `top` of the layers that `weightedLayers` counts, and the nodes after the first of them
 * @param drawn weights that were drawn before from the same sources; new ones are added
 * @throws InputError if the kernel of a convolution is no constant, or nothing is drawn
 */
export function withRandomWeights(
  given: Model,
  normals: (weight: string) => () => number,
  top = Number.POSITIVE_INFINITY,
  drawn = new Map<string, Tensor>(),
): Model {
  const model = toFloat32(given);
  const weights = new Weights(model.graph);
  const initializers = new Map(model.graph.initializers);
  const computed = new Set<string>();
  const constants = constantOutputs(model.graph);
  let isDrawn = false;
  const nodes = nodesFrom(model, weights, top).filter((node) => !makesOnly(node, constants));
  for (const { op, name, dims, fill } of nodes.flatMap((node) => weights.of(node))) {
    if (!initializers.has(name) && !constants.has(name)) {
      if (op !== 'Conv' && op !== 'ConvTranspose') continue;
      throw new InputError({
        name: 'randomWeights',
        expected: `${op} weights that are constants; "${name}" is computed`,
      });
    }
    if (constants.has(name)) computed.add(name);
    const key = JSON.stringify([name, dims, fill]);
    const tensor = drawn.get(key) ?? filledTensor(dims, fill, normals(name));
    drawn.set(key, tensor);
    initializers.set(name, tensor);
    isDrawn ||= 'std' in fill;
  }
  if (!isDrawn) {
    throw new InputError({
      name: 'randomWeights',
      expected: 'a network with constant weights of convolutions or matrix products',
      got: 'none',
    });
  }
  const kept = model.graph.nodes.filter((node) => !makesOnly(node, computed)).map((node) => without(node, computed));
  return { ...model, graph: { ...model.graph, nodes: kept, initializers } };
}

/** Whether all that a node makes is among these values. */
const makesOnly = ({ outputs }: Node, values: ReadonlySet<string>): boolean =>
  outputs.every((name) => !name || values.has(name));

/** The node with other names for some of its outputs, as part of a Split. */
function without(node: Node, names: ReadonlySet<string>): Node {
  if (!node.outputs.some((name) => names.has(name))) return node;
  return { ...node, outputs: node.outputs.map((name) => (names.has(name) ? `${name}/stored` : name)) };
}

/** How many of a model's layers have weights: convolutions and matrix products, not norms. */
export function weightedLayers(given: Model): number {
  const model = toFloat32(given);
  return weightedNodes(model, new Weights(model.graph)).length;
}

function weightedNodes({ graph }: Model, weights: Weights): Node[] {
  const constants = constantOutputs(graph);
  const isWeight = ({ name, fill }: Filling) => 'std' in fill && (graph.initializers.has(name) || constants.has(name));
  return graph.nodes.filter((node) => !makesOnly(node, constants) && weights.of(node).some(isWeight));
}

/** The values that nodes make of constants alone: no input of the graph reaches them, and nothing is drawn for them. */
function constantOutputs({ inputs, initializers, nodes }: Graph): Set<string> {
  const varying = new Set(inputs.map(({ name }) => name).filter((name) => !initializers.has(name)));
  const constants = new Set<string>();
  for (const node of nodes) {
    const isVarying = DRAWING.has(node.op) || valuesRead(node).some((name) => varying.has(name));
    for (const name of node.outputs) if (name) (isVarying ? varying : constants).add(name);
  }
  return constants;
}

/** Operators whose values differ from run to run. */
const DRAWING = new Set([
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

/** The nodes from the last `top` layers with weights on. */
function nodesFrom(model: Model, weights: Weights, top: number): Node[] {
  const layers = weightedNodes(model, weights);
  const first = top < layers.length ? layers[layers.length - top] : undefined;
  return first ? model.graph.nodes.slice(model.graph.nodes.indexOf(first)) : model.graph.nodes;
}

function filledTensor(dims: readonly number[], fill: Filling['fill'], normal: () => number): Tensor {
  const data = new Float32Array(elementCount(dims));
  if ('constant' in fill) data.fill(fill.constant);
  else for (let i = 0; i < data.length; i++) data[i] = fill.std * normal();
  return float32Tensor(data, dims);
}

/** What to fill the weights of a graph with. */
class Weights {
  readonly #types: Types;
  readonly #added: ReturnType<typeof addedBiases>;

  constructor(graph: Graph) {
    this.#types = Types.of(graph);
    this.#added = addedBiases(graph, this.#types);
  }

  /** The node's float32 weights whose sizes are known. */
  of(node: Node): Filling[] {
    const filling = (name: string | undefined, fill: (dims: readonly number[]) => Filling['fill']): Filling[] => {
      const type = name ? this.#types.get(name) : undefined;
      const dims = type?.shape;
      if (!name || type?.type !== 'float32' || !dims?.every((size) => typeof size === 'number')) return [];
      return [{ op: node.op, name, dims, fill: fill(dims) }];
    };
    const [, kernel, bias] = node.inputs;
    const constant = (value: number) => () => ({ constant: value });
    const he = (fanIn: (dims: readonly number[]) => number) => (dims: readonly number[]) => ({
      std: Math.sqrt(2 / Math.max(1, fanIn(dims))),
    });
    const layer = (fanIn: (dims: readonly number[]) => number) => [
      ...filling(kernel, he(fanIn)),
      ...filling(bias, constant(0)),
    ];
    switch (node.op) {
      case 'Conv':
        return layer((dims) => elementCount(dims.slice(1)));
      case 'ConvTranspose':
        return layer((dims) => elementCount(dims.with(1, 1)) / numberAttribute(node, 'group', 1));
      case 'Gemm':
        return layer((dims) => dims[numberAttribute(node, 'transB', 0) === 1 ? 1 : 0] ?? 1);
      case 'MatMul':
        return layer((dims) => dims.at(-2) ?? dims.at(-1) ?? 1);
      case 'BatchNormalization':
        return [1, 0, 0, 1].flatMap((value, index) => filling(node.inputs[index + 1], constant(value)));
      default:
        return filling(this.#added.get(node)?.value, constant(0));
    }
  }
}
