/** @file What concepts are in a picture, and what they do to its score. */
import type { Matrix } from 'ml-matrix';
import { scoreCount } from '../../../inference/networks/score-head.js';
import type { Design } from '../../../inference/numeric/total-indices.js';
import { InputError } from '../../../onnx/errors.js';
import type { Explainer } from '../../maps/explain.js';
import type { LayerCut } from '../../network/layer-cut.js';
import { resolvedTargets, type TargetChoice } from '../../targets/target-choice.js';
import { targetWeights, type Target } from '../../targets/targets.js';
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
 * @throws InputError for several targets
 */
export async function seenPicture(
  explainer: Explainer,
  cut: LayerCut,
  { path, prepared }: ReadPicture,
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
  const { head, labels } = explainer;
  const logits = await explainer.logits(prepared);
  const [target, ...more] = resolvedTargets(head, choice, logits, labels);
  if (target === undefined || more.length > 0)
    throw new InputError({ name: 'target', expected: 'one target', got: 1 + more.length });
  const weights = targetWeights(head, target, { ...explainer.input.picture, logits });
  const scoreOf = (all: Float32Array, row: number) =>
    weights.reduce((sum, weight, at) => sum + weight * (all[row * scoreCount(head) + at] as number), 0);
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
  const scores = Float64Array.from({ length: runs }, (_, run) => scoreOf(found, run));
  return {
    path,
    strengths,
    negative,
    unexplained,
    target,
    own: scoreOf(logits, 0),
    ...conceptEffects(scores, concepts.rows),
  };
}
