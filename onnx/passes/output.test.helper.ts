/** @file Runs a graph once, as the tests of passes share it. */
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { modelOfGraph } from '../build/build.js';
import { modelBytes } from '../files/write.js';
import type { Graph } from '../graph/graph.js';

/** The output `y`. */
export async function output(graph: Graph, feeds: Record<string, Tensor>): Promise<Tensor> {
  const session = await InferenceSession.create(modelBytes(modelOfGraph(graph)), { logSeverityLevel: 3 });
  try {
    return (await session.run(feeds))['y'] as Tensor;
  } finally {
    await session.release();
  }
}
