/** @file A data set's pictures of some classes only. */
import { closest } from 'fastest-levenshtein';
import { InputError } from '../../../onnx/errors.js';
import { itemAt, type Dataset, type Labels } from './dataset.js';

const NUMBERED = /^0*(\d+)[._ -]+(.+)$/;

/**
 * The pictures of the wanted classes. A class is meant by its name, by its name without the number before it, or by that
 * number: `023.Eared_Grebe`, `Eared_Grebe` and `23` are the same; in any case of letters, unless one is spelt like that. Classes
 * keep their order and are counted anew.
 * @throws InputError if the set has no classes, none of a wanted name, or several
 */
export function withClasses(dataset: Dataset, wanted: readonly string[]): Dataset {
  const { labels } = dataset;
  if (labels === undefined) {
    throw new InputError({ name: 'classes', expected: 'data with classes', got: dataset.name });
  }
  const chosen = new Set(wanted.map((word) => classNumber(labels.classes, word)));
  const numbers = [...chosen].sort((a, b) => a - b);
  const pictures: number[] = [];
  labels.indices.forEach((label, index) => chosen.has(label) && pictures.push(index));
  if (pictures.length === 0) {
    throw new InputError({
      name: 'classes',
      expected: `classes with pictures; ${wanted.join(', ')} of ${dataset.name} have none`,
    });
  }
  const indices = Uint16Array.from(pictures, (index) => labels.indices[index] as number);
  return {
    name: `${pictures.length} of ${dataset.name} (${numbers.length} of ${labels.classes.length} classes)`,
    length: pictures.length,
    labels: renumbered({ classes: labels.classes, indices }, numbers),
    labelsFrom: dataset.labelsFrom,
    layout: dataset.layout,
    splits: dataset.splits,
    skipped: dataset.skipped,
    picture: async (index) => dataset.picture(itemAt(pictures, index)),
  };
}

/** The data set without classes that have no picture. Those that are left keep their order and are counted anew. */
export function withoutEmptyClasses(dataset: Dataset): Dataset {
  const { labels } = dataset;
  const numbers = [...new Set(labels?.indices)].sort((a, b) => a - b);
  if (labels === undefined || numbers.length === labels.classes.length) return dataset;
  return { ...dataset, labels: renumbered(labels, numbers), emptyClasses: labels.classes.length - numbers.length };
}

/** The labels counted anew. @param numbers of the classes that are left, all that there are labels of */
function renumbered({ classes, indices }: Labels, numbers: readonly number[]): Labels {
  const newNumber = new Map(numbers.map((number, at) => [number, at]));
  return {
    classes: numbers.map((number) => classes[number] ?? ''),
    indices: indices.map((number) => newNumber.get(number) as number),
  };
}

function classNumber(classes: readonly string[], word: string): number {
  const numbered = classes.map((name) => NUMBERED.exec(name));
  const short = numbered.map((part) => part?.[2]);
  const lower = (name: string | undefined) => name?.toLowerCase();
  const number = /^\d+$/.test(word) ? word.replace(/^0+(?=\d)/, '') : undefined;
  /** From the strictest reading to the loosest. */
  const readings: ((index: number) => boolean)[] = [
    (index) => classes[index] === word,
    (index) => lower(classes[index]) === lower(word),
    (index) => short[index] === word,
    (index) => lower(short[index]) === lower(word),
    (index) => number !== undefined && numbered[index]?.[1] === number,
  ];
  const indices = [...classes.keys()];
  const found = readings.map((reading) => indices.filter(reading)).find((each) => each.length > 0) ?? [];
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const names = classes.map((name) => name.toLowerCase());
  const like = classes[names.indexOf(closest(word.toLowerCase(), names))];
  const areNumbered = classes.some((name) => /^\d/.test(name));
  const expected =
    only === undefined
      ? `${areNumbered ? 'names or numbers' : 'names'} of the ${classes.length} classes, such as ${like}`
      : `the name of one class; it may be ${found.map((index) => classes[index]).join(' or ')}`;
  throw new InputError({ name: 'classes', expected, got: `"${word}"` });
}
