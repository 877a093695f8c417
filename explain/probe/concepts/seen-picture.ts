/** @file What concepts are in a picture, and what they do to its score. */
import type { Matrix } from 'ml-matrix';
import type { Design } from '../../../inference/numeric/total-indices.js';
import { InputError } from '../../../onnx/errors.js';
import type { Explainer } from '../../maps/explain.js';
import type { LayerCut } from '../../network/layer-cut.js';
import { expectMaskFits, type TargetChoice } from '../../targets/target-choice.js';
import { targetScore, targetWeights, type Target } from '../../targets/targets.js';
import { onlyTarget } from '../shared/only-target.js';
import type { ReadPicture } from './collect.node.js';
import {
  activationsOf,
  conceptEffects,
  conceptsAt,
  factorsOfRun,
  positiveRows,
  runsOf,
  type ConceptEffects,
} from './concepts.js';

/** A picture with its concepts. */
export interface SeenPicture extends ConceptEffects {
  path: string;
  strengths: Matrix;
  negative: number;
  unexplained: number;
  /** The target's score of the picture itself. */
  own: number;
  target: Target;
}

/**
 * Runs the network behind the layer on all and on parts of a picture's concepts.
 * @throws InputError for several targets, or scores that are not finite
 */
export async function seenPicture(
  explainer: Explainer,
  cut: LayerCut,
  { path, picture, prepared }: ReadPicture,
  {
    concepts,
    designs,
    choice,
    signal,
  }: {
    concepts: Matrix;
    designs: readonly Design[];
    choice: TargetChoice | undefined;
    signal: AbortSignal | undefined;
  },
): Promise<SeenPicture> {
  const { head } = explainer;
  expectMaskFits(choice, picture, path);
  const logits = await explainer.logits(prepared);
  const target = onlyTarget(explainer, choice, logits);
  const weights = targetWeights(head, target, { ...explainer.input.picture, logits });
  const scoreOf = (all: Float32Array, row: number) =>
    targetScore(weights, all.subarray(row * weights.length, (row + 1) * weights.length));
  const { channels, data } = await cut.activations(prepared);
  const { rows, negative } = positiveRows(data, channels);
  const { strengths, unexplained } = conceptsAt(rows, concepts);
  const runs = runsOf(designs.length, concepts.rows);
  const found = await cut.logitsFrom(prepared, runs, (start, count) => {
    signal?.throwIfAborted();
    const changed = new Float32Array(count * data.length);
    for (let at = 0; at < count; at++)
      changed.set(
        activationsOf(strengths, concepts, factorsOfRun(designs, concepts.rows, start + at)),
        at * data.length,
      );
    return changed;
  });
  const own = scoreOf(logits, 0);
  const scores = Float64Array.from({ length: runs }, (_, run) => scoreOf(found, run));
  const odd = [own, ...scores].find((score) => !Number.isFinite(score));
  if (odd !== undefined)
    throw new InputError({
      name: path,
      expected: 'finite scores of the picture and of parts of its concepts',
      got: odd,
    });
  return {
    path,
    strengths,
    negative,
    unexplained,
    target,
    own,
    ...conceptEffects(scores, concepts.rows),
  };
}
