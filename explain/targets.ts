/** @file The scalar that is explained: which of a network's logits, with which sign, a target means. */
import type { ScoreHead } from '../inference/score-head.js';
import { InputError } from '../onnx/errors.js';

/**
 * What is explained, always before sigmoid or softmax: for networks with one output per picture `real`, +logit, or `fake`,
 * −logit; for classifiers the logit of a class, counted from 0.
 */
export type Target = 'real' | 'fake' | number;

/** @throws InputError for anything but `real`, `fake` and whole numbers */
function parsedTarget(text: string): Target {
  const word = text.trim();
  if (word === 'real' || word === 'fake') return word;
  if (/^\d{1,9}$/.test(word)) return Number(word);
  throw new InputError(`--target: expected real, fake or the number of a class; got "${text}"`);
}

/**
 * Targets as the command line writes them, with commas; undefined for none.
 * @throws InputError for anything but `real`, `fake` and whole numbers
 */
export function parsedTargets(text: string | undefined): Target[] | undefined {
  return text?.split(',').map(parsedTarget);
}

/** How many targets were given must be one, or as many as there are pictures; the default is `fake`, or a picture's top class. */
export function targetsOf(
  head: ScoreHead,
  given: Target | readonly Target[] | undefined,
  pictures: number,
): (Target | undefined)[] {
  const list = given === undefined ? [undefined] : [given].flat();
  if (list.length !== 1 && list.length !== pictures) {
    throw new InputError(`--target: expected one target, or one for each of ${pictures} pictures; got ${list.length}`);
  }
  const targets = list.length === pictures ? list : Array.from({ length: pictures }, () => list[0]);
  return targets.map((target) => checkedTarget(head, target));
}

function checkedTarget({ kind, classes }: ScoreHead, target: Target | undefined): Target | undefined {
  if (kind === 'discriminator') {
    if (target === undefined) return 'fake';
    if (target === 'real' || target === 'fake') return target;
    throw new InputError(`--target: expected real or fake, as the network has one score per picture; got ${target}`);
  }
  if (
    target === undefined ||
    (typeof target === 'number' && Number.isInteger(target) && target >= 0 && target < classes)
  ) {
    return target;
  }
  throw new InputError(`--target: expected a class of 0…${classes - 1}; got ${target}`);
}

/** One row of the explanation graph's `target_weights`: the share of each logit in the score. Zeros stand for the top class. */
export function targetWeights({ classes }: ScoreHead, target: Target | undefined): Float32Array {
  const weights = new Float32Array(classes);
  if (target === 'real') weights[0] = 1;
  else if (target === 'fake') weights[0] = -1;
  else if (target !== undefined) weights[target] = 1;
  return weights;
}

/** The class with the largest logit; the first of several. */
export function topClass(logits: Float32Array): number {
  return logits.reduce((best, logit, index) => (logit > (logits[best] ?? Number.NEGATIVE_INFINITY) ? index : best), 0);
}

/** The network's probability of the target's class, of being real for `real` and `fake`; undefined if it gives none. */
export function targetProbability(head: ScoreHead, logits: Float32Array, target: Target): number | undefined {
  const logit = logits[typeof target === 'number' ? target : 0] ?? Number.NaN;
  if (head.activation === 'sigmoid') return 1 / (1 + Math.exp(-logit));
  if (head.activation === undefined || head.kind === 'discriminator') return undefined;
  return 1 / logits.reduce((sum, other) => sum + Math.exp(other - logit), 0);
}

/** Classes that Finer-CAM compares with, as in pytorch-grad-cam. */
const COMPARED = 3;

/**
 * The share of each logit in Finer-CAM's score s = Σ_d p_d·(z_c − z_d) / Σ_d p_d, over the three classes d with the logits
 * nearest to z_c, p their softmax: ∂s/∂z. As in pytorch-grad-cam, p is not held constant: with w = p / Σp,
 * ∂s/∂z_d = −w_d·(1 + z_d − Σ_e w_e·z_e).
 * @param logits of one picture
 * @returns zeros for a target that is no class, and where there is no other class
 */
export function contrastedWeights(logits: Float32Array, target: Target): Float32Array {
  const weights = new Float32Array(logits.length);
  if (typeof target !== 'number') return weights;
  const own = logits[target] ?? 0;
  const others = Array.from(logits, (logit, index) => ({ logit, index })).filter(({ index }) => index !== target);
  const near = others.toSorted((a, b) => Math.abs(a.logit - own) - Math.abs(b.logit - own)).slice(0, COMPARED);
  if (near.length === 0) return weights;
  const largest = Math.max(...near.map(({ logit }) => logit));
  const exponentials = near.map(({ logit }) => Math.exp(logit - largest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  const mean = near.reduce((sum, { logit }, at) => sum + (logit * (exponentials[at] ?? 0)) / total, 0);
  near.forEach(({ logit, index }, at) => (weights[index] = (-(exponentials[at] ?? 0) / total) * (1 + logit - mean)));
  weights[target] = 1;
  return weights;
}
