/** @file A data set's pictures of some classes only. */
import { closest } from 'fastest-levenshtein';
import { InputError } from '../../../onnx/errors.js';
import { itemAt, type Dataset } from './dataset.js';

const NUMBERED = /^0*(\d+)[._ -]+(.+)$/;

/**
 * The pictures of the wanted classes. A class is meant by its name, by its name without the number before it, or by that
 * number: `023.Eared_Grebe`, `Eared_Grebe` and `23` are the same. Classes keep their order and are counted anew.
 * @throws InputError if the set has no classes, or none of a wanted name
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
  return {
    name: `${pictures.length} of ${dataset.name} (${numbers.length} of ${labels.classes.length} classes)`,
    length: pictures.length,
    labels: {
      classes: numbers.map((number) => labels.classes[number] ?? ''),
      indices: Uint16Array.from(pictures, (index) => numbers.indexOf(labels.indices[index] ?? 0)),
    },
    labelsFrom: dataset.labelsFrom,
    splits: dataset.splits,
    skipped: dataset.skipped,
    picture: async (index) => dataset.picture(itemAt(pictures, index)),
  };
}

function classNumber(classes: readonly string[], word: string): number {
  const wanted = word.toLowerCase();
  const names = classes.map((name) => name.toLowerCase());
  const parts = names.map((name) => NUMBERED.exec(name));
  const found = [
    names.indexOf(wanted),
    parts.findIndex((part) => part?.[2] === wanted),
    parts.findIndex((part) => /^\d+$/.test(wanted) && part?.[1] === wanted.replace(/^0+(?=\d)/, '')),
  ].find((index) => index >= 0);
  if (found !== undefined) return found;
  const like = classes[names.indexOf(closest(wanted, names))];
  throw new InputError({
    name: 'classes',
    expected: `names or numbers of the ${classes.length} classes, such as ${like}`,
    got: `"${word}"`,
  });
}
