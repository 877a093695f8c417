/** @file The values of an explanation that are drawn. */
import type { Explanation } from './explanation.js';
import { explainsLayer } from '../methods/table.js';
import type { SignedMap } from '../methods/method.js';

/** Share of a picture's pixels whose values are told apart; of the others a handful would leave all the rest dark. */
const TOLD_APART = 0.99;

/**
 * The map before it is scaled and laid on a picture: `raw`, or `signed` for a signed palette. Maps of the picture's own
 * gradient end at the 99th percentile of their magnitudes, as Google PAIR's saliency library shows them
 * (`VisualizeImageGrayscale`); what is written and measured is not cut.
 */
export function drawnMap(explanation: Explanation, signed: boolean): SignedMap {
  const { rawHeight: height, rawWidth: width, method } = explanation;
  const data = signed ? explanation.signed : explanation.raw;
  return { data: explainsLayer(method) ? data : withoutOutliers(data), height, width };
}

function withoutOutliers(map: Float32Array): Float32Array {
  const magnitudes = map.map(Math.abs).toSorted();
  const most = magnitudes[Math.floor(TOLD_APART * (magnitudes.length - 1))] as number;
  return most > 0 ? map.map((value) => Math.min(Math.max(value, -most), most)) : map;
}
