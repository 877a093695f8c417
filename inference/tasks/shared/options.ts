/** @file Options of a job that came as data: known names, each of its kind. What they say is for the command's own parsers. */
import { InputError } from '../../../onnx/errors.js';
import type { Json, JsonObject } from '../canonical.js';

/** What an option must be, in code and in words, and whether it may be missing. */
export type OptionRule = readonly [check: (value: Json) => boolean, expected: string, presence?: 'optional'];
/** A rule for each option of a type. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

const isText = (value: Json) => typeof value === 'string';

export const text: OptionRule = [isText, 'a text'];
export const number: OptionRule = [(value) => typeof value === 'number' && Number.isFinite(value), 'a number'];
export const yesOrNo: OptionRule = [(value) => typeof value === 'boolean', 'true or false'];
export const texts: OptionRule = [(value) => Array.isArray(value) && value.every(isText), 'a list of texts'];
export const oneOf = (choices: readonly string[]): OptionRule => [
  (value) => typeof value === 'string' && choices.includes(value),
  `one of ${choices.join(', ')}`,
];
export const optional = ([check, expected]: OptionRule): OptionRule => [check, expected, 'optional'];

/** Rules of `PreparationTexts`. */
export const preparationRules = {
  mean: optional(text),
  std: optional(text),
  size: optional(text),
  resize: optional(oneOf(['crop', 'squash', 'pad'])),
  channelsLast: optional(yesOrNo),
  channels: optional(number),
  channelOrder: optional(text),
} as const;

/** @throws InputError naming an option that is unknown, missing or of another kind */
export function checkedOptions<Options>(options: JsonObject, rules: OptionRules<Options>): Options {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(rules, name)) throw new InputError({ name: `job.options.${name}`, expected: 'no such option' });
  for (const [name, [check, expected, presence]] of Object.entries<OptionRule>(rules)) {
    const value = options[name];
    if (value === undefined ? presence === 'optional' : check(value)) continue;
    throw new InputError({ name: `job.options.${name}`, expected, got: JSON.stringify(value) ?? 'nothing' });
  }
  return options as Options;
}

/** The options that have a rule, as JSON; those that were not given are missing. */
export function jsonOfOptions<Options extends object>(given: Options, rules: OptionRules<Options>): JsonObject {
  const own = Object.keys(rules).map((name) => [name, given[name as keyof Options]] as const);
  return Object.fromEntries(own.filter(([, value]) => value !== undefined)) as JsonObject;
}
