/** @file Runs a graph of our dialect in float64, so that gradients can be compared far below what float32 resolves. */
import { nodeLabel, type Graph, type Node } from '../graph/graph.js';
import { numbersOf } from '../graph/tensor.js';
import type { NdArray } from './array.test.helper.js';
import { elementwise } from './elementwise.test.helper.js';
import { movement } from './movement.test.helper.js';
import { reductions } from './reductions.test.helper.js';
import { resize } from './resize.test.helper.js';
import { windows } from './windows.test.helper.js';

/** Computes a node's outputs; an absent input is undefined. */
export type Kernel = (node: Node, inputs: readonly (NdArray | undefined)[]) => NdArray[];

const kernels: Record<string, Kernel> = { ...elementwise, ...movement, ...reductions, ...windows, Resize: resize };

/**
 * All values of a graph.
 * @param feeds values of its inputs
 * @throws Error naming a node whose operator has no float64 kernel
 */
export function evaluate(graph: Graph, feeds: Readonly<Record<string, NdArray>>): Map<string, NdArray> {
  const values = new Map<string, NdArray>(Object.entries(feeds));
  for (const [name, tensor] of graph.initializers) {
    const whole = !tensor.type.startsWith('float');
    const signed = tensor.type === 'int8';
    const data = Float64Array.from(numbersOf(tensor));
    values.set(name, { dims: tensor.dims, data, ...(whole && { whole }), ...(signed && { signed }) });
  }
  for (const node of graph.nodes) {
    const kernel = kernels[node.op];
    if (!kernel) throw new Error(`${nodeLabel(node)} has no float64 kernel`);
    const results = kernel(
      node,
      node.inputs.map((name) => (name === '' ? undefined : values.get(name))),
    );
    node.outputs.forEach((name, at) => {
      const result = results[at];
      if (name !== '' && result) values.set(name, result);
    });
  }
  return values;
}
