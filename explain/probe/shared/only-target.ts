/** @file The one target that a probe explains. */
import type { ScoreHead } from '../../../inference/networks/score-head.js';
import { InputError } from '../../../onnx/errors.js';
import { resolvedTargets, type TargetChoice } from '../../targets/target-choice.js';
import type { Target } from '../../targets/targets.js';

/** The target of a picture with these logits. @throws InputError for several, or one that the network does not have */
export function onlyTarget(
  { head, labels }: { head: ScoreHead; labels?: readonly string[] | undefined },
  choice: TargetChoice | undefined,
  logits: Float32Array,
): Target {
  const [only, ...more] = resolvedTargets(head, choice, logits, labels);
  if (only === undefined || more.length > 0)
    throw new InputError({ name: 'target', expected: 'one target', got: 1 + more.length });
  return only;
}
