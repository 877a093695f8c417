/** @file A speed-up: transposed convolutions of stride 1 as convolutions with rotated weights, which runtimes compute faster. */
import { attributeOf, numberAttribute } from '../graph/attributes.js';
import { copiedGraph, GraphBuilder } from '../build/build.js';
import { isStatic } from '../graph/dims.js';
import { elementCount, type Graph, type Node, type Tensor } from '../graph/graph.js';
import { computedTensor } from '../graph/stored.js';
import { prunedGraph } from '../graph/order.js';
import { transposedWindowOf } from '../shapes/windows.js';

type FloatTensor = Extract<Tensor, { type: 'float32' }>;

/**
 * The same computation with each ConvTranspose whose strides are 1 and whose weights are constant replaced by a Conv: the
 * kernel is rotated by 180° in every axis, its input and output channels are exchanged, and padding p becomes
 * dilation·(kernel − 1) − p. On CPUs this takes 0.4 to 0.9 of the time (`bench/RESULTS.md`). The backward pass of a network
 * is made of such nodes.
 */
export function rotatedConvolutions(graph: Graph): Graph {
  const b = new GraphBuilder({ ...copiedGraph(graph), nodes: [] });
  let replaced = 0;
  for (const node of graph.nodes) {
    const convolution = rotatedConvolution(b, node);
    b.append(convolution ?? node);
    if (convolution) replaced++;
  }
  if (replaced === 0) return graph;
  return prunedGraph(
    b.graph,
    graph.outputs.map(({ name }) => name),
  );
}

/** The Conv that replaces a node, if one can. */
function rotatedConvolution(b: GraphBuilder, node: Node): Node | undefined {
  if (node.op !== 'ConvTranspose' || node.domain !== '') return undefined;
  const [data = '', weights = '', bias = ''] = node.inputs;
  const sizes = b.types.shape(data)?.slice(2);
  const tensor = b.types.constant(weights);
  if (tensor?.type !== 'float32' || !isStatic(sizes)) return undefined;
  const kernel = tensor.dims.slice(2);
  const window = transposedWindowOf(node, sizes, kernel);
  if (window.strides.some((stride) => stride !== 1)) return undefined;
  const reach = kernel.map((size, axis) => (window.dilations[axis] as number) * (size - 1));
  const pads = [
    ...reach.map((size, axis) => size - (window.padsBegin[axis] as number)),
    ...reach.map((size, axis) => size - (window.padsEnd[axis] as number) + (window.outputPadding[axis] as number)),
  ];
  if (pads.some((pad) => pad < 0)) return undefined;
  const group = numberAttribute(node, 'group', 1);
  const name = `${weights}/rotated${group === 1 ? '' : `/${group}`}`;
  const rotated = b.types.get(name) ? name : b.initializer(name, rotatedTensor(tensor, group));
  return {
    ...node,
    op: 'Conv',
    inputs: [data, rotated, ...(bias ? [bias] : [])],
    attributes: {
      kernel_shape: attributeOf(kernel),
      dilations: attributeOf(window.dilations),
      pads: attributeOf(pads),
      group: attributeOf(group),
    },
  };
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
