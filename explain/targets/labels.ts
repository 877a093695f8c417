/** @file Names of classes: from a text, from a model's metadata, and which class a name means. */
import { InputError } from '../../onnx/errors.js';

/** Metadata entries that hold names of classes in models of others: Ultralytics, and what exporters like to write. */
const METADATA_KEYS = ['names', 'labels', 'classes', 'class_names', 'id2label'];
const MAX_LABELS = 1_000_000;
const MAX_LISTED = 8;

/**
 * Names of classes from a text: one per line, a JSON list, or a JSON or Python dictionary from numbers to names (to lists
 * whose last entry is the name, as ImageNet's).
 * @param source what to call the text in errors
 * @throws InputError for a text that is none of these or leaves a number out
 */
export function parsedLabels(text: string, source: string): string[] {
  const trimmed = text.trim();
  const structured = trimmed.startsWith('{') || trimmed.startsWith('[');
  const labels = structured ? labelsOfJson(trimmed, source) : trimmed.split(/\r?\n/).map((line) => line.trim());
  if (labels.length > 0 && labels.length <= MAX_LABELS && labels.every((label) => label !== '')) return labels;
  throw new InputError({
    name: source,
    expected: 'the name of one class per line',
    got: `${labels.length} lines, some empty`,
  });
}

function labelsOfJson(text: string, source: string): string[] {
  const parsed = jsonOf(text) ?? jsonOf(jsonOfPython(text));
  const name = (value: unknown): unknown => (Array.isArray(value) ? value.at(-1) : value);
  const entries = Array.isArray(parsed) ? parsed : numbered(parsed);
  const names = entries?.map(name);
  if (names?.every((label) => typeof label === 'string')) return names as string[];
  throw new InputError({ name: source, expected: 'a list of names, or numbers 0, 1, … with names' });
}

/** Values of the keys 0, 1, 2, …, or undefined if these are not the keys. */
function numbered(parsed: unknown): unknown[] | undefined {
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const found = new Map(Object.entries(parsed));
  const values = Array.from({ length: found.size }, (_, index) => found.get(`${index}`));
  return values.includes(undefined) ? undefined : values;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `{0: 'person', 1: "it's"}` with quoted keys and double quotes. */
function jsonOfPython(text: string): string {
  return withDoubleQuotes(text).replaceAll(/([{,]\s*)(\d+)\s*:/g, '$1"$2":');
}

/** One pass over the text: a regular expression takes quadratic time where a quote is never closed. */
function withDoubleQuotes(text: string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    const quote = text[at] as string;
    if (quote !== '"' && quote !== "'") {
      const next = text.slice(at).search(/["']/);
      const end = next < 0 ? text.length : at + next;
      parts.push(text.slice(at, end));
      at = end;
      continue;
    }
    let end = at + 1;
    while (end < text.length && text[end] !== quote) end += text[end] === '\\' ? 2 : 1;
    const inner = text.slice(at + 1, end);
    parts.push(quote === '"' ? `"${inner}"` : JSON.stringify(inner.replaceAll("\\'", "'")));
    at = end + 1;
  }
  return parts.join('');
}

/** The names of a model's classes, if its metadata say so for exactly this number of them. */
export function labelsOfMetadata(metadata: ReadonlyMap<string, string>, classes: number): string[] | undefined {
  for (const key of METADATA_KEYS) {
    const text = metadata.get(key);
    if (text === undefined) continue;
    try {
      const isList = /^\s*[[{]/.test(text) || text.includes('\n');
      const labels = parsedLabels(isList ? text : text.replaceAll(',', '\n'), key);
      if (labels.length === classes) return labels;
    } catch (error) {
      // An entry of this name that is no list of labels is none of ours.
      if (!(error instanceof InputError)) throw error;
    }
  }
  return undefined;
}

/**
 * The class that a name means: its whole label, or one of the words for it that commas separate, whatever the case.
 * @throws InputError if no class, or several, are called so
 */
export function classOfLabel(labels: readonly string[], name: string): number {
  const wanted = name.toLowerCase();
  const indices = (matches: (label: string) => boolean) =>
    labels.flatMap((label, index) => (matches(label.toLowerCase()) ? [index] : []));
  const whole = indices((label) => label === wanted);
  const found = whole.length > 0 ? whole : indices((label) => label.split(',').some((part) => part.trim() === wanted));
  if (found.length === 1) return found[0] as number;
  if (found.length > 1)
    throw new InputError({
      name: 'target',
      expected: `a name of one class; "${name}" are classes ${found.join(', ')}`,
    });
  const similar = indices((label) => label.includes(wanted)).slice(0, MAX_LISTED);
  const hint = similar.length > 0 ? `; similar: ${similar.map((index) => `${index} ${labels[index]}`).join('; ')}` : '';
  throw new InputError({ name: 'target', expected: 'the name of a class', got: `"${name}"${hint}` });
}
