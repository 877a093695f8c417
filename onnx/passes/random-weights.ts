/** @file Random weights: maps of an untrained network are the baseline of the sanity checks of Adebayo et al. 2018. */
import { numberAttribute } from '../graph/attributes.js';
import { InputError } from '../errors.js';
import { elementCount, type Graph, type Model, type Node, type Tensor } from '../graph/graph.js';
import { float32Tensor } from '../graph/tensor.js';
import { Types } from '../shapes/types.js';

/** What to fill a weight with. */
interface Filling {
  op: string;
  name: string;
  dims: readonly number[];
  /** A number for all elements, or the standard deviation of normal ones. */
  fill: { constant: number } | { std: number };
}

/**
 * The model with untrained weights: kernels and matrices are normal with variance 2 / fan-in (He et al. 2015), biases 0,
 * batch norms the identity. Weights that the file computes (ConstantOfShape, as in the light models of the ONNX zoo) become
 * initializers. Every weight has its own stream of random numbers.
 * @param model of our dialect, in topological order
 * @param normals for the name of a weight, its source of standard normal numbers
 * @param top randomise only the last `top` of the layers that `weightedLayers` counts, and the nodes after the first of them
 * @param drawn weights that were drawn before from the same sources; new ones are added
 * @throws InputError if the kernel of a convolution is no constant
 */
export function withRandomWeights(
  model: Model,
  normals: (weight: string) => () => number,
  top = Number.POSITIVE_INFINITY,
  drawn = new Map<string, Tensor>(),
): Model {
  const types = Types.of(model.graph);
  const initializers = new Map(model.graph.initializers);
  const computed = new Set<string>();
  const constants = constantOutputs(model.graph);
  for (const { op, name, dims, fill } of nodesFrom(model, types, top).flatMap((node) => fillings(node, types))) {
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
  }
  const nodes = model.graph.nodes.filter(({ outputs }) => !outputs.some((name) => computed.has(name)));
  return { ...model, graph: { ...model.graph, nodes, initializers } };
}

/** How many of a model's layers have weights: convolutions and matrix products, not norms. */
export function weightedLayers(model: Model): number {
  return weightedNodes(model, Types.of(model.graph)).length;
}

function weightedNodes({ graph }: Model, types: Types): Node[] {
  const constants = constantOutputs(graph);
  const isWeight = ({ name }: Filling) => graph.initializers.has(name) || constants.has(name);
  return graph.nodes.filter((node) => node.op !== 'BatchNormalization' && fillings(node, types).some(isWeight));
}

function constantOutputs({ nodes }: Graph): Set<string> {
  return new Set(
    nodes.filter(({ op }) => op === 'Constant' || op === 'ConstantOfShape').flatMap(({ outputs }) => outputs),
  );
}

/** The nodes from the last `top` layers with weights on. */
function nodesFrom(model: Model, types: Types, top: number): Node[] {
  const layers = weightedNodes(model, types);
  const first = top < layers.length ? layers[layers.length - top] : undefined;
  return first ? model.graph.nodes.slice(model.graph.nodes.indexOf(first)) : model.graph.nodes;
}

function filledTensor(dims: readonly number[], fill: Filling['fill'], normal: () => number): Tensor {
  const data = new Float32Array(elementCount(dims));
  if ('constant' in fill) data.fill(fill.constant);
  else for (let i = 0; i < data.length; i++) data[i] = fill.std * normal();
  return float32Tensor(data, dims);
}

/** The node's float32 weights whose sizes are known, and what to fill them with. */
function fillings(node: Node, types: Types): Filling[] {
  const filling = (index: number, fill: (dims: readonly number[]) => Filling['fill']): Filling[] => {
    const name = node.inputs[index];
    const type = name ? types.get(name) : undefined;
    const dims = type?.shape;
    if (!name || type?.type !== 'float32' || !dims?.every((size) => typeof size === 'number')) return [];
    return [{ op: node.op, name, dims, fill: fill(dims) }];
  };
  const constant = (value: number) => () => ({ constant: value });
  const he = (fanIn: (dims: readonly number[]) => number) => (dims: readonly number[]) => ({
    std: Math.sqrt(2 / Math.max(1, fanIn(dims))),
  });
  switch (node.op) {
    case 'Conv':
      return [
        ...filling(
          1,
          he((dims) => elementCount(dims.slice(1))),
        ),
        ...filling(2, constant(0)),
      ];
    case 'ConvTranspose': {
      const groups = numberAttribute(node, 'group', 1);
      return [
        ...filling(
          1,
          he((dims) => elementCount(dims.with(1, 1)) / groups),
        ),
        ...filling(2, constant(0)),
      ];
    }
    case 'Gemm': {
      const axis = numberAttribute(node, 'transB', 0) === 1 ? 1 : 0;
      return [
        ...filling(
          1,
          he((dims) => dims[axis] ?? 1),
        ),
        ...filling(2, constant(0)),
      ];
    }
    case 'MatMul':
      return filling(
        1,
        he((dims) => dims.at(-2) ?? dims.at(-1) ?? 1),
      );
    case 'BatchNormalization':
      return [1, 0, 0, 1].flatMap((value, index) => filling(index + 1, constant(value)));
    default:
      return [];
  }
}
