/** @file The maps of methods that are graphs, appended to a graph. */
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { channelSum, weightedSum } from './channel-sum.js';
import type { ComponentSign } from '../../../inference/numeric/decompositions/principal-component.js';
import type { ProjectionMethod, WeightedMethod } from '../kinds/method.js';
import { methods, type MethodName } from '../table.js';

/** An output that holds maps. */
export interface MapOutput {
  method: MethodName;
  /** A map [N, h, w], or activations [N, K, h, w] whose first principal component is the map. */
  value: string;
  projected: Projected;
  /**
   * What the map's sums add up, without signs [N]: the largest of a position. None for a map that is not proportional to the
   * gradient: that it is small does not tell that gradients cancel out.
   */
  summed?: string;
}

/** Whether a first principal component is still to be taken, and which sign it has (`firstComponent`). */
export type Projected = false | ComponentSign;

/**
 * Appends the maps of methods of activations and gradients [N, K, h, w]; none for a method that needs further runs.
 * @param eigen whether maps are first principal components instead of sums of weighted activations
 */
export function appendedMaps(
  b: GraphBuilder,
  names: readonly MethodName[],
  activations: string,
  g: string,
  eigen: boolean,
): MapOutput[] {
  let products: string | undefined;
  return names.flatMap((name) =>
    b.within(name, () => {
      const method = methods[name];
      if (method.kind === 'runs') return [];
      if (method.kind === 'gradient')
        return [{ method: name, value: method.map(b, activations, g), projected: false as const }];
      const map = { method: name, ...layerMap(b, method, activations, g, eigen) };
      if (method.gradientFree || (method.kind === 'weighted' && method.nonlinear)) return [map];
      const weights = method.kind === 'weighted' ? method.weightSizes?.(b, activations, g) : undefined;
      if (weights !== undefined) return [{ ...map, summed: largestSum(b, activations, weights, weightedSum) }];
      products ??= largestSum(b, activations, b.op('Abs', [g], {}, 'gradient_sizes'), (_, gradients, sizes) =>
        channelSum(b, b.mul(sizes, gradients, 'product_sizes')),
      );
      return [{ ...map, summed: products }];
    }),
  );
}

function layerMap(
  b: GraphBuilder,
  method: WeightedMethod | ProjectionMethod,
  activations: string,
  g: string,
  eigen: boolean,
): Pick<MapOutput, 'value' | 'projected'> {
  if (method.kind === 'weighted' && !eigen) return { value: signedMap(b, method, activations, g), projected: false };
  const weighted = method.weighted(b, activations, g);
  // An output must not be an input.
  const value = weighted === activations ? b.op('Identity', [weighted], {}, 'projected') : weighted;
  return { value, projected: (method.kind === 'projection' && method.sign) || 'sum' };
}

/** The largest sum of a position [N] over the channels of weight · |activation|. */
function largestSum(b: GraphBuilder, activations: string, weights: string, sum: typeof weightedSum): string {
  const sums = sum(b, weights, b.op('Abs', [activations], {}, 'activation_sizes'));
  return b.op('ReduceMax', [sums], { axes: [1, 2], keepdims: 0 }, 'largest_sum');
}

/** The values of maps that a graph puts out, each once. */
export function mapValues(maps: readonly MapOutput[]): string[] {
  return [...new Set(maps.flatMap(({ value, summed }) => [value, summed ?? []].flat()))];
}

/** Appends the map before the ReLU [N, h, w]: the sum of weighted activations over channels. */
export function signedMap(b: GraphBuilder, method: WeightedMethod, activations: string, g: string): string {
  const weights = method.channelWeights?.(b, activations, g);
  return weights ? weightedSum(b, weights, activations) : channelSum(b, method.weighted(b, activations, g));
}
