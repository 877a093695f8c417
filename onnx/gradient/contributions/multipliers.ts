/** @file DeepLIFT's multipliers of values of a network, in the same graph. */
import { GraphBuilder } from '../../build/build.js';
import type { Graph } from '../../graph/graph.js';
import { prunedGraph } from '../../graph/order.js';
import { gradients } from '../walk.js';
import { deepLiftRules } from './deeplift.js';
import { Twin } from './twin.js';

/** The second copy of the network, and the multipliers by the names of their values. */
export interface Multipliers {
  twin: Twin;
  /** Null where the output does not depend on the value. */
  found: ReadonlyMap<string, string | null>;
}

/**
 * Appends Δoutput/Δvalue between an input and a baseline, which becomes an input of the graph of the same shape. Only what lies
 * between the values and the output needs rules.
 * @param options.values whose multipliers are wanted, default the input's
 * @param options.cotangent the weight of each number of the output, default ones
 * @throws InputError naming the first node on the way that has no rule, or no copy for a baseline
 */
export function multipliers(
  b: GraphBuilder,
  output: string,
  input: string,
  { baseline, values = [input], cotangent }: { baseline: string; values?: readonly string[]; cotangent?: string },
): Multipliers {
  const { type, shape = [] } = b.type(input);
  const twin = new Twin(b, input, b.input(baseline, type, shape));
  const nearestLayer = !values.includes(input);
  const options = { rules: deepLiftRules(twin), nearestLayer, ...(cotangent !== undefined && { cotangent }) };
  return { twin, found: gradients(b, output, values, options) };
}

/** @throws InputError as `multipliers`, for a network that DeepLIFT cannot explain at these values, default the input */
export function expectDeepLift(graph: Graph, input: string, output: string, values: readonly string[] = [input]): void {
  const b = new GraphBuilder({ ...prunedGraph(graph, [output, ...values]), outputs: [] });
  multipliers(b, output, input, { baseline: b.unique('baseline'), values });
}
