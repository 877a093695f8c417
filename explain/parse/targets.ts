/** @file Targets as text. */
import { InputError } from '../../onnx/errors.js';
import type { HeatmapTarget } from '../self-explaining/self-explaining.js';
import { oneOrSeveral, type ClassName, type OneParsed, type ParsedTarget } from '../targets/target-choice.js';
import type { Region } from '../targets/targets.js';

const FORMS =
  'real, fake, a class by number or name, top-K, score, CLASS:CLASS (a difference), CLASS@left,top,right,bottom, ' +
  'CLASS@predicted, CLASS@at:NUMBER (a box or position), CLASS@above:PROBABILITY or CLASS@mask.png; several joined by +; names and files with : @ , + in quotes';

/**
 * Targets as the command line writes them, with commas; undefined for none. Several of one picture are joined by +. A class is
 * a number or a name; a name or file that holds a comma, colon, @ or + stands in single or double quotes.
 * @throws InputError for an empty target or half of one
 */
export function parsedTargets(text: string | undefined): ParsedTarget[] | undefined {
  const parts = text === undefined ? [] : split(text, ',');
  const targets: ParsedTarget[] = [];
  for (let at = 0; at < parts.length; at++) {
    let whole = parts[at] ?? '';
    // The commas of a box, four numbers after @, do not separate targets.
    while (/@\s*-?[\d.]+\s*$/.test(whole) && at + 3 < parts.length) {
      whole = [whole, ...parts.slice(at + 1, at + 4)].join();
      at += 3;
    }
    targets.push(oneOrSeveral(split(whole, '+').map(parsedTarget)));
  }
  return text === undefined ? undefined : targets;
}

/** The parts between signs that do not stand in quotes. An apostrophe inside a word is none. */
function split(text: string, sign: string): string[] {
  const parts = [''];
  let quote: string | undefined;
  let begins = true;
  for (const letter of text) {
    if (quote === undefined && letter === sign) {
      parts.push('');
      begins = true;
      continue;
    }
    if (letter === quote) quote = undefined;
    else if (quote === undefined && begins && (letter === '"' || letter === "'")) quote = letter;
    if (letter !== ' ') begins = quote === undefined && ':,+@'.includes(letter);
    parts[parts.length - 1] += letter;
  }
  return parts;
}

function parsedTarget(text: string): OneParsed {
  const wrong = () => new InputError({ name: 'target', expected: FORMS, got: `"${text}"` });
  const [before = '', ...regions] = split(text, '@');
  if (regions.length > 0) {
    const region = regions.join('@').trim();
    if (before.trim() === '' || region === '') throw wrong();
    return { class: className(before), ...parsedRegion(region) };
  }
  const [first = '', second, ...more] = split(text, ':');
  if (first.trim() === '' || second?.trim() === '' || more.length > 0) throw wrong();
  if (second !== undefined) return { class: className(first), minus: className(second) };
  const [, top] = /^top-(\d{1,6})$/.exec(first.trim()) ?? [];
  return top === undefined ? className(first) : { top: Number(top) };
}

function className(text: string): ClassName {
  const word = text.trim();
  const quoted = unquoted(word);
  if (quoted !== undefined) return quoted;
  return /^\d{1,9}$/.test(word) ? Number(word) : word;
}

/** What stands in quotes; undefined where the text does not. */
const unquoted = (text: string): string | undefined => /^(["'])(.*)\1$/s.exec(text)?.[2];

function parsedRegion(text: string): { region: Region } | { maskFile: string } {
  const quoted = unquoted(text);
  if (quoted !== undefined) return { maskFile: quoted };
  if (text === 'predicted') return { region: text };
  const [, word, value] = /^(at|above):(-?(?:\d+(?:\.\d+)?|\.\d+))$/.exec(text) ?? [];
  if (word === 'at') return { region: { at: Number(value) } };
  if (word === 'above') return { region: { above: Number(value) } };
  const numbers = text.split(',').map(Number);
  if (numbers.length === 4 && numbers.every(Number.isFinite)) return { region: numbers as unknown as Region };
  return { maskFile: text };
}

/** A target as the command line writes it. @throws InputError for anything but `input`, `top` and one target */
export function parsedHeatmapTarget(text: string): HeatmapTarget {
  if (text === 'input' || text === 'top' || text === 'real' || text === 'fake') return text;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InputError({ name: 'target', expected: 'input, top or one target', got: `"${text}"` });
}
