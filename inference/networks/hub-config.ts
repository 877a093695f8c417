/** @file Preprocessing from the preprocessor_config.json that models of the Hugging Face hub have beside them. */
import { textBeside } from '#load';
import { InputError } from '../../onnx/errors.js';
import { isRecord, type JsonRecord } from '../parse/json.js';
import type { Normalization } from '../pictures/pictures.js';
import type { ModelSource } from './model-source.js';
import type { Preparation } from './network-input.js';

const FILE = 'preprocessor_config.json';
const MAX_SIDE = 8192;

/** A preparation and where it was found. */
export interface FoundPreparation {
  preparation: Preparation;
  because: string;
}

/**
 * How the file beside a model says that pictures are prepared; undefined where there is none.
 * @throws InputError if the file is not JSON or has values of other kinds
 */
export async function preparationBeside(source: ModelSource): Promise<FoundPreparation | undefined> {
  if (typeof source !== 'string' && !(source instanceof URL)) return undefined;
  const found = await textBeside(source, FILE);
  return found && { preparation: hubPreparation(found.text, found.path), because: `as ${FILE} beside the model says` };
}

/**
 * The preparation that a preprocessor_config.json describes; parts that it does not tell are missing.
 * @param path what to call it in errors
 */
export function hubPreparation(text: string, path: string): Preparation {
  const config = parsedObject(text, path);
  const isCropped = config['do_center_crop'] === true;
  const { shortest_edge: edge } = (config['size'] ?? {}) as { shortest_edge?: unknown };
  const isConvNext = config['crop_pct'] !== undefined;
  const whole = isConvNext ? (edge ?? config['size']) : config['size'];
  const size = sidesOf(isCropped ? (config['crop_size'] ?? config['size']) : whole);
  // One number is both sides of ViT's and BEiT's processors, and the shorter one where there are bounds of the longer one (DETR, ViLT).
  // ConvNeXt's crops a square of it below 384.
  const keepsAspect = isConvNext
    ? typeof whole === 'number' && whole < 384
    : edge !== undefined || config['max_size'] !== undefined || config['size_divisor'] !== undefined;
  const isSquashed = !isCropped && config['do_resize'] !== false && !keepsAspect && size !== undefined;
  const normalization = normalizationOf(config, path);
  return {
    ...(normalization && { normalization }),
    ...(size && { size }),
    ...(isSquashed && { resize: 'squash' }),
  };
}

function parsedObject(text: string, path: string): Readonly<JsonRecord> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isRecord(value)) return value;
  throw new InputError({ name: path, expected: 'an object in JSON', got: 'something else' });
}

/** Height and width, or one number for both. */
function sidesOf(value: unknown): { height: number; width: number } | undefined {
  const { height, width } = isRecord(value) ? value : {};
  const [a, b] = typeof value === 'number' ? [value, value] : [height, width];
  const isSide = (side: unknown): side is number =>
    Number.isInteger(side) && Number(side) > 0 && Number(side) <= MAX_SIDE;
  return isSide(a) && isSide(b) ? { height: a, width: b } : undefined;
}

/** (p·factor − mean) / std of levels p as a normalization of p/255; undefined where nothing is said of it. */
function normalizationOf(config: Readonly<JsonRecord>, path: string): Normalization | undefined {
  const {
    do_normalize: normalizes,
    do_rescale: rescales,
    rescale_factor: factor = 1 / 255,
    rescale_offset: offset,
  } = config;
  const { image_mean: mean = [0], image_std: std = [1] } = normalizes === false ? {} : config;
  if (offset === true || (config['image_mean'] === undefined && normalizes !== false && rescales === undefined))
    return undefined;
  const scale = rescales === false ? 255 : 255 * Number(factor);
  const numbers = (values: unknown, least: number) =>
    Array.isArray(values) && values.length > 0 && values.every((each) => Number.isFinite(each) && Number(each) > least)
      ? values.map((each) => Number((Number(each) / scale).toPrecision(12)))
      : undefined;
  const [means, deviations] = [numbers(mean, -Infinity), numbers(std, 0)];
  if (means && deviations && scale > 0) return { mean: means, std: deviations };
  throw new InputError({
    name: path,
    expected: 'numbers as image_mean, and positive ones as image_std and rescale_factor',
    got: 'others',
  });
}
