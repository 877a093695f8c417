/** @file The values of an explanation that are drawn. */
import type { Explanation } from '../maps/explanation.js';
import { isPixelwise } from '../methods/table.js';
import type { SignedMap } from '../methods/kinds/method.js';

/** Fraction of the pixels that keep their values. The rest, a few outliers, would make everything else dark. */
const KEPT = 0.99;

/**
 * The map before it is scaled and laid on a picture: `raw`, or `signed` for a signed palette. Maps that have
 * a value for each pixel, such as gradients, are clipped at the 99th percentile of their absolute values, like Google PAIR's
 * saliency library (`VisualizeImageGrayscale`). Written and measured values are not clipped.
 */
export function drawnMap(explanation: Explanation, signed: boolean): SignedMap {
  const { rawHeight: height, rawWidth: width, method } = explanation;
  const data = signed ? explanation.signed : explanation.raw;
  return { data: isPixelwise(method) ? withoutOutliers(data) : data, height, width };
}

function withoutOutliers(map: Float32Array): Float32Array {
  const magnitudes = map.map(Math.abs).toSorted();
  const most = magnitudes[Math.floor(KEPT * (magnitudes.length - 1))] as number;
  return most > 0 ? map.map((value) => Math.min(Math.max(value, -most), most)) : map;
}
