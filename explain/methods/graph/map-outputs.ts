/** @file The maps of methods that are graphs, appended to a graph. */
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { channelSum, weightedSum } from './channel-sum.js';
import type { ComponentSign } from '../../../inference/numeric/decompositions/principal-component.js';
import type { WeightedMethod } from '../kinds/method.js';
import { methods, type MethodName } from '../table.js';

/** An output that holds maps. */
export interface MapOutput {
  method: MethodName;
  /** A map [N, h, w], or activations [N, K, h, w] whose first principal component is the map. */
  value: string;
  projected: Projected;
}

/** Whether a first principal component is still to be taken, and which sign it has (`firstComponent`). */
export type Projected = false | ComponentSign;

/**
 * Appends a method's map of activations and gradients [N, K, h, w]; none for a method that needs further runs.
 * @param eigen whether maps are first principal components instead of sums of weighted activations
 */
export function appendedMaps(
  b: GraphBuilder,
  name: MethodName,
  activations: string,
  g: string,
  eigen: boolean,
): MapOutput[] {
  const method = methods[name];
  if (method.kind === 'runs') return [];
  if (method.kind === 'gradient') return [{ method: name, value: method.map(b, activations, g), projected: false }];
  if (method.kind === 'weighted' && !eigen) {
    return [{ method: name, value: signedMap(b, method, activations, g), projected: false }];
  }
  const weighted = method.weighted(b, activations, g);
  // An output must not be an input.
  const value = weighted === activations ? b.op('Identity', [weighted], {}, 'projected') : weighted;
  return [{ method: name, value, projected: (method.kind === 'projection' && method.sign) || 'sum' }];
}

/** Appends the map before the ReLU [N, h, w]: the sum of weighted activations over channels. */
export function signedMap(b: GraphBuilder, method: WeightedMethod, activations: string, g: string): string {
  const weights = method.channelWeights?.(b, activations, g);
  return weights ? weightedSum(b, weights, activations) : channelSum(b, method.weighted(b, activations, g));
}
