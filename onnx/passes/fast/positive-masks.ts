/** @file A speed-up: masks of positive values by a function that runtimes compute in their own layout. */
import { attributeOf, float, numberAttribute } from '../../graph/attributes.js';
import { copiedGraph } from '../../build/build.js';
import { typeCode } from '../../files/storage.js';
import { inputOf, type Graph, type Node } from '../../graph/graph.js';
import { producersOf } from '../../graph/neighbours.js';
import { prunedGraph } from '../../graph/order.js';
import { Types } from '../../shapes/types.js';

/** The largest float32: a slope with which every value of at least 2⁻¹²⁶, the least normal one, is beyond 1. */
const STEEPEST = 3.4028234663852886e38;

/**
 * The same computation with [y > 0] as HardSigmoid, min(1, max(0, α·y)) with the largest α, instead of Greater and Cast. ONNX
 * Runtime computes it in the blocked layout of its convolutions, which the backward pass of a network then does not leave for
 * it. The results are the same bits, but of positive values below 2⁻¹²⁶ (less than 1 instead of 1) and NaN (NaN instead of 0).
 */
export function positiveMasks(graph: Graph): Graph {
  const types = Types.of(graph);
  const producers = producersOf(graph);
  const isZero = (name = '') => types.numbers(name)?.every((value) => value === 0) === true;
  const maskOf = (node: Node): Node | undefined => {
    if (node.op !== 'Cast' || node.domain !== '' || numberAttribute(node, 'to') !== typeCode('float32'))
      return undefined;
    const greater = producers.get(inputOf(node));
    if (greater?.op !== 'Greater' || greater.domain !== '' || !isZero(greater.inputs[1])) return undefined;
    const value = inputOf(greater);
    if (types.get(value)?.type !== 'float32' || types.shape(greater.inputs[1] ?? '')?.length !== 0) return undefined;
    const attributes = { alpha: attributeOf(float(STEEPEST)), beta: attributeOf(float(0)) };
    return { ...node, op: 'HardSigmoid', inputs: [value], attributes };
  };
  const nodes = graph.nodes.map((node) => maskOf(node) ?? node);
  if (nodes.every((node, at) => node === graph.nodes[at])) return graph;
  return prunedGraph(
    { ...copiedGraph(graph), nodes },
    graph.outputs.map(({ name }) => name),
  );
}
