/** @file Target choices of users, resolved to targets of a network for a picture. */
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { InputError } from '../../onnx/errors.js';
import { bestBox, topBoxes } from './boxes.js';
import { classOfLabel } from './labels.js';
import { mostCommonClass } from './predicted-classes.js';
import { isBox, isPicture, topClasses, type Region, type Target } from './targets.js';

/** A class by its number or, where labels are known, its name. */
export type ClassName = number | string;

/**
 * `real`, `fake`, a class by number or name; the `top` classes, one map for each; a difference of two classes; a class in
 * a region of a dense output; or several of these, one map for each.
 */
export type TargetChoice = OneChoice | { several: readonly OneChoice[] };

/** A choice that is not a list. */
export type OneChoice =
  | ClassName
  | { top: number }
  | { class: ClassName; minus: ClassName }
  | { class: ClassName; region: Region };

/** A choice as written on the command line, where a mask may be a file. */
export type ParsedTarget = OneParsed | { several: readonly OneParsed[] };

/** A written choice that is not a list. */
export type OneParsed = OneChoice | { class: ClassName; maskFile: string };

/** The choices of a list, or the only one. */
export const eachOf = (target: ParsedTarget): readonly OneParsed[] =>
  typeof target === 'object' && 'several' in target ? target.several : [target];

/**
 * @param path what the picture is called
 * @throws InputError for a mask that was made for pictures of another size, from which the network sees another part
 */
export function expectMaskFits(
  choice: TargetChoice | undefined,
  { width, height }: { width: number; height: number },
  path: string,
): void {
  for (const one of choice === undefined ? [] : eachOf(choice)) {
    if (typeof one !== 'object' || !('region' in one)) continue;
    const { region } = one;
    if (typeof region === 'string' || isBox(region) || !('mask' in region) || !region.of) continue;
    if (region.of.width === width && region.of.height === height) continue;
    throw new InputError({
      name: 'target',
      expected: `a mask of the size of ${path}, ${width}×${height}`,
      got: `${region.of.width}×${region.of.height}`,
    });
  }
}

/** How many targets a choice gives at least, whatever the picture. */
export function leastTargets(choice: TargetChoice | undefined, { classes, part }: ScoreHead): number {
  // Of detectors the class of nothing may be left out.
  if (typeof choice === 'object' && 'top' in choice)
    return Math.max(1, Math.min(choice.top, (part?.length ?? classes) - 1));
  return choice === undefined ? 1 : new Set(eachOf(choice).map((each) => JSON.stringify(each))).size;
}

/** One choice as it is, others as a list. */
export function oneOrSeveral<T extends OneParsed>(choices: readonly T[]): T | { several: readonly T[] } {
  return choices.length === 1 ? (choices[0] as T) : { several: choices };
}

/** One choice per picture (`choiceOfPicture`). @throws InputError naming both counts */
export function choicePerPicture(
  given: TargetChoice | readonly TargetChoice[] | undefined,
  pictures: number,
): (TargetChoice | undefined)[] {
  const list = given === undefined ? undefined : ([given].flat() as TargetChoice[]);
  return Array.from({ length: pictures }, (_, index) => choiceOfPicture(list, index, pictures));
}

/**
 * The choice for picture number `index`. The number of given choices must be one or the number of pictures; several of one
 * picture are all explained.
 * @throws InputError naming both counts
 */
export function choiceOfPicture(
  given: readonly TargetChoice[] | undefined,
  index: number,
  pictures: number,
): TargetChoice | undefined {
  if (given === undefined || given.length === 1) return given?.[0];
  if (given.length === pictures) return given[index];
  if (pictures === 1 && given.length > 1)
    return { several: given.flatMap((choice) => eachOf(choice) as readonly OneChoice[]) };
  throw new InputError({
    name: 'target',
    expected: `one target, or one for each of ${pictures} pictures (several of a picture are joined by +)`,
    got: given.length,
  });
}

/**
 * The targets of a choice for a picture. Defaults: `fake` for discriminators, the score itself for other networks with one
 * score, the top class for classifiers, the score itself for one value per position, the most common class that is not background for dense outputs, the best box for detectors.
 * @param logits of the picture
 * @param labels names of the network's classes, if known
 * @throws InputError for a choice that the network does not have
 */
