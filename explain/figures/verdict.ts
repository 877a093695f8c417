/** @file An explanation in words: the verdict with its numbers, and why a map is empty. */
import type { Explanation } from '../maps/explanation.js';
import type { MapReason } from '../maps/normalize.js';

/** What to do about a map that shows nothing. */
const advice: Record<MapReason, (explanation: Explanation) => string> = {
  'all contributions negative': ({ target }) =>
    `nothing here speaks for this verdict; try ${typeof target === 'string' ? `--target ${target === 'fake' ? 'real' : 'fake'}` : 'another class'} or another --layer`,
  'zero gradient': () => 'the score does not react to this layer here (dead units behind it); try a later --layer',
  'saturated output': ({ saturation }) =>
    `the gradient ends at ${saturation?.op} "${saturation?.name}", which is flat here; try ` +
    (saturation?.isScore ? `--output ${saturation.input}, what goes into it` : 'a later --layer'),
  'layer not connected to the score': () => 'the score is not computed from this layer; try another --layer',
  'constant map': () => 'the layer says the same everywhere; try an earlier --layer',
  'not finite': () => 'the network overflows on this picture; its weights have probably diverged',
};

/** Why the map shows nothing and what to try, as a sentence; undefined where it shows something. */
export function emptyMapNote(explanation: Explanation): string | undefined {
  const { reason } = explanation;
  if (reason === undefined) return undefined;
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}: ${advice[reason](explanation)}.`;
}

/** The verdict in words and numbers, such as `fake  −logit 1.73 · D(x) 0.15`. */
export function verdict({ target, label, score, probability }: Explanation): string {
  const quantity = target === 'fake' ? '−logit' : 'logit';
  const chance = typeof target === 'number' ? 'p' : 'D(x)';
  return `${label}  ${quantity} ${number(score)}${probability === undefined ? '' : ` · ${chance} ${number(probability)}`}`;
}

/** A number with three digits that count and a true minus sign. */
export function number(value: number): string {
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(3)));
  return text.replaceAll('-', '−');
}
