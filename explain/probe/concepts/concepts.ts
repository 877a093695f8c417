/** @file Concepts of a layer: directions of which its activations are sums, and what they do to a score. */
import { Matrix } from 'ml-matrix';
import {
  coefficientsOf,
  nonNegativeFactors,
  startFactors,
  type FactorOptions,
} from '../../../inference/numeric/decompositions/factors.js';
import { jackknifeErrors, jackknifeGroups } from '../../../inference/numeric/jackknife.js';
import { designedInputs, totalIndices, type Design } from '../../../inference/numeric/total-indices.js';

/** Concepts as rows of length 1, and how much of each is in every row that they were found in. */
export interface FoundConcepts {
  /** [concepts, K] */
  concepts: Matrix;
  /** [rows, concepts] */
  strengths: Matrix;
}

/**
 * Non-negative factors of activations.
 * @param rows [rows, K] without negative numbers
 * @throws InputError for more concepts than rows or channels, or activations that are all zero
 */
export async function foundConcepts(rows: Matrix, count: number, options?: FactorOptions): Promise<FoundConcepts> {
  const start = await startFactors(rows, count, () => options?.check?.(0));
  const { coefficients, parts } = await nonNegativeFactors(rows, start, options);
  for (let concept = 0; concept < count; concept++) {
    const length = Math.hypot(...parts.getRow(concept));
    if (length === 0) continue;
    parts.mulRow(concept, 1 / length);
    coefficients.mulColumn(concept, length);
  }
  return { concepts: parts, strengths: coefficients };
}

/** The positive part of activations [K, h, w] as rows [h·w, K], and the share of squares that are left out. */
export function positiveRows(activations: Float32Array, channels: number): { rows: Matrix; negative: number } {
  const positions = activations.length / channels;
  const rows = Matrix.zeros(positions, channels);
  let [all, below] = [0, 0];
  activations.forEach((value, at) => {
    all += value * value;
    if (value > 0) rows.set(at % positions, Math.floor(at / positions), value);
    else below += value * value;
  });
  return { rows, negative: all === 0 ? 0 : below / all };
}

/** How much of each concept is at each position of a picture [h·w, concepts], and the share of squares that they do not explain. */
export function conceptsAt(rows: Matrix, concepts: Matrix): { strengths: Matrix; unexplained: number } {
  const strengths = coefficientsOf(rows, concepts);
  const squares = (matrix: Matrix) => matrix.to1DArray().reduce((sum, value) => sum + value * value, 0);
  const all = squares(rows);
  return { strengths, unexplained: all === 0 ? 0 : squares(Matrix.sub(rows, strengths.mmul(concepts))) / all };
}

/** Activations [K, h, w] of concepts, each times a factor. */
export function activationsOf(strengths: Matrix, concepts: Matrix, factors: ArrayLike<number>): Float32Array {
  const scaled = strengths.clone();
  for (let concept = 0; concept < concepts.rows; concept++) scaled.mulColumn(concept, factors[concept] as number);
  return Float32Array.from(scaled.mmul(concepts).transpose().to1DArray());
}

/** The factors of run number `run`: all concepts, all but one, and then those of the designs. */
export function factorsOfRun(designs: readonly Design[], concepts: number, run: number): Float64Array {
  const all = new Float64Array(concepts).fill(1);
  if (run === 0) return all;
  return run <= concepts ? all.with(run - 1, 0) : designedInputs(designs, concepts, run - concepts - 1);
}

/** Runs that the effects of concepts need. */
export const runsOf = (designs: number, concepts: number): number => (designs + 1) * (concepts + 1);

/** What concepts do to the score of a picture. */
export interface ConceptEffects {
  /** With all concepts in the place of the activations. */
  score: number;
  /** That, minus the score without the concept. */
  effects: number[];
  /** Scores of the designs. */
  designed: Float64Array;
}

/** @param scores of all runs (`factorsOfRun`) */
export function conceptEffects(scores: Float64Array, concepts: number): ConceptEffects {
  const score = scores[0] as number;
  const effects = Array.from({ length: concepts }, (_, concept) => score - (scores[concept + 1] as number));
  return { score, effects, designed: scores.subarray(concepts + 1) };
}

/**
 * The importance of concepts: total-order Sobol indices of the score when concepts are scaled by 0…1, the mean over pictures
 * (Fel et al. 2023, section 3.3), with standard errors over designs.
 */
export function conceptImportance(
  pictures: readonly ConceptEffects[],
  designs: number,
  concepts: number,
): { importance: Float64Array; errors: Float32Array } {
  const groups = jackknifeGroups(designs);
  const estimate = (left?: number): Float64Array => {
    const starts = Array.from({ length: designs }, (_, at) => at)
      .filter((design) => design % groups !== left)
      .map((design) => design * (concepts + 1));
    const sums = new Float64Array(concepts);
    for (const { designed } of pictures)
      totalIndices(designed, starts, concepts).forEach((index, at) => (sums[at] = (sums[at] as number) + index));
    return sums.map((sum) => sum / pictures.length);
  };
  return { importance: estimate(), errors: jackknifeErrors(groups, estimate) };
}
