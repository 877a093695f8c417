/** @file A speed-up: the shapes of pictures and feature maps are stated, for runtimes that cannot derive them. */
import { copiedGraph } from '../../build/build.js';
import { outputOf, type Graph } from '../../graph/graph.js';
import { Types } from '../../shapes/types.js';

/**
 * The graph with the shapes of its values of four dimensions stated. ONNX Runtime loses the size of a batch where a gradient is
 * reshaped or broadcast, and keeps products in the blocked layout of its convolutions only where it knows that both factors
 * have one shape.
 */
export function statedShapes(graph: Graph): Graph {
  const types = Types.of(graph);
  const result = copiedGraph(graph);
  for (const node of graph.nodes) {
    const name = outputOf(node);
    const type = types.get(name);
    if (type?.shape?.length !== 4 || result.valueInfo.has(name)) continue;
    result.valueInfo.set(name, { name, value: type });
  }
  return result;
}
