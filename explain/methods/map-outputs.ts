/** @file The maps of methods that are graphs, appended to a graph. */
import type { GraphBuilder } from '../../onnx/build/build.js';
import { methods, type MethodName } from './table.js';

/** An output that holds maps. */
export interface MapOutput {
  method: MethodName;
  /** A map [N, h, w], or activations [N, K, h, w] whose first principal component is the map. */
  value: string;
  projected: boolean;
}

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
  const weighted = method.weighted(b, activations, g);
  const projected = eigen || method.kind === 'projection';
  // An output must not be an input.
  const whole = () => (weighted === activations ? b.op('Identity', [weighted], {}, 'projected') : weighted);
  return [{ method: name, value: projected ? whole() : b.reduceSum(weighted, [1], false, 'signed'), projected }];
}
