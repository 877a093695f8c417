/** @file The parts of a layer's features in a score: activation × gradient. */
import type { GeneratorLayer } from './region-graph.js';

/** The part of one feature map in a score. */
export interface FeaturePart {
  feature: number;
  /** Σ A ⊙ ∂score/∂A over positions. */
  part: number;
}

/** The parts of a layer's features. */
export interface FeatureParts {
  layer: GeneratorLayer;
  /** A ⊙ ∂score/∂A [K, h, w]. */
  maps: Float32Array;
  /** By the size of their parts, largest first. */
  parts: FeaturePart[];
}

/**
 * @param features A [K, h, w]
 * @param slopes ∂score/∂A [K, h, w]
 */
export function featureParts(features: Float32Array, slopes: Float32Array, layer: GeneratorLayer): FeatureParts {
  const [count, height, width] = layer.sizes;
  const maps = features.map((value, at) => value * (slopes[at] as number));
  const plane = height * width;
  const parts = Array.from({ length: count }, (_, feature) => {
    let part = 0;
    for (let at = feature * plane; at < (feature + 1) * plane; at++) part += maps[at] as number;
    return { feature, part };
  });
  return { layer, maps, parts: parts.toSorted((a, b) => Math.abs(b.part) - Math.abs(a.part) || a.feature - b.feature) };
}
