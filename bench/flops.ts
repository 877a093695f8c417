/** @file Floating-point operations of a graph's convolutions and matrix products, from its own shapes. */
import type { Graph, Node } from '../onnx/index.js';
import { Types } from '../onnx/shapes/types.js';
import { elementCount } from '../onnx/graph/graph.js';

/** Multiplications and additions of all Conv, ConvTranspose, MatMul and Gemm nodes; every shape must be known. */
export function flopCount(graph: Graph): number {
  const types = Types.of(graph);
  const shape = (name: string | undefined) => (types.shape(name ?? '') ?? []) as readonly number[];
  const operations = (node: Node): number => {
    const [a, b] = [shape(node.inputs[0]), shape(node.inputs[1])];
    const output = shape(node.outputs[0]);
    switch (node.op) {
      case 'Conv':
        return 2 * elementCount(output) * elementCount(b.slice(1));
      case 'ConvTranspose':
        return 2 * elementCount(a) * elementCount(b.slice(1));
      case 'MatMul':
        return 2 * elementCount(output) * (a.at(-1) as number);
      case 'Gemm':
        return (2 * elementCount(a) * elementCount(output)) / (output[0] as number);
      default:
        return 0;
    }
  };
  return graph.nodes.reduce((total, node) => total + operations(node), 0);
}