export function resolvedTargets(
  head: ScoreHead,
  choice: TargetChoice | undefined,
  logits: Float32Array,
  labels?: readonly string[],
): Target[] {
  if (choice === undefined) return defaultTargets(head, logits, labels);
  if (typeof choice === 'object' && 'several' in choice)
    return choice.several.flatMap((one) => resolvedTargets(head, one, logits, labels));
  const number = (name: ClassName) => checkedClass(head, name, labels);
  if (typeof choice === 'number' || typeof choice === 'string') {
    const target = checkedTarget(head, choice, labels);
    return [isBoxes(head) && typeof target === 'number' ? atBestBox(head, logits, target) : target];
  }
  if (head.classes === 1 && !head.grid) throw notForOneScore(head, choiceText(choice), labels);
  if ('top' in choice) {
    if (Number.isInteger(choice.top) && choice.top >= 1 && choice.top <= head.classes)
      return (isBoxes(head) ? topBoxes : topClasses)(head, logits, choice.top);
    throw new InputError({ name: 'target', expected: `top-1…top-${head.classes}`, got: `top-${choice.top}` });
  }
  if ('minus' in choice) {
    const [own, minus] = [number(choice.class), number(choice.minus)];
    if (own !== minus) return [{ class: own, minus }];
    throw new InputError({ name: 'target', expected: 'two different classes', got: choiceText(choice) });
  }
  const { region } = choice;
  expectThreshold(head, choice);
  if (isBoxes(head) && (typeof region === 'string' || Array.isArray(region))) {
    throw new InputError({
      name: 'target',
      expected: 'a class, CLASS@at:BOX or CLASS@above:PROBABILITY of a detector',
      got: choiceText(choice),
    });
  }
  if (head.grid) return [{ class: number(choice.class), region }];
  throw new InputError({
    name: 'target',
    expected: 'a class, as the output has one score per class and no positions',
    got: 'a region',
  });
}

/** @throws InputError for a threshold where the network has no probabilities: it may mean one of two numbers */
function expectThreshold({ activation, quantity }: ScoreHead, choice: { class: ClassName; region: Region }): void {
  const { region } = choice;
  if (typeof region === 'string' || isBox(region) || !('above' in region)) return;
  if (activation !== undefined || quantity === 'probability') return;
  throw new InputError({
    name: 'target',
    expected: `another region, as the network ends with scores: ${region.above} may be a score, or a probability after softmax or sigmoid`,
    got: choiceText(choice),
  });
}

function defaultTargets(head: ScoreHead, logits: Float32Array, labels?: readonly string[]): Target[] {
  if (head.verdict || head.kind === 'discriminator') return ['fake'];
  if (head.kind === 'single') return [head.binary && labels?.length === 2 ? 1 : 'score'];
  if (isPicture(head) && !labels) {
    const expected = `a channel 0…${head.classes - 1}, or CHANNEL@LEFT,TOP,RIGHT,BOTTOM, as the output is a picture (${head.picture}), which has no classes`;
    throw new InputError({ name: 'target', expected, got: 'none' });
  }
  if (isOneValue(head) && !labels) return ['score'];
  if (head.kind === 'dense') return [mostCommonClass(head, logits, labels)];
  return (isBoxes(head) ? topBoxes : topClasses)(head, logits, 1);
}

/** A depth and the like at each position. */
const isOneValue = ({ kind, classes, activation }: ScoreHead) =>
  kind === 'dense' && classes === 1 && activation === undefined;

const isBoxes = ({ kind }: ScoreHead) => kind === 'boxes';

function atBestBox(head: ScoreHead, logits: Float32Array, index: number): Target {
  return { class: index, region: { at: bestBox(head, logits, index) } };
}

/**
 * `real`, `fake`, `score` or a class of the network.
 * @throws InputError if the network has no such score
 */
export function checkedTarget(head: ScoreHead, name: ClassName, labels?: readonly string[]): Target {
  const known = labels?.some((label) => label === name) ?? false;
  const isVerdict = name === 'real' || name === 'fake' || name === 'score';
  if (isVerdict && head.classes === 1 && !known) return name;
  if (head.kind === 'discriminator') throw notForOneScore(head, `${name}`, labels);
  return checkedClass(head, name, labels);
}

function checkedClass(head: ScoreHead, name: ClassName, labels?: readonly string[]): number {
  const classes = head.binary ? 2 : head.classes;
  const index = typeof name === 'number' || labels === undefined ? name : classOfLabel(labels, name);
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < classes) return index;
  if (head.classes === 1 && !head.grid) throw notForOneScore(head, `${name}`, labels);
  const hint = typeof name === 'string' ? ' (names need `labels`)' : '';
  throw new InputError({ name: 'target', expected: `a class of 0…${classes - 1}`, got: `${name}${hint}` });
}

/** A choice in the syntax of the command line. */
function choiceText(choice: Exclude<OneChoice, ClassName>): string {
  if ('top' in choice) return `top-${choice.top}`;
  if ('minus' in choice) return `${choice.class}:${choice.minus}`;
  const { region } = choice;
  if (typeof region === 'string' || isBox(region)) return `${choice.class}@${region}`;
  if ('at' in region) return `${choice.class}@at:${region.at}`;
  return `${choice.class}@${'above' in region ? `above:${region.above}` : (region.name ?? 'mask')}`;
}

function notForOneScore({ kind, binary }: ScoreHead, given: string, labels?: readonly string[]): InputError {
  const names = labels?.length === 2 ? `, ${labels.join(' or ')}` : '';
  const own = kind === 'discriminator' ? '' : binary ? `score, 0 or 1${names}, ` : 'score, 0, ';
  return new InputError({
    name: 'target',
    expected: `${own}real or fake, as the network has one score per picture`,
    got: given,
  });
}
