/** @file A speed-up: transposed convolutions as convolutions with rotated weights, which runtimes compute faster. */
import { attributeOf, numberAttribute } from '../../graph/attributes.js';
import { rebuilding, type GraphBuilder } from '../../build/build.js';
import { isStatic } from '../../graph/dims.js';
import { elementCount, outputOf, type Graph, type Node, type Tensor } from '../../graph/graph.js';
import { computedTensor } from '../../graph/stored.js';
import { prunedGraph } from '../../graph/order.js';
import { float32Tensor } from '../../graph/tensor.js';
import { transposedWindowOf } from '../../shapes/windows.js';

type FloatTensor = Extract<Tensor, { type: 'float32' }>;

/**
 * The same computation with two kinds of ConvTranspose replaced by a Conv, where weights are constant. The backward pass of a
 * network is made of such nodes. On CPUs a Conv takes 0.4 to 0.9 of the time of a ConvTranspose.
 * - Strides of 1: the kernel is rotated by 180° in every axis, its input and output channels are exchanged, and padding p
 *   becomes dilation·(kernel − 1) − p.
 * - Kernels of 1×1 with larger strides: the Conv's values are spread out, with zeros between them.
 */
export function rotatedConvolutions(graph: Graph): Graph {
  const b = rebuilding(graph);
  let replaced = 0;
  for (const node of graph.nodes) {
    if (appendRotated(b, node) || appendSpread(b, node)) replaced++;
    else b.append(node);
  }
  if (replaced === 0) return graph;
  return prunedGraph(
    b.graph,
    graph.outputs.map(({ name }) => name),
  );
}

/** A ConvTranspose with constant weights and known sizes. */
function transposedOf(b: GraphBuilder, node: Node) {
  if (node.op !== 'ConvTranspose' || node.domain !== '') return undefined;
  const [data = '', weights = '', bias = ''] = node.inputs;
  const sizes = b.types.shape(data)?.slice(2);
  const tensor = b.types.constant(weights);
  if (tensor?.type !== 'float32' || !isStatic(sizes)) return undefined;
  const window = transposedWindowOf(node, sizes, tensor.dims.slice(2));
  return { data, weights, bias, sizes, tensor, window, group: numberAttribute(node, 'group', 1) };
}

/** The rotated weights, made once for all nodes that read them. */
function rotatedWeights(b: GraphBuilder, weights: string, tensor: FloatTensor, group: number): string {
  return b.constant(`${weights}/rotated${group === 1 ? '' : `/${group}`}`, () => rotatedTensor(tensor, group));
}

/** Appends the Conv that replaces a node of stride 1. @returns whether there is one */
function appendRotated(b: GraphBuilder, node: Node): boolean {
  const transposed = transposedOf(b, node);
  if (!transposed || transposed.window.strides.some((stride) => stride !== 1)) return false;
  const { data, weights, bias, tensor, window, group } = transposed;
  const reach = window.kernel.map((size, axis) => (window.dilations[axis] as number) * (size - 1));
  const pads = [
    ...reach.map((size, axis) => size - (window.padsBegin[axis] as number)),
    ...reach.map((size, axis) => size - (window.padsEnd[axis] as number) + (window.outputPadding[axis] as number)),
  ];
  if (pads.some((pad) => pad < 0)) return false;
  b.append({
    ...node,
    op: 'Conv',
    inputs: [data, rotatedWeights(b, weights, tensor, group), ...(bias ? [bias] : [])],
    attributes: {
      kernel_shape: attributeOf(window.kernel),
      dilations: attributeOf(window.dilations),
      pads: attributeOf(pads),
      group: attributeOf(group),
    },
  });
  return true;
}

/**
 * Appends what replaces a strided node with a 1×1 kernel: a Conv, each of its values repeated over stride × stride positions,
 * and a product with 1 at the first of them and 0 at the others. The results are the same, but of values that are not
 * finite (NaN instead of 0 at the others). @returns whether this is such a node, whose output is that large and has no bias
 */
function appendSpread(b: GraphBuilder, node: Node): boolean {
  const transposed = transposedOf(b, node);
  if (!transposed || transposed.bias || transposed.sizes.length !== 2) return false;
  const { data, weights, sizes, tensor, group } = transposed;
  const { kernel, strides, padsBegin, padsEnd, outputPadding } = transposed.window;
  const isFull = outputPadding.every((padding, axis) => padding === (strides[axis] as number) - 1);
  if (kernel.some((size) => size !== 1) || [...padsBegin, ...padsEnd].some((pad) => pad !== 0) || !isFull) return false;
  const [down, across] = strides as [number, number];
  const [height, width] = [(sizes[0] as number) * down, (sizes[1] as number) * across];
  const output = outputOf(node);
  b.within(output, () => {
    const rotated = rotatedWeights(b, weights, tensor, group);
    const small = b.op('Conv', [data, rotated], { kernel_shape: [...kernel], group }, 'values');
    const scales = b.constant(`scales/${down}x${across}`, () => float32Tensor([1, 1, down, across], [4]));
    const mode = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
    const repeated = b.op('Resize', [small, '', scales], mode, 'repeated');
    const first = b.constant(`first/${down}x${across}/${height}x${width}`, () => {
      const isFirst = (at: number) => Math.floor(at / width) % down === 0 && (at % width) % across === 0;
      return float32Tensor(
        Float32Array.from({ length: height * width }, (_, at) => (isFirst(at) ? 1 : 0)),
        [1, 1, height, width],
      );
    });
    b.append({
      op: 'Mul',
      domain: '',
      name: `${output}/spread`,
      inputs: [repeated, first],
      outputs: [output],
      attributes: {},
    });
  });
  return true;
}

/** [C, M/G, …kernel] of a ConvTranspose as [M, C/G, …kernel] of a Conv, rotated; of weights on disk when they are read. */
function rotatedTensor(tensor: FloatTensor, group: number): FloatTensor {
  const [channels = 1, filters = 1, ...kernel] = tensor.dims;
  const dims = [group * filters, channels / group, ...kernel];
  return computedTensor<FloatTensor>(tensor, { type: 'float32', dims }, () => rotatedElements(tensor, group));
}

function rotatedElements({ dims, data }: FloatTensor, group: number): Float32Array {
  const [channels = 1, filters = 1, ...kernel] = dims;
  const own = channels / group;
  const taps = elementCount(kernel);
  const rotated = new Float32Array(data.length);
  let at = 0;
  for (let g = 0; g < group; g++) {
    for (let filter = 0; filter < filters; filter++) {
      for (let channel = 0; channel < own; channel++) {
        // The last element of the kernel becomes the first.
        let from = ((g * own + channel) * filters + filter + 1) * taps;
        for (let tap = 0; tap < taps; tap++) rotated[at++] = data[--from] as number;
      }
    }
  }
  return rotated;
}
