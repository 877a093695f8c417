/** @file How concepts are found, and what is found. */
import type { Assumption } from '../../../inference/graphs/assumption.js';
import { InputError } from '../../../onnx/errors.js';
import type { MapStyle } from '../../figures/overlay.js';
import type { LayerChoice } from '../../network/layers.js';
import type { TargetChoice } from '../../targets/target-choice.js';
import type { ProbeFolderOptions } from '../shared/probe-folder.node.js';
import { runsOf } from './concepts.js';

/** What concepts can be found in: crops, or positions. */
export const conceptMethods = ['craft', 'dff'] as const;

/** One of them. */
export type ConceptMethod = (typeof conceptMethods)[number];

/** How concepts are found. */
export interface ConceptsProbeOptions extends ProbeFolderOptions {
  /**
   * `craft` (the default): factors of the mean activations of crops (Fel et al. 2023); `dff`: of the activations at all positions
   * (Collins et al. 2018).
   */
  method?: ConceptMethod;
  layer?: LayerChoice;
  target?: TargetChoice;
  /** How many, default 8. */
  count?: number;
  /** Side of a crop in pixels of the network's input, default 80/224 of the shorter side. */
  crop?: number;
  /** Runs of the network behind the layer for each picture; default 33 for each concept and 33 more. */
  runs?: number;
  /** Seed of the runs, default 0. */
  seed?: number;
  style?: MapStyle;
  signal?: AbortSignal;
  /** Called with what is being done: crops or positions, rounds of the descent, pictures. */
  progress_callback?: (unit: string, done: number, total: number) => void;
  onAssumed?: (assumptions: readonly Assumption[]) => void;
}

/** A concept, the most important first. */
export interface Concept {
  /** Total-order Sobol index of the score, the mean over pictures. */
  importance: number;
  standardError: number;
  /** What the score loses without it, the mean over pictures. */
  effect: number;
  /** Where it is strongest. */
  examples: { picture: string; box?: { left: number; top: number; side: number } }[];
}

/** Most concepts. */
const MAX_CONCEPTS = 64;
/** Draws of all concepts' shares. */
const DEFAULT_DRAWS = 32;
/** Fewest draws, for standard errors. */
const LEAST_DRAWS = 8;
const MAX_RUNS = 100_000;

/** @throws InputError for a number of concepts that a layer of so many channels cannot have */
export function requireCount(count: number, channels: number): void {
  const most = Math.min(MAX_CONCEPTS, channels);
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new InputError({ name: 'count', expected: `an integer of 1…${most} concepts`, got: count });
}

/** How many draws the runs of a picture allow. @throws InputError for too few or too many runs */
export function drawsOf(runs: number | undefined, count: number): number {
  if (runs === undefined) return DEFAULT_DRAWS;
  const least = runsOf(LEAST_DRAWS, count);
  if (!Number.isInteger(runs) || runs < least || runs > MAX_RUNS)
    throw new InputError({
      name: 'runs',
      expected: `an integer of ${least}…${MAX_RUNS} for ${count} concepts`,
      got: runs,
    });
  return Math.floor(runs / runsOf(0, count)) - 1;
}

/** The side of crops in pixels. @throws InputError for one that the picture does not have */
export function sideOf(crop: number | undefined, { width, height }: { width: number; height: number }): number {
  const shorter = Math.min(width, height);
  const side = crop ?? Math.max(1, Math.round((80 / 224) * shorter));
  if (Number.isInteger(side) && side >= 1 && side <= shorter) return side;
  throw new InputError({ name: 'crop', expected: `an integer of 1…${shorter} pixels`, got: side });
}
