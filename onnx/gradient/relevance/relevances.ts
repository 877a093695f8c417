/** @file Layer-wise relevance propagation: the relevance of a network's input for its output, in the same graph. */
import { GraphBuilder } from '../../build/build.js';
import type { Graph } from '../../graph/graph.js';
import { prunedGraph } from '../../graph/order.js';
import { gradients } from '../walk.js';
import { withFoldedNorms } from './fold-norms.js';
import { STABILIZER, type Composite } from './composite.js';
import { Flow } from './flow.js';
import { Region, type PixelRange } from './region.js';
import { relevanceRules } from './rules.js';

/** Names of values: relevances, and what did not reach the input. */
export interface Relevances {
  /** Of the input's shape. */
  relevance: string;
  /** What biases and other constants took of the output, over the whole batch; a scalar. */
  kept: string;
}

/**
 * Appends the relevance of the input for Σ cotangent·output (Bach et al. 2015). Σ relevance + kept is that sum, but for what small
 * denominators swallow.
 * @param b builder of a graph whose batch norms are folded (`relevanceGraph`)
 * @param options.cotangent the weight of each number of the output, default ones
 * @param options.range least and largest pixel; the box rule needs it
 * @returns null where the output does not depend on the input
 * @throws InputError naming the first node on the way that has no rule
 */
export function relevances(
  b: GraphBuilder,
  output: string,
  input: string,
  { composite, cotangent, range }: { composite: Composite; cotangent?: string; range?: PixelRange },
): Relevances | null {
  const flow = new Flow(b, input);
  const region = new Region(b, flow, range);
  const kept: string[] = [];
  const rules = relevanceRules({ b, flow, region, composite, kept });
  // What is the picture itself has its relevance in place of a multiplier.
  const seed = region.has(output)
    ? { cotangent: cotangent ? b.mul(output, cotangent) : output }
    : cotangent && { cotangent };
  const relevance = gradients(b, output, [input], { rules, nearestLayer: false, ...seed }).get(input) ?? null;
  if (relevance === null) return null;
  return { relevance, kept: kept.length > 0 ? b.op('Sum', kept, {}, 'kept') : b.scalarLike(relevance, 0) };
}

/** The graph of an output with its batch norms folded into convolutions, as all of the papers take them. */
export function relevanceGraph(graph: Graph, output: string): Graph {
  return withFoldedNorms({ ...prunedGraph(graph, [output]), outputs: [{ name: output }] });
}

/** @throws InputError as `relevances`, for a network that LRP cannot explain */
export function expectRelevances(graph: Graph, input: string, output: string): void {
  const b = new GraphBuilder({ ...relevanceGraph(graph, output), outputs: [] });
  const rule = { rule: 'epsilon', epsilon: STABILIZER } as const;
  relevances(b, output, input, { composite: { convolution: rule, dense: rule } });
}
