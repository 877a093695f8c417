/** @file What is told of concepts: in results.json and in lines. */
import { shownPath } from '../../../inference/files/copies.node.js';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import type { Explainer } from '../../maps/explain.js';
import { targetLabel } from '../../targets/targets.js';
import type { Concept } from './concept-options.js';
import type { SeenPicture } from './seen-picture.js';

/** Targets that are named. */
const MOST_NAMED = 3;

/** The mean of numbers. */
export const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** What all pictures have in common, and means over them. */
export function summaryOf(seen: readonly SeenPicture[], rows: number, { head, labels }: Explainer) {
  const targets = new Set(seen.map(({ target }) => targetLabel(target, labels, head)));
  return {
    target: targets.size <= MOST_NAMED ? [...targets].join(', ') : `${targets.size} targets`,
    rows,
    score: mean(seen.map(({ own }) => own)),
    scoreOfConcepts: mean(seen.map(({ score }) => score)),
    unexplained: mean(seen.map(({ unexplained }) => unexplained)),
    negative: mean(seen.map(({ negative }) => negative)),
  };
}

/** A picture in results.json; effects in the order of the concepts. */
export function picturePart(each: SeenPicture, order: readonly number[], { head, labels }: Explainer) {
  const { path, target, own, score, effects, unexplained, negative } = each;
  return {
    picture: shownPath(path),
    target: targetLabel(target, labels, head),
    score: own,
    scoreOfConcepts: score,
    effects: order.map((concept) => effects[concept]),
    unexplained,
    negative,
  };
}

/** A line for the whole, and one for each concept. */
export function linesOf(concepts: readonly Concept[], summary: ReturnType<typeof summaryOf>): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `${summary.target}: mean score ${formattedNumber(summary.score)}, of the concepts alone ` +
      `${formattedNumber(summary.scoreOfConcepts)}; they leave out ${percent(summary.unexplained)} of the layer's squares` +
      (summary.negative === 0 ? '' : `, and ${percent(summary.negative)} were below zero and counted as zero`),
    ...concepts.map(
      ({ importance, standardError, effect, examples }, at) =>
        `  ${at + 1}: importance ${formattedNumber(importance)} ± ${formattedNumber(standardError)}, ` +
        `effect ${formattedNumber(effect)}, ${examples[0] ? `strongest in ${examples[0].picture}` : 'without an example'}`,
    ),
  ];
}
