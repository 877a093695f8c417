/** @file Explanations in words: the target with its score, and why a map is empty. */
import { formattedNumber } from '../../inference/figures/numbers.js';
import type { Explanation } from '../maps/explanation.js';
import type { NonFinite } from '../causes/non-finite.js';
import type { MapReason } from '../maps/shown/normalize.js';

/** What to try when a map shows nothing. */
const advice: Record<MapReason, (explanation: Explanation) => string> = {
  'all contributions negative': ({ target }) =>
    `nothing here is evidence for this target; try ${typeof target === 'string' ? `target ${target === 'fake' ? 'real' : 'fake'}` : 'another class'} or another layer`,
  'zero gradient': () =>
    'the score does not react to this layer here (later units are dead, gradients cancel out before a normalization, or only ' +
    'a class token is read after it); try layer auto, or another one from the list of layers',
  'saturated output': ({ saturation }) =>
    `the gradient ends at ${saturation?.op} "${saturation?.name}", which is flat here; try ` +
    (saturation?.isScore ? `output ${saturation.input}, which goes into it` : 'a later layer'),
  'layer not connected to the score': () => 'the score is not computed from this layer; try another layer',
  'constant map': () => 'the layer has the same values everywhere; try an earlier layer',
  'not finite': ({ nonFinite }) => (nonFinite ? nonFiniteAdvice(nonFinite) : 'the map overflows; try another method'),
};

function nonFiniteAdvice({ op, name, isDerivative, nearest }: NonFinite): string {
  if (!isDerivative) {
    return (
      `${op} "${name}" gives numbers that are infinite or undefined on this picture, from inputs that are finite ` +
      '(the weights have diverged, or it divides by 0); no layer can be explained for this picture'
    );
  }
  return (
    `the derivative of ${op} "${name}" is infinite or undefined on this picture (as of a root, logarithm or quotient at 0, ` +
    `such as a standard deviation without ε); try ${nearest ? `layer ${nearest}, which comes after it` : 'a later layer'}`
  );
}

/** Why the map shows nothing and what to try, in one sentence; undefined for a map that shows something. */
export function emptyMapNote(explanation: Explanation): string | undefined {
  const { reason, conservation } = explanation;
  if (reason === undefined) return undefined;
  if (conservation && reason === 'zero gradient')
    return 'No relevance reaches the picture: units on the way have no parts of the sign that the rule shares; try lrp-gamma or lrp-epsilon.';
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}: ${advice[reason](explanation)}.`;
}

/** The target with its score and probability, such as `fake  −logit 1.73 · D(x) 0.15` or `class 3  logit 7.46 · softmax 0.62`. */
export function verdict({ target, label, score, quantity: computed, probability, softmax }: Explanation): string {
  const isPlain = computed === undefined && target === 'score' && probability === undefined;
  const quantity = isPlain ? '' : `${target === 'fake' ? '−' : ''}${computed ?? 'logit'}`;
  const chance = softmax !== undefined ? 'softmax' : target === 'real' || target === 'fake' ? 'D(x)' : 'p';
  const shown = softmax ?? probability;
  return `${label}  ${quantity}${quantity && ' '}${formattedNumber(score)}${shown === undefined ? '' : ` · ${chance} ${formattedNumber(shown)}`}`;
}

/** The mean standard error of a map from random draws, as a share of its largest magnitude; undefined for others. */
export function relativeError({ signed, standardError }: Explanation): number | undefined {
  if (!standardError) return undefined;
  const largest = signed.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const mean = standardError.reduce((sum, value) => sum + value, 0) / standardError.length;
  return mean === 0 ? 0 : mean / largest;
}

/** How sure a map from random draws is; undefined for others. */
export function errorNote(explanation: Explanation): string | undefined {
  const error = relativeError(explanation);
  if (error === undefined || explanation.reason !== undefined) return undefined;
  return `Standard error ${formattedNumber(100 * error)} % of the largest value (mean over the map)`;
}

/** How far the relevances of a map and what biases took add up to the score; undefined for others. */
export function conservationNote({ conservation }: Explanation): string | undefined {
  if (!conservation) return undefined;
  const { sum, biases, score } = conservation;
  const gap = formattedNumber(sum + biases - score);
  return `Relevances add up to ${formattedNumber(sum)}, biases took ${formattedNumber(biases)}; the score is ${formattedNumber(score)} (conservation gap ${gap})`;
}

/** How far a map that should add up to a difference of scores does so; undefined for others. */
export function completenessNote({ completeness }: Explanation): string | undefined {
  if (!completeness) return undefined;
  const { sum, difference } = completeness;
  const gap = formattedNumber(sum - difference);
  return `Adds up to ${formattedNumber(sum)}; the scores of picture and baseline differ by ${formattedNumber(difference)} (completeness gap ${gap})`;
}
