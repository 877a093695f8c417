/** @file Preprocessing of a network's pictures: from its metadata, its first nodes or the command line. */
import { InputError } from '../../onnx/errors.js';
import type { DataType, Model } from '../../onnx/graph/graph.js';
import { integerRange } from '../graphs/float-input.js';
import { graphPreprocessing, type GraphPreprocessing } from '../graphs/graph-preprocessing.js';
import { channelOrders, type ChannelOrder, type Normalization, type ResizeMode } from '../pictures/pictures.js';
import { readGanMetadata } from './metadata.js';
import type { Preparation } from './network-input.js';

/** Numbers 0…255 as they are. */
const BYTES: Normalization = { mean: [0], std: [1 / 255] };

/** The ONNX standard's terms for the value range of pictures. */
const ranges: Readonly<Record<string, Normalization>> = {
  NominalRange_0_255: BYTES,
  Normalized_0_1: { mean: [0], std: [1] },
  Normalized_1_1: { mean: [0.5], std: [0.5] },
  // x = 16 + 219·p/255
  NominalRange_16_235: { mean: [-16 / 219], std: [1 / 219] },
};

/** The ONNX standard's terms for the channel order, including 16-bit formats. */
const orders: Readonly<Record<string, ChannelOrder>> = {
  Rgb8: 'RGB',
  Bgr8: 'BGR',
  Rgba8: 'RGBA',
  Bgra8: 'BGRA',
  Rgba16: 'RGBA',
  Bgra16: 'BGRA',
};

/** Preprocessing from a model's metadata: our own entries, else those of the ONNX standard or of Ultralytics. */
export function statedPreparation(metadata: ReadonlyMap<string, string>): Preparation {
  const ours = readGanMetadata(metadata);
  if (ours) return { normalization: ours.normalization, resize: ours.resize };
  const normalization = ranges[metadata.get('Image.NominalPixelRange') ?? ''];
  const channelOrder = orders[metadata.get('Image.BitmapPixelFormat') ?? ''];
  return {
    ...ultralyticsPreparation(metadata),
    ...(normalization && { normalization }),
    ...(channelOrder && channelOrder !== 'RGB' && { channelOrder }),
  };
}

/** Ultralytics' networks take colours 0…1; detectors see the whole picture. */
function ultralyticsPreparation(metadata: ReadonlyMap<string, string>): Preparation {
  if (metadata.get('author') !== 'Ultralytics') return {};
  const [height, width = height] = (metadata.get('imgsz') ?? '').match(/\d+/g)?.map(Number) ?? [];
  return {
    normalization: { mean: [0], std: [1] },
    resize: metadata.get('task') === 'classify' ? 'crop' : 'pad',
    ...(height !== undefined && width !== undefined && { size: { height, width } }),
  };
}

/** Value range and size detected from the graph's first nodes, and those nodes. */
export function preparationOfGraph(
  model: Model,
  input: string,
): { preparation: Preparation; nodes: readonly string[] } {
  const value = model.graph.inputs.find(({ name }) => name === input)?.value;
  const { range, size, nodes } = graphPreprocessing(model.graph, input);
  const normalization = range && rangeNormalizations[range];
  const isOpen = value?.shape?.some((dim, axis) => axis > 0 && typeof dim === 'string');
  return {
    preparation: {
      ...(normalization && { normalization }),
      ...(size && isOpen && { size, resize: 'squash' }),
    },
    nodes,
  };
}

const rangeNormalizations: Readonly<Record<NonNullable<GraphPreprocessing['range']>, Normalization>> = {
  bytes: BYTES,
  unit: { mean: [0], std: [1] },
  signed: { mean: [0.5], std: [0.5] },
};

/** The preparation for an input of whole numbers, if its type is one. */
export function preparationOfType(type: DataType | undefined): Preparation {
  const [least] = (type && integerRange(type)) ?? [];
  if (least === undefined) return {};
  return { normalization: least === 0 ? BYTES : { mean: [-least / 255], std: [1 / 255] } };
}

/** Command-line options for preprocessing. */
export interface PreparationTexts {
  mean?: string | undefined;
  std?: string | undefined;
  size?: string | undefined;
  resize?: ResizeMode | undefined;
  channelsLast?: boolean | undefined;
  channels?: number | undefined;
  channelOrder?: string | undefined;
}

/**
 * The preprocessing from command-line options; parts without an option are missing.
 * @throws InputError for texts that are not numbers or sizes, or a mean without a std
 */
export function parsedPreparation(texts: PreparationTexts): Preparation {
  const { mean, std, size, resize, channelsLast, channels, channelOrder } = texts;
  if ((mean === undefined) !== (std === undefined)) {
    throw new InputError({ name: 'mean', expected: 'it together with `std`', got: 'one of them' });
  }
  return {
    ...(mean !== undefined &&
      std !== undefined && {
        normalization: { mean: parsedNumbers(mean, 'mean'), std: parsedNumbers(std, 'std', true) },
      }),
    ...(size !== undefined && { size: parsedSize(size, 'size') }),
    ...(resize !== undefined && { resize }),
    ...(channelsLast !== undefined && { layout: channelsLast ? 'NHWC' : 'NCHW' }),
    ...(channels !== undefined && { channels: checkedChannels(channels) }),
    ...(channelOrder !== undefined && { channelOrder: parsedOrder(channelOrder) }),
  };
}

/** The options that stand for a preparation: `parsedPreparation` gives it back. */
export function preparationTexts(preparation: Preparation): Record<string, string | number | boolean> {
  const { normalization, resize, size, layout, channels, channelOrder } = preparation;
  return {
    ...(normalization && { mean: normalization.mean.join(), std: normalization.std.join() }),
    ...(size && { size: `${size.height}x${size.width}` }),
    ...(resize && { resize }),
    ...(layout && { channelsLast: layout === 'NHWC' }),
    ...(channels !== undefined && { channels }),
    ...(channelOrder && { channelOrder }),
  };
}

function checkedChannels(channels: number): number {
  if (Number.isInteger(channels) && channels >= 1 && channels <= 64) return channels;
  throw new InputError({ name: 'channels', expected: 'an integer of 1…64', got: channels });
}

function parsedOrder(text: string): ChannelOrder {
  const found = channelOrders.find((order) => order === text.toUpperCase());
  if (found) return found;
  const expected = `one of ${channelOrders.join(', ').toLowerCase()}`;
  throw new InputError({ name: 'channelOrder', expected, got: `"${text}"` });
}

function parsedNumbers(text: string, option: string, positive = false): number[] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.every((value) => Number.isFinite(value) && (!positive || value > 0))) return numbers;
  throw new InputError({
    name: option,
    expected: `${positive ? 'positive ' : ''}numbers with commas`,
    got: `"${text}"`,
  });
}

/** Height and width from `HxW`, or one number for both. @throws InputError for another text */
export function parsedSize(text: string, option: string): { height: number; width: number } {
  const [, height, width = height] = /^([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?$/.exec(text.trim()) ?? [];
  if (height !== undefined) return { height: Number(height), width: Number(width) };
  throw new InputError({ name: option, expected: 'HEIGHTxWIDTH or one number', got: `"${text}"` });
}
