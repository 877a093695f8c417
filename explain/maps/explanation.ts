/** @file What an explanation is, and how the maps of several layers and views are combined into one. */
import { flipped } from './augment.js';
import type { MadeMap } from './compute-maps.js';
import type { Layer } from '../network/layers.js';
import type { MethodName } from '../methods/table.js';
import type { SignedMap } from '../methods/kinds/method.js';
import { averagedMap, mapReason, type MapReason } from './shown/normalize.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { bilinearResized } from '../../inference/numeric/bilinear.js';
import type { NonFinite } from '../causes/non-finite.js';
import type { Saturation } from '../causes/saturation.js';
import type { Target } from '../targets/targets.js';

/** One map: a picture explained at a layer by a method. */
export interface Explanation {
  /** Position of the picture in the call. */
  picture: number;
  /** The picture input for methods that explain the picture; names of averaged layers are joined by `+`. */
  layer: Layer;
  method: MethodName;
  /** What is explained; by default `fake`, or the picture's top class. */
  target: Target;
  /** The target in words, with the class name if labels are known. */
  label: string;
  /** The classes that the default target was chosen from, in words, where a dense output predicts several. */
  choice?: string;
  /**
   * The target's value before sigmoid or softmax: +logit for `real`, −logit for `fake`, the logit of a class, a difference of
   * two, or a mean over positions.
   */
  score: number;
  /** What `score` is, where it is not the value before sigmoid or softmax. */
  quantity?: NonNullable<ScoreHead['quantity']>;
  /** Probability of the class, or of being real for both `real` and `fake`; missing if the network does not output one. */
  probability?: number;
  /** The softmax over all scores at the class, of a classifier that ends with scores and has no probability. */
  softmax?: number;
  /**
   * The map before ReLU [rawHeight, rawWidth], such as Σ_k w_k A_k in the units of the score's gradient. Of several layers
   * or views: the mean of their maps at the size of the network's input, each divided by its largest absolute value.
   */
  signed: Float32Array;
  /** ReLU of `signed`: the map of the papers. Of several layers or views: `normalized`. */
  raw: Float32Array;
  rawHeight: number;
  rawWidth: number;
  /** `raw` at the size of the network's input [height, width], 0…1, as `averagedMap` makes it; of several views their mean. */
  normalized: Float32Array;
  height: number;
  width: number;
  /** Largest |∂score/∂A| (or |∂score/∂picture|); missing for methods without gradients. */
  largestGradient?: number;
  /** The sum of a map that should add up to the difference of the scores of picture and baseline, and that difference. */
  completeness?: NonNullable<SignedMap['completeness']>;
  /** The sum of a map of relevances, what biases took on the way, and the score that both together should be. */
  conservation?: NonNullable<SignedMap['conservation']>;
  /** Standard errors of `signed`, where it is estimated from random draws [rawHeight, rawWidth]. */
  standardError?: Float32Array;
  /** Why the map is empty; missing if it is not. */
  reason?: MapReason;
  /** The activation that saturates, if that is the reason. */
  saturation?: Saturation;
  /** The node that makes the gradient or the score infinite or NaN, if that is the reason. */
  nonFinite?: NonFinite;
}

/** The maps that are combined into one explanation: one per layer and view. */
export interface MapViews {
  /** By view, then by layer. */
  views: readonly { flip: boolean; maps: readonly MadeMap[] }[];
  height: number;
  width: number;
}

/** The map of an explanation at both sizes, with what is known about it. */
export type ShownMap = Pick<
  Explanation,
  | 'signed'
  | 'raw'
  | 'rawHeight'
  | 'rawWidth'
  | 'normalized'
  | 'height'
  | 'width'
  | 'largestGradient'
  | 'reason'
  | 'completeness'
  | 'conservation'
  | 'standardError'
>;

/** Combines layers and views as pytorch-grad-cam does: the mean over layers is scaled again, the mean over views is not. */
export function shownMap({ views, height, width }: MapViews): ShownMap {
  const made = views.flatMap(({ maps }) => maps);
  const [only, ...others] = made;
  const upright = (map: Float32Array, flip: boolean) => (flip ? flipped(map, width) : map);
  const normalized = mean(
    views.map(({ maps, flip }) =>
      upright(
        averagedMap(
          maps.map(({ map }) => map),
          height,
          width,
        ),
        flip,
      ),
    ),
  );
  const scaled = () =>
    mean(views.flatMap(({ maps, flip }) => maps.map(({ map }) => upright(sizedMap(map, height, width), flip))));
  const map = only && others.length === 0 ? only.map : { data: scaled(), height, width };
  const gradients = made.flatMap(({ largestGradient }) => largestGradient ?? []);
  const largestGradient = gradients.length > 0 ? gradients.reduce((a, b) => Math.max(a, b)) : undefined;
  // The combined map is empty only if all of its maps are.
  const reasons = made.map(({ map: { data: signed }, connected, largestGradient: own }) =>
    mapReason({ signed, connected, ...(own !== undefined && { largestGradient: own }) }),
  );
  // A box is scored at one scale: the layers of the others have no gradient.
  const telling = reasons.find((each) => each !== 'zero gradient') ?? reasons[0];
  const reason = reasons.every((each) => each !== undefined) ? telling : undefined;
  return {
    signed: map.data,
    raw: others.length === 0 ? map.data.map((value) => Math.max(value, 0)) : normalized,
    rawHeight: map.height,
    rawWidth: map.width,
    normalized,
    height,
    width,
    ...(largestGradient !== undefined && { largestGradient }),
    ...(others.length === 0 && only?.map.completeness && { completeness: only.map.completeness }),
    ...(others.length === 0 && only?.map.conservation && { conservation: only.map.conservation }),
    ...(others.length === 0 && only?.map.standardError && { standardError: only.map.standardError }),
    ...(reason && { reason }),
  };
}

/** A signed map scaled to −1…1 and resized; NaN where it is not finite. */
function sizedMap({ data, height: h, width: w }: SignedMap, height: number, width: number): Float32Array {
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scaled = largest === 0 ? data : data.map((value) => value / largest);
  return bilinearResized(scaled, h, w, height, width);
}

function mean(maps: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array()] = maps;
  if (maps.length === 1) return first;
  return first.map((_, at) => maps.reduce((sum, map) => sum + (map[at] ?? 0), 0) / maps.length);
}
