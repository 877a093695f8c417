/** @file Names of classes: from a text, or from a model's metadata. */
import { InputError } from '../../onnx/errors.js';
import { pythonLiteral } from './python-literal.js';

/** Metadata entries that hold names of classes in models of others: Ultralytics, and what exporters like to write. */
const METADATA_KEYS = ['names', 'labels', 'classes', 'class_names', 'id2label', 'class_to_idx', 'label2id'];
/** Entries of configuration files that hold the names: of transformers, and of YOLO's data sets. */
const CONFIG_KEYS = [
  'id2label',
  'names',
  'label2id',
  'class_to_idx',
  'class_indices',
  'labels',
  'label_names',
  'classes',
  'class_names',
];
const MAX_LABELS = 1_000_000;

/**
 * Names of classes from a text: one per line, with or without its number before it; a JSON list; a JSON or Python dictionary
 * from numbers to names (to lists whose last entry is the name, as ImageNet's) or from names to numbers, as Keras'
 * class_indices; or a configuration that holds one of these as `id2label`, `label2id` or `names`.
 * @param source what to call the text in errors
 * @throws InputError for a text that is none of these or leaves a number out
 */
export function parsedLabels(text: string, source: string): string[] {
  const trimmed = text.trim();
  const structured = trimmed.startsWith('{') || trimmed.startsWith('[');
  if (structured) return labelsOfValue(jsonOf(trimmed) ?? pythonLiteral(trimmed), source);
  return checkedNames(withoutNumbers(trimmed.split(/\r?\n/).map((line) => line.trim())), source);
}

/** The same of a value that was read from JSON or YAML. @throws InputError as `parsedLabels` */
export function labelsOfValue(value: unknown, source: string): string[] {
  const names = namesOf(value);
  if (names) return checkedNames(names, source);
  throw new InputError({ name: source, expected: 'a list of names, or numbers 0, 1, … with names' });
}

function checkedNames(labels: string[], source: string): string[] {
  if (labels.length > 0 && labels.length <= MAX_LABELS && labels.every((label) => label !== '')) return labels;
  throw new InputError({
    name: source,
    expected: 'the name of one class per line',
    got: `${labels.length} lines, some empty`,
  });
}

function namesOf(value: unknown): string[] | undefined {
  if (Array.isArray(value)) return texts(value);
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = new Map<string, unknown>(Object.entries(value));
  const direct = texts(numbered(entries)) ?? texts(inverted(entries));
  if (direct) return direct;
  for (const key of CONFIG_KEYS) {
    const inner = entries.get(key);
    const found = typeof inner === 'object' ? namesOf(inner) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** Names, each text or a list whose last entry is text. */
function texts(values: readonly unknown[] | undefined): string[] | undefined {
  const names = values?.map((value) => (Array.isArray(value) ? (value.at(-1) as unknown) : value));
  return names && names.length > 0 && names.every((name) => typeof name === 'string') ? (names as string[]) : undefined;
}

/** Values of the keys 0, 1, 2, …, or undefined if these are not the keys. */
function numbered(entries: ReadonlyMap<string, unknown>): unknown[] | undefined {
  const values = Array.from({ length: entries.size }, (_, index) => entries.get(`${index}`));
  return values.includes(undefined) ? undefined : values;
}

/** Keys of the values 0, 1, 2, …. */
function inverted(entries: ReadonlyMap<string, unknown>): unknown[] | undefined {
  const places = new Map([...entries].map(([key, value]) => [Number(value), key]));
  return [...entries.values()].every((value) => typeof value === 'number' || typeof value === 'string')
    ? numbered(new Map([...places].map(([index, key]) => [`${index}`, key])))?.slice(0, entries.size)
    : undefined;
}

/** Lines `0 name`, `0,name` or `0: name` without their numbers, in the order of these, if all lines have one. */
function withoutNumbers(lines: string[]): string[] {
  const [header = '', ...body] = lines;
  const named = lines.length > 1 && /^(id|index|class|number)\b.*[,;\t]/i.test(header) ? body : lines;
  const numberedLines = named.map((line) => /^"?(\d{1,7})"?[\s,;:]+(.+)$/.exec(line));
  if (numberedLines.includes(null)) return lines;
  const byNumber = new Map(numberedLines.map((found) => [found?.[1], found?.[2]?.replace(/^"(.*)"$/, '$1') ?? '']));
  const places = Array.from({ length: named.length }, (_, index) => byNumber.get(`${index}`));
  return places.includes(undefined) ? lines : (places as string[]);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The names of a model's classes, if its metadata say so, for exactly `classes` of them where that is given. */
export function labelsOfMetadata(metadata: ReadonlyMap<string, string>, classes?: number): string[] | undefined {
  for (const key of METADATA_KEYS) {
    const text = metadata.get(key);
    if (text === undefined) continue;
    try {
      const isList = /^\s*[[{]/.test(text) || text.includes('\n');
      const labels = parsedLabels(isList ? text : text.replaceAll(',', '\n'), key);
      const isCount = labels.length === 1 && /^\d+$/.test(labels[0] ?? '');
      if (classes === undefined ? !isCount : labels.length === classes) return labels;
    } catch (error) {
      // An entry of this name that is no list of labels is none of ours.
      if (!(error instanceof InputError)) throw error;
    }
  }
  return undefined;
}
