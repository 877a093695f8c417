/** @file The one target that a probe explains, and whether it is the same in every picture. */
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

/**
 * Whether a target is the same one in every picture: not the top class, and of a detector not the best box.
 * @param each what is compared, such as `frame`
 * @throws InputError if it is not
 */
export function expectSameTarget({ kind, classes }: ScoreHead, choice: TargetChoice | undefined, each: string): void {
  const isTop = typeof choice === 'object' && 'top' in choice;
  const isSame = choice === undefined ? kind !== 'boxes' && classes === 1 : !isTop;
  if (isSame && (kind !== 'boxes' || typeof choice === 'object')) return;
  const [wanted, found] = kind === 'boxes' ? ['CLASS@at:BOX', 'best box'] : ['a class', 'top class'];
  const got = choice === undefined ? 'none' : isTop ? `top-${choice.top}` : `${choice as number | string}`;
  const expected = `${wanted}, as the ${found} may change from ${each} to ${each}`;
  throw new InputError({ name: 'target', expected, got });
}
