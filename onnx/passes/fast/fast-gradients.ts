/** @file The speed-ups of graphs with gradients that only run, and are differentiated no more. */
import type { Model } from '../../graph/graph.js';
import { blockedSums } from './blocked-sums.js';
import { positiveMasks } from './positive-masks.js';
import { rotatedConvolutions } from './rotated-convolutions.js';
import { scaledWeights } from './scaled-weights.js';
import { statedShapes } from './stated-shapes.js';

/** An equivalent model that runtimes compute faster. */
export function fastGradients(model: Model): Model {
  return { ...model, graph: statedShapes(blockedSums(positiveMasks(scaledWeights(rotatedConvolutions(model.graph))))) };
}
