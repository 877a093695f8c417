/** @file Which class users mean: by number, by name, or a word for several. */
import { InputError } from '../../onnx/errors.js';
import type { ValueInfo } from '../../onnx/graph/graph.js';

/** A class by its number, one for each latent drawn from it, or every class. */
export type Label = number | 'random' | 'all';

/** What is known of the classes. */
export interface KnownClasses {
  /** How many there are. */
  classes?: number;
  names?: readonly string[];
}

/** Names such as `023.Eared_Grebe`. */
const NUMBERED = /^0*(\d+)[._ -]+(.+)$/;
const WORDS = ['random', 'all'] as const;
type Word = (typeof WORDS)[number];

/**
 * The class that a number or text stands for: `3`, `cat`, `random`, `all`, or, where these could mean two things, `name:3` and
 * `number:3`. Of names such as `023.Eared_Grebe` the parts are names too.
 * @param input what takes the class, for messages
 * @param words which of these words may be meant
 * @throws InputError for what stands for no class, or for several
 */
export function meantClass(
  given: number | string | undefined,
  input: string,
  known: KnownClasses,
  words: readonly Word[] = WORDS,
): Label {
  const readings = typeof given === 'string' ? readingsOf(given.trim(), known, words) : numberReading(given, known);
  const meant = new Set(readings.map(([label]) => label));
  const [only] = meant;
  if (only !== undefined && meant.size === 1) return only;
  if (meant.size > 1) {
    const expected = `one that means one class, such as name:${given} or number:${given}`;
    throw new InputError({
      name: 'label',
      expected,
      got: `${given}, ${readings.map(([, text]) => text).join(' and ')}`,
    });
  }
  throw new InputError({
    name: 'label',
    expected: `${choices(known, words)} for input ${input}`,
    got: given ?? 'none',
  });
}

function choices({ classes, names }: KnownClasses, words: readonly Word[]): string {
  if (classes === undefined) return 'a class number';
  const named = names ? `, a name such as ${names[0]},` : '';
  const others = words.length > 0 ? ' or random, or all for a grid,' : '';
  return `a class of 0…${classes - 1}${named}${others}`;
}

type Reading = readonly [label: Label, text: string];

function numberReading(number: number | undefined, { classes = Infinity, names }: KnownClasses): Reading[] {
  if (number === undefined || !Number.isInteger(number) || number < 0 || number >= classes) return [];
  return [[number, `the number of class ${number}${names ? `, ${names[number]}` : ''}`]];
}

function readingsOf(text: string, known: KnownClasses, words: readonly Word[]): Reading[] {
  const [, kind, rest = text] = /^(name|number):(.+)$/.exec(text) ?? [];
  const word = words.find((each) => each === text);
  const isNumber = /^\d{1,9}$/.test(rest);
  return [
    ...(word && known.classes !== undefined ? [[word, `the word ${word}`] as const] : []),
    ...(kind === 'number' ? [] : nameReadings(rest, known)),
    ...(kind === 'name' || !isNumber ? [] : numberReading(Number(rest), known)),
  ];
}

/** Classes of this name; where none has all of it, those that have it as a part. */
function nameReadings(word: string, { names = [] }: KnownClasses): Reading[] {
  const wanted = word.toLowerCase();
  const found = (isMeant: (name: string) => boolean) =>
    names.flatMap((name, number): Reading[] =>
      isMeant(name.toLowerCase()) ? [[number, `the name of class ${number}, ${name}`]] : [],
    );
  const whole = found((name) => name === wanted);
  if (whole.length > 0) return whole;
  const plain = wanted.replace(/^0+(?=\d)/, '');
  return found((name) => {
    const [, number, rest] = NUMBERED.exec(name) ?? [];
    return rest === wanted || (number === plain && /^\d+$/.test(wanted));
  });
}

/** A class for people: its name where there is one. */
export const className = (number: number, names: readonly string[] | undefined): string =>
  names?.[number] ?? String(number);

/** An input for messages. */
export const shownInput = ({ name, value }: ValueInfo) =>
  `${name} ${value?.type ?? '?'} [${value?.shape?.join(', ') ?? '?'}]`;
