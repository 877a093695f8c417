/** @file What to explain as text and plain values, as a command line has it: the options of a job that travels as data. */
import { figureFormats, type FigureFormat } from '../../inference/figures/formats.js';
import { parsedPreparation, parsedSize, type PreparationTexts } from '../../inference/networks/preprocessing.js';
import type { Preparation } from '../../inference/networks/network-input.js';
import { InputError } from '../../onnx/errors.js';
import {
  number,
  oneOf,
  optional,
  preparationRules,
  text,
  texts,
  yesOrNo,
  type OptionRules,
} from '../../inference/tasks/shared/options.js';
import { overlayModes, paletteNames, type PaletteName } from '../figures/names.js';
import { requireFigureOptions, type FigureFileOptions } from '../figures/figure-options.js';
import { requireStyle, type MapStyle } from '../figures/overlay.js';
import type { ExplainOptions } from '../maps/explain.js';
import { parsedInputs, type ParsedInput } from '../../inference/parse/inputs.js';
import { parsedBaselines, parsedMethods } from '../parse/methods.js';
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
  /** Class that a conditional discriminator is asked about. */
  label?: string | undefined;
  /** Probabilities are explained. */
  afterSoftmax?: boolean | undefined;
  /** Picture with whose features those of each are compared. */
  similarTo?: string | undefined;
  augment: boolean;
  eigen: boolean;
  palette: PaletteName;
  overlay: (typeof overlayModes)[number];
  alpha: number;
  format: FigureFormat;
  dpi?: number | undefined;
  width?: number | undefined;
  sameScale: boolean;
  /** Default true. */
  titles?: boolean | undefined;
  perRow?: number | undefined;
  seed: number;
  samples: number;
  noise: number;
  steps: number;
  /** Forward passes of a map by masks. */
  runs?: number | undefined;
  baseline?: string | undefined;
  randomWeights?: number | undefined;
  /** A file that cannot be read is an error. */
  strict?: boolean | undefined;
  /** Pictures per task. */
  taskSize: number;
}

/** What each option must be. */
export const explainRules: OptionRules<ExplainTexts> = {
  layer: optional(text),
  tokens: optional(text),
  method: text,
  target: optional(text),
  output: optional(text),
  input: optional(texts),
  explainInput: optional(text),
  label: optional(text),
  afterSoftmax: optional(yesOrNo),
  similarTo: optional(text),
  augment: yesOrNo,
  eigen: yesOrNo,
  palette: oneOf(paletteNames),
  overlay: oneOf(overlayModes),
  alpha: number,
  format: oneOf(figureFormats),
  dpi: optional(number),
  width: optional(number),
  sameScale: yesOrNo,
  titles: optional(yesOrNo),
  perRow: optional(number),
  seed: number,
  samples: number,
  noise: number,
  steps: number,
  runs: optional(number),
  baseline: optional(text),
  randomWeights: optional(number),
  strict: optional(yesOrNo),
  taskSize: number,
  ...preparationRules,
};

/** The options as the library takes them. Files that they name are not read yet. */
export interface ParsedExplain {
  explaining: Omit<ExplainOptions, 'targets'>;
  targets: ParsedTarget[] | undefined;
  inputs: Record<string, ParsedInput>;
  /** File of a picture. */
  similarTo: string | undefined;
  preparation: Preparation;
  style: MapStyle;
  figures: FigureFileOptions;
  strict: boolean;
  taskSize: number;
}

/** Largest number of pictures in a task. */
const MAX_TASK = 100_000;

/** @throws InputError naming the option whose text does not fit */
export function parsedExplain(given: ExplainTexts): ParsedExplain {
  const { layer, eigen, augment, seed, samples, noise, steps, palette, overlay, alpha, taskSize } = given;
  const { format, dpi, width, sameScale, titles, perRow } = given;
  if (!Number.isInteger(taskSize) || taskSize < 1 || taskSize > MAX_TASK) {
    throw new InputError({ name: 'taskSize', expected: `a whole number of 1…${MAX_TASK}`, got: taskSize });
  }
  const style = { palette, overlay, alpha };
  const figures = {
    format,
    sameScale,
    ...(titles !== undefined && { titles }),
    ...(perRow !== undefined && { perRow }),
    ...(dpi !== undefined && { dpi }),
    ...(width !== undefined && { width }),
  };
  requireStyle(style);
  requireFigureOptions(figures);
  return {
    explaining: {
      ...(layer !== undefined && { layers: layer }),
      ...(given.tokens !== undefined && { tokens: parsedSize(given.tokens, 'tokens') }),
      methods: parsedMethods(given.method),
      eigen,
      augment,
      runs: {
        seed,
        samples,
        noise,
        steps,
        ...(given.runs !== undefined && { forwards: given.runs }),
        ...(given.baseline !== undefined && { baselines: parsedBaselines(given.baseline) }),
      },
    },
    targets: parsedTargets(given.target),
    inputs: parsedInputs(given.input ?? []),
    similarTo: given.similarTo,
    preparation: parsedPreparation(given),
    style,
    figures,
    strict: given.strict ?? false,
    taskSize,
  };
}
