/** @file Targets as the command line writes them. */
import { InputError } from 'ganscope/errors';
import type { ClassName, HeatmapTarget, ParsedTarget, Region } from 'ganscope/explain';

const FORMS =
  'real, fake, a class by number or name, top-K, CLASS:CLASS (a difference), CLASS@left,top,right,bottom, ' +
  'CLASS@predicted or CLASS@mask.png';

/**
 * Targets as the command line writes them, with commas; undefined for none. A class is a number or a name.
 * @throws InputError for an empty target or half of one
 */
export function parsedTargets(text: string | undefined): ParsedTarget[] | undefined {
  const parts = text?.split(',') ?? [];
  const targets: ParsedTarget[] = [];
  for (let at = 0; at < parts.length; at++) {
    // The commas of a box, four numbers after @, do not separate targets.
    const box = parts.slice(at, at + 4);
    const isBox = /@\s*-?[\d.]+\s*$/.test(box[0] ?? '') && box.length === 4;
    targets.push(parsedTarget(isBox ? box.join() : (parts[at] ?? '')));
    if (isBox) at += 3;
  }
  return text === undefined ? undefined : targets;
}

function parsedTarget(text: string): ParsedTarget {
  const wrong = () => new InputError({ name: 'target', expected: FORMS, got: `"${text}"` });
  const [, before, region] = /^([^@]*)@(.*)$/.exec(text) ?? [];
  if (before !== undefined && region !== undefined) {
    if (before.trim() === '' || region.trim() === '') throw wrong();
    return { class: className(before), ...parsedRegion(region.trim()) };
  }
  const [first = '', second, ...more] = text.split(':');
  if (first.trim() === '' || second?.trim() === '' || more.length > 0) throw wrong();
  if (second !== undefined) return { class: className(first), minus: className(second) };
  const [, top] = /^top-(\d{1,6})$/.exec(first.trim()) ?? [];
  return top === undefined ? className(first) : { top: Number(top) };
}

function className(text: string): ClassName {
  const word = text.trim();
  return /^\d{1,9}$/.test(word) ? Number(word) : word;
}

function parsedRegion(text: string): { region: Region } | { maskFile: string } {
  if (text === 'predicted') return { region: text };
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
