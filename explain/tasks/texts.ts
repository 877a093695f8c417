/** @file What to explain as text and plain values, as a command line has it: the options of a job that travels as data. */
import { figureFormats, type FigureFormat } from '../../inference/figures/formats.js';
import { parsedPreparation, parsedSize, type PreparationTexts } from '../../inference/networks/preprocessing.js';
import type { Preparation } from '../../inference/networks/network-input.js';
import { InputError } from '../../onnx/errors.js';
import type { Json, JsonObject } from '../../inference/tasks/canonical.js';
import { overlayModes, paletteNames, type PaletteName } from '../figures/names.js';
import { requireFigureOptions, type FigureFileOptions } from '../figures/figure-options.js';
import { requireStyle, type MapStyle } from '../figures/overlay.js';
import type { ExplainOptions } from '../maps/explain.js';
import { parsedInputs, type ParsedInput } from '../parse/inputs.js';
import { parsedMethods } from '../parse/methods.js';
import { parsedTargets } from '../parse/targets.js';
import type { ParsedTarget } from '../targets/target-choice.js';

/** The options of a bulk job that decide its results. */
export interface ExplainTexts extends PreparationTexts {
  layer?: string | undefined;
  tokens?: string | undefined;
  method: string;
  target?: string | undefined;
  output?: string | undefined;
  /** `NAME=FILE` or `NAME=NUMBERS`. */
  input?: readonly string[] | undefined;
  explainInput?: string | undefined;
  augment: boolean;
  eigen: boolean;
  palette: PaletteName;
  overlay: (typeof overlayModes)[number];
  alpha: number;
  format: FigureFormat;
  dpi?: number | undefined;
  width?: number | undefined;
  sameScale: boolean;
  seed: number;
  samples: number;
  noise: number;
  steps: number;
  randomWeights?: number | undefined;
  /** Pictures per task. */
  taskSize: number;
}

type Check = (value: Json) => boolean;
const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const yes: Check = (value) => typeof value === 'boolean';
const texts: Check = (value) => Array.isArray(value) && value.every(text);
const oneOf =
  (choices: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && choices.includes(value);

/** What each option must be, and whether it may be missing. */
const fields: { readonly [Name in keyof Required<ExplainTexts>]: readonly [Check, string, 'optional'?] } = {
  layer: [text, 'a text', 'optional'],
  tokens: [text, 'a text', 'optional'],
  method: [text, 'a text'],
  target: [text, 'a text', 'optional'],
  output: [text, 'a text', 'optional'],
  input: [texts, 'a list of texts', 'optional'],
  explainInput: [text, 'a text', 'optional'],
  augment: [yes, 'true or false'],
  eigen: [yes, 'true or false'],
  palette: [oneOf(paletteNames), `one of ${paletteNames.join(', ')}`],
  overlay: [oneOf(overlayModes), `one of ${overlayModes.join(', ')}`],
  alpha: [number, 'a number'],
  format: [oneOf(figureFormats), `one of ${figureFormats.join(', ')}`],
  dpi: [number, 'a number', 'optional'],
  width: [number, 'a number', 'optional'],
  sameScale: [yes, 'true or false'],
  seed: [number, 'a number'],
  samples: [number, 'a number'],
  noise: [number, 'a number'],
  steps: [number, 'a number'],
  randomWeights: [number, 'a number', 'optional'],
  taskSize: [number, 'a number'],
  mean: [text, 'a text', 'optional'],
  std: [text, 'a text', 'optional'],
  size: [text, 'a text', 'optional'],
  resize: [oneOf(['crop', 'squash', 'pad']), 'crop, squash or pad', 'optional'],
  channelsLast: [yes, 'true or false', 'optional'],
  channels: [number, 'a number', 'optional'],
  channelOrder: [text, 'a text', 'optional'],
};

/** Options that came from elsewhere. @throws InputError naming an option that is unknown, missing or of another kind */
export function checkedTexts(options: JsonObject): ExplainTexts {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(fields, name)) throw new InputError({ name: `job.options.${name}`, expected: 'no such option' });
  for (const [name, [check, expected, optional]] of Object.entries(fields)) {
    const value = options[name];
    if (value === undefined ? optional : check(value)) continue;
    throw new InputError({ name: `job.options.${name}`, expected, got: JSON.stringify(value) ?? 'nothing' });
  }
  return options as unknown as ExplainTexts;
}

/** The options as JSON; those that were not given are missing. */
export function jsonOfTexts(given: ExplainTexts): JsonObject {
  const own = Object.keys(fields).map((name) => [name, given[name as keyof ExplainTexts]] as const);
  return Object.fromEntries(own.filter(([, value]) => value !== undefined)) as JsonObject;
}

/** The options as the library takes them. Files that they name are not read yet. */
export interface ParsedExplain {
  explaining: Omit<ExplainOptions, 'targets'>;
  targets: ParsedTarget[] | undefined;
  inputs: Record<string, ParsedInput>;
  preparation: Preparation;
  style: MapStyle;
  figures: FigureFileOptions;
  taskSize: number;
}

/** Largest number of pictures in a task. */
const MAX_TASK = 100_000;

/** @throws InputError naming the option whose text does not fit */
export function parsedExplain(given: ExplainTexts): ParsedExplain {
  const { layer, eigen, augment, seed, samples, noise, steps, palette, overlay, alpha, taskSize } = given;
  const { format, dpi, width, sameScale } = given;
  if (!Number.isInteger(taskSize) || taskSize < 1 || taskSize > MAX_TASK) {
    throw new InputError({ name: 'taskSize', expected: `a whole number of 1…${MAX_TASK}`, got: taskSize });
  }
  const style = { palette, overlay, alpha };
  const figures = { format, sameScale, ...(dpi !== undefined && { dpi }), ...(width !== undefined && { width }) };
  requireStyle(style);
  requireFigureOptions(figures);
  return {
    explaining: {
      ...(layer !== undefined && { layers: layer }),
      ...(given.tokens !== undefined && { tokens: parsedSize(given.tokens, 'tokens') }),
      methods: parsedMethods(given.method),
      eigen,
      augment,
      runs: { seed, samples, noise, steps },
    },
    targets: parsedTargets(given.target),
    inputs: parsedInputs(given.input ?? []),
    preparation: parsedPreparation(given),
    style,
    figures,
    taskSize,
  };
}
