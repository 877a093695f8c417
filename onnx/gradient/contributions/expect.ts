/** @file Whether DeepLIFT can explain a network. */
import { GraphBuilder } from '../../build/build.js';
import type { Graph } from '../../graph/graph.js';
import { prunedGraph } from '../../graph/order.js';
import { gradients } from '../walk.js';
import { deepLiftRules } from './deeplift.js';
import { Twin } from './twin.js';

/** @throws InputError naming the first node between an input and an output that has no rule, or no copy for a baseline */
export function expectDeepLift(graph: Graph, input: string, output: string): void {
  const b = new GraphBuilder({ ...prunedGraph(graph, [output]), outputs: [] });
  const { type, shape = [] } = b.type(input);
  const twin = new Twin(b, input, b.input(b.unique('baseline'), type, shape));
  gradients(b, output, [input], { rules: deepLiftRules(twin) });
}
