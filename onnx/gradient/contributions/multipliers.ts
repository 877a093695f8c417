/** @file DeepLIFT's multipliers of a network's input, in the same graph. */
import { GraphBuilder } from '../../build/build.js';
import type { Graph } from '../../graph/graph.js';
import { prunedGraph } from '../../graph/order.js';
import { gradients } from '../walk.js';
import { deepLiftRules } from './deeplift.js';
import { Twin } from './twin.js';

/**
 * Appends Δoutput/Δinput between an input and a baseline, which becomes an input of the graph of the same shape.
 * @param cotangent the weight of each number of the output, default ones
 * @returns null where the output does not depend on the input
 * @throws InputError naming the first node on the way that has no rule, or no copy for a baseline
 */
export function multipliers(
  b: GraphBuilder,
  output: string,
  input: string,
  { baseline, cotangent }: { baseline: string; cotangent?: string },
): string | null {
  const { type, shape = [] } = b.type(input);
  const twin = new Twin(b, input, b.input(baseline, type, shape));
  const options = { rules: deepLiftRules(twin), nearestLayer: false, ...(cotangent !== undefined && { cotangent }) };
  return gradients(b, output, [input], options).get(input) ?? null;
}

/** @throws InputError as `multipliers`, for a network that DeepLIFT cannot explain */
export function expectDeepLift(graph: Graph, input: string, output: string): void {
  const b = new GraphBuilder({ ...prunedGraph(graph, [output]), outputs: [] });
  multipliers(b, output, input, { baseline: b.unique('baseline') });
}
