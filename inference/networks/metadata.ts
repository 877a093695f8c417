/** @file Metadata of exported GANs in their .onnx files: the schema, writing as text entries, and checked reading. */
import { InputError } from '../../onnx/errors.js';
import type { Normalization, ResizeMode } from '../pictures/pictures.js';

/** Usage and origin of a generator's or discriminator's .onnx file. */
export interface GanMetadata {
  role: 'generator' | 'discriminator';
  /** Name of the preset that the run started from. */
  preset: string;
  seed: number;
  /** Training steps done. */
  step: number;
  latentDim: number;
  latentDistribution: 'normal';
  /** Of the training pictures, before the discriminator. */
  normalization: Normalization;
  /** How training pictures were resized to the network's size. */
  resize: ResizeMode;
  /** What the generator's numbers mean: −1 is black and 1 is white, the normalisation undone, or 0…255 in bytes. */
  outputRange: 'tanh' | 'normalization' | 'uint8';
  channels: 1 | 3;
  height: number;
  width: number;
  /** Names of the outputs that are logits, and of those that are probabilities. */
  logits: readonly string[];
  probabilities: readonly string[];
  /** Names of the classes of a conditional network, in the order of their numbers. */
  classes?: readonly string[];
}

const PREFIX = 'ganscope.';

/** The output of a network that explains itself that is its map. */
export const HEATMAP = 'heatmap';

/** Whether a value is the map of a network that explains itself, as its metadata say. */
export function isHeatmap(entries: ReadonlyMap<string, string>, value: string): boolean {
  return value === HEATMAP && entries.has(`${PREFIX}heatmap.method`);
}
const MAX_TEXT = 4096;
const MAX_SIZE = 65536;

/**
 * The metadata as entries of an .onnx file, in a fixed order: ours under `ganscope.`, and the keys that the ONNX standard
 * has for pictures (`Image.BitmapPixelFormat`, and `Image.NominalPixelRange` where it has a word for the normalisation).
 */
export function metadataEntries(metadata: GanMetadata): Map<string, string> {
  const { normalization, logits, probabilities, channels } = metadata;
  const ours = {
    role: metadata.role,
    preset: metadata.preset,
    seed: `${metadata.seed}`,
    step: `${metadata.step}`,
    latent_dim: `${metadata.latentDim}`,
    latent_distribution: metadata.latentDistribution,
    normalization_mean: normalization.mean.join(),
    normalization_std: normalization.std.join(),
    resize: metadata.resize,
    output_range: metadata.outputRange,
    channels: `${channels}`,
    height: `${metadata.height}`,
    width: `${metadata.width}`,
    logits: logits.join(),
    probabilities: probabilities.join(),
    ...(metadata.classes && { classes: JSON.stringify(metadata.classes) }),
  };
  const range = nominalRange(metadata);
  return new Map([
    ...Object.entries(ours).map(([key, value]) => [`${PREFIX}${key}`, value] as const),
    ['Image.BitmapPixelFormat', channels === 1 && metadata.outputRange !== 'uint8' ? 'Gray8' : 'Rgb8'],
    ...(range ? [['Image.NominalPixelRange', range] as const] : []),
  ]);
}

/** The standard's word for the range of the picture that goes in or comes out, if it has one. */
function nominalRange({ role, outputRange, normalization }: GanMetadata): string | undefined {
  if (role === 'generator' && outputRange === 'uint8') return 'NominalRange_0_255';
  if (role === 'generator' && outputRange === 'tanh') return 'Normalized_1_1';
  const are = (mean: number, std: number) =>
    normalization.mean.every((value) => value === mean) && normalization.std.every((value) => value === std);
  if (are(0.5, 0.5)) return 'Normalized_1_1';
  return are(0, 1) ? 'Normalized_0_1' : undefined;
}

/**
 * The metadata of a model file, or undefined for a model that is not one of ours.
 * @param entries `Model.metadata`; untrusted
 * @throws InputError naming the missing or invalid entry
 */
export function readGanMetadata(entries: ReadonlyMap<string, string>): GanMetadata | undefined {
  if (!entries.has(`${PREFIX}role`)) return undefined;
  const reader = new EntryReader(entries);
  const channels = reader.oneOf('channels', ['1', '3']) === '1' ? 1 : 3;
  return {
    role: reader.oneOf('role', ['generator', 'discriminator']),
    preset: reader.text('preset'),
    seed: reader.integer('seed', 0, Number.MAX_SAFE_INTEGER),
    step: reader.integer('step', 0, Number.MAX_SAFE_INTEGER),
    latentDim: reader.integer('latent_dim', 1, MAX_SIZE),
    latentDistribution: reader.oneOf('latent_distribution', ['normal']),
    normalization: {
      mean: reader.numbers('normalization_mean', channels),
      std: reader.numbers('normalization_std', channels, Number.MIN_VALUE),
    },
    resize: reader.oneOf('resize', ['crop', 'squash', 'pad']),
    outputRange: reader.oneOf('output_range', ['tanh', 'normalization', 'uint8']),
    channels,
    height: reader.integer('height', 1, MAX_SIZE),
    width: reader.integer('width', 1, MAX_SIZE),
    logits: reader.names('logits'),
    probabilities: reader.names('probabilities'),
    ...(entries.has(`${PREFIX}classes`) && { classes: reader.texts('classes') }),
  };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Entries under our prefix, each checked as it is read. */
class EntryReader {
  constructor(readonly entries: ReadonlyMap<string, string>) {}

  text(key: string, expected = `text of at most ${MAX_TEXT} characters`): string {
    const value = this.entries.get(`${PREFIX}${key}`);
    if (value === undefined || value.length > MAX_TEXT) throw this.#wrong(key, expected);
    return value;
  }

  oneOf<T extends string>(key: string, choices: readonly T[]): T {
    const expected = `one of ${choices.join(', ')}`;
    const text = this.text(key, expected);
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw this.#wrong(key, expected);
    return found;
  }

  integer(key: string, least: number, most: number): number {
    const expected = `an integer of ${least}…${most}`;
    const text = this.text(key, expected);
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) throw this.#wrong(key, expected);
    return value;
  }

  numbers(key: string, count: number, least = -Number.MAX_VALUE): number[] {
    const expected = `${count} ${least > 0 ? 'positive ' : ''}numbers`;
    const values = this.text(key, expected)
      .split(',')
      .map((item) => (item.trim() === '' ? Number.NaN : Number(item)));
    const fit = values.length === count && values.every((value) => Number.isFinite(value) && value >= least);
    if (!fit) throw this.#wrong(key, expected);
    return values;
  }

  names(key: string): string[] {
    return this.text(key)
      .split(',')
      .filter((name) => name !== '');
  }

  /** A list of texts in JSON. */
  texts(key: string): string[] {
    const value = parsedJson(this.entries.get(`${PREFIX}${key}`) ?? '');
    if (Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string')) return value;
    throw this.#wrong(key, 'a list of texts in JSON');
  }

  #wrong(key: string, expected: string): InputError {
    const value = this.entries.get(`${PREFIX}${key}`);
    const found = value === undefined ? 'nothing' : JSON.stringify(value.slice(0, 80));
    return new InputError({ name: `metadata ${PREFIX}${key}`, expected: expected, got: found });
  }
}
