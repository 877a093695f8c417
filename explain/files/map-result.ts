/** @file A map as results.json tells it. */
import { emptyMapNote, relativeError } from '../figures/verdict.js';
import type { Explanation } from '../maps/explanation.js';
import type { ClassRegion, Target } from '../targets/targets.js';
import type { MapFiles } from './pictures/map-files.node.js';

/** One map in results.json. */
export interface MapResult {
  picture: string;
  layer: { name: string; op: string; index?: number };
  method: string;
  target: Exclude<Target, ClassRegion> | { class: number; region: unknown };
  /** The target in words. */
  label: string;
  /** The classes that a default target was chosen from. */
  choice?: string;
  score: number;
  /** What the score is, where it is not the value before sigmoid or softmax. */
  quantity?: string;
  /** Sum of a map that should add up to a difference of scores, and that difference. */
  completeness?: { sum: number; difference: number };
  /** Sum of a map of relevances, what biases took on the way, and the score that both together should be. */
  conservation?: { sum: number; biases: number; score: number };
  /** Mean standard error of a map from random draws, as a share of its largest magnitude. */
  standardError?: number;
  probability?: number;
  softmax?: number;
  /** Least and largest value before the ReLU. */
  range: [number, number];
  /** Why the map shows nothing, and what to try. */
  reason?: string;
  note?: string;
  /** Time of the run that made it, divided by the maps of that run; none where the same job always gives the same bytes. */
  milliseconds?: number;
  files: MapFiles;
}

/** The entry of a map. @param picture its picture's file @param files what they are called */
export function resultOf(
  picture: string,
  explanation: Explanation,
  milliseconds: number | undefined,
  files: MapFiles,
): MapResult {
  const {
    layer,
    method,
    target,
    label,
    choice,
    score,
    quantity,
    probability,
    softmax,
    signed,
    reason,
    completeness,
    conservation,
  } = explanation;
  const note = emptyMapNote(explanation);
  const standardError = relativeError(explanation);
  const { name, op, index } = layer;
  return {
    picture,
    layer: { name, op, ...(index !== undefined && { index }) },
    method,
    target: plainTarget(target),
    label,
    ...(choice !== undefined && { choice }),
    score,
    ...(quantity !== undefined && { quantity }),
    ...(probability !== undefined && { probability }),
    ...(softmax !== undefined && { softmax }),
    range: [signed.reduce((a, b) => Math.min(a, b)), signed.reduce((a, b) => Math.max(a, b))],
    ...(completeness && { completeness }),
    ...(conservation && { conservation }),
    ...(standardError !== undefined && { standardError }),
    ...(reason && { reason }),
    ...(note && { note }),
    ...(milliseconds !== undefined && { milliseconds: Math.round(1000 * milliseconds) / 1000 }),
    files,
  };
}

/** The target without the pixels of a mask. */
function plainTarget(target: Target): MapResult['target'] {
  if (typeof target !== 'object' || !('region' in target)) return target;
  const { class: index, region } = target;
  if (typeof region !== 'object' || !('mask' in region)) return { class: index, region };
  return { class: index, region: region.name === undefined ? 'mask' : { mask: region.name } };
}
