/** @file The picture input of a network: size, channels, layout and normalisation, from the model or by convention. */
import { channelsLast } from '../pictures/layout.js';
import { InputError } from '../../onnx/errors.js';
import type { Dim, Model, Shape, ValueInfo } from '../../onnx/graph/graph.js';
import { firstLayer } from '../graphs/first-layer.js';
import { expectWithin } from '../../onnx/graph/limits.js';
import {
  reorderedPicture,
  rgbPicture,
  type ChannelOrder,
  type Normalization,
  type Picture,
  type PictureInput,
  type ResizeMode,
} from '../pictures/pictures.js';
import { IMAGENET, networkInput } from '../pictures/pixels.js';
import { resizedPicture } from '../pictures/resize.js';
import { sessionTensor, type SessionTensor } from '../runtime/session.js';

/** The picture input of a network. */
export interface NetworkInput {
  /** Name of the graph's input. */
  name: string;
  layout: 'NCHW' | 'NHWC';
  /** Pictures per run where the model fixes it. */
  batch?: number;
  picture: PictureInput;
  /** Whether the graph itself resizes pictures of any size, to the size of `picture`. */
  anySize?: true;
}

/** Default size, if neither the model's input nor its metadata has one. */
const DEFAULT_SIZE = 224;
const UNIT_RANGE: Normalization = { mean: [0], std: [1] };
const MAX_SIDE = 8192;
/** Spectral pictures have dozens of channels. */
const MAX_CHANNELS = 64;

/** Preprocessing of pictures; unknown parts are missing. */
export interface Preparation {
  /** One mean and std for each channel, or one for all. */
  normalization?: Normalization;
  resize?: ResizeMode;
  /** For a model that leaves the size open. */
  size?: { height: number; width: number };
  layout?: 'NCHW' | 'NHWC';
  /** For a model that leaves the number of channels open. */
  channels?: number;
  /** Order of the colour channels, default RGB. */
  channelOrder?: ChannelOrder;
}

/**
 * The picture input of a model. Defaults: size 224; channels from the first
 * convolution, or 3; layout from the first convolution, or detected from the sizes. Without `stated`, pictures are cropped
 * and normalised as for ImageNet (if there are not 3 channels, only scaled to 0…1).
 * @param stated preprocessing given by the user or the model's metadata
 * @param name of the input, default the first
 * @throws InputError unless the input is float32 [batch, channels, height, width] or [batch, height, width, channels] and
 *   agrees with what is stated
 */
export function networkInputOf(model: Model, stated: Preparation = {}, name?: string): NetworkInput {
  const input = model.graph.inputs.find((each) => name === undefined || each.name === name);
  const shape = input?.value?.shape;
  if (!input || shape?.length !== 4 || input.value?.type !== 'float32') {
    throw new InputError({
      name: 'model',
      expected: 'a float32 picture input [batch, channels, height, width]',
      got: model.graph.inputs.map(describedInput).join(', ') || 'none',
    });
  }
  const first = firstLayer(model.graph, input.name);
  const layout = stated.layout ?? first.layout ?? layoutOfSizes(shape);
  const [channels, height, width] = layout === 'NCHW' ? shape.slice(1) : [shape[3], shape[1], shape[2]];
  const { height: openHeight = DEFAULT_SIZE, width: openWidth = DEFAULT_SIZE } = stated.size ?? {};
  const sizes = [typeof height === 'number' ? height : openHeight, typeof width === 'number' ? width : openWidth];
  if (stated.size && (sizes[0] !== openHeight || sizes[1] !== openWidth)) {
    throw new InputError({
      name: 'size',
      expected: `${sizes.join('x')}, which the model fixes`,
      got: `${openHeight}x${openWidth}`,
    });
  }
  const count = channelCount(channels, first.channels, stated.channels);
  if (count < 1 || count > MAX_CHANNELS || sizes.some((size) => size < 1 || size > MAX_SIDE)) {
    throw new InputError({
      name: 'model',
      expected: `pictures of 1…${MAX_CHANNELS} channels and 1…${MAX_SIDE} pixels a side`,
      got: describedInput(input),
    });
  }
  const batch = typeof shape[0] === 'number' ? shape[0] : undefined;
  if (batch === 0)
    throw new InputError({ name: 'model', expected: 'pictures', got: `a batch of 0: ${describedInput(input)}` });
  expectWithin(
    'runElements',
    (batch ?? 1) * count * (sizes[0] as number) * (sizes[1] as number),
    `input ${describedInput(input)}`,
  );
  const normalization = perChannel(stated.normalization ?? (count === 3 ? IMAGENET : UNIT_RANGE), count);
  const picture: PictureInput = {
    width: sizes[1] as number,
    height: sizes[0] as number,
    channels: count,
    normalization,
    resize: stated.resize ?? 'crop',
    ...(stated.channelOrder && { channelOrder: checkedOrder(stated.channelOrder, count) }),
  };
  return { name: input.name, layout, ...(batch !== undefined && { batch }), picture };
}

/** Detects the layout from the sizes: the channel axis is small. If both axes are possible, it is the second. */
function layoutOfSizes(shape: Shape): NetworkInput['layout'] {
  const isColour = (size: Dim | undefined) => size === 1 || size === 3;
  if (isColour(shape[1]) || isColour(shape[3])) return isColour(shape[1]) ? 'NCHW' : 'NHWC';
  const isFew = (size: Dim | undefined) => typeof size === 'number' && size <= MAX_CHANNELS;
  return !isFew(shape[1]) && isFew(shape[3]) ? 'NHWC' : 'NCHW';
}

/** @throws InputError for a stated number that the model excludes */
function channelCount(fixed: Dim | undefined, ofWeights: number | undefined, stated: number | undefined): number {
  const known = typeof fixed === 'number' ? fixed : ofWeights;
  if (stated !== undefined && known !== undefined && stated !== known)
    throw new InputError({ name: 'channels', expected: `${known}, which the model fixes`, got: stated });
  return known ?? stated ?? 3;
}

/** @throws InputError for an order of other channels than the network has */
function checkedOrder(order: ChannelOrder, channels: number): ChannelOrder {
  if (order.length === channels) return order;
  throw new InputError({ name: 'channelOrder', expected: `an order of ${channels} channels`, got: order });
}

/** @throws InputError unless there is one entry for all channels or one for each */
function perChannel({ mean, std }: Normalization, channels: number): Normalization {
  const spread = (values: readonly number[], name: string) => {
    if (values.length === channels) return values;
    if (values.length === 1) return Array.from({ length: channels }, () => values[0] as number);
    throw new InputError({
      name: name,
      expected: `one number, or one for each of ${channels} channels`,
      got: values.length,
    });
  };
  return { mean: spread(mean, 'mean'), std: spread(std, 'std') };
}

/** An input with its type and sizes. */
export function describedInput({ name, value }: ValueInfo): string {
  return `${name}: ${value?.type ?? 'not a tensor'} [${value?.shape?.join(', ') ?? 'unknown'}]`;
}

/** The model with the input's open picture sizes fixed, as the gradient of windows needs them. */
export function fixedSizeModel(model: Model, { name, layout, picture }: NetworkInput): Model {
  const input = model.graph.inputs.find((each) => each.name === name);
  const batch = input?.value?.shape?.[0];
  if (!input?.value || batch === undefined) return model;
  const { channels, height, width } = picture;
  const shape = layout === 'NCHW' ? [batch, channels, height, width] : [batch, height, width, channels];
  const fixed = { ...input, value: { ...input.value, shape } };
  const inputs = model.graph.inputs.map((each) => (each === input ? fixed : each));
  return { ...model, graph: { ...model.graph, inputs } };
}

/**
 * Numbers of a batch of pictures [N, C, H, W], prepared in the form that the network expects.
 * @throws InputError if the network takes more channels than pictures have
 */
export function preparedPictures(pictures: readonly Picture[], { picture: input }: NetworkInput): Float32Array {
  const { channelOrder: order = 'RGB' } = input;
  const channels = input.channels === 1 ? 1 : 3;
  if (input.channels !== channels && order.length !== input.channels) {
    throw new InputError({
      name: 'pictures',
      expected: `${input.channels} channels, from .npy files or TIFF files of ${input.channels} grey pages`,
      got: 'pictures of 3',
    });
  }
  const size = input.channels * input.height * input.width;
  const batch = new Float32Array(pictures.length * size);
  pictures.forEach((picture, i) => {
    const resized = resizedPicture(picture, { ...input, channels });
    batch.set(networkInput(reorderedPicture(resized, channels === 1 ? 'RGB' : order), input.normalization), i * size);
  });
  return batch;
}

/** A batch of prepared pictures [N, C, H, W] in the network's own layout. */
export function inputTensor(batch: Float32Array, { layout, picture }: NetworkInput): SessionTensor {
  const { channels, height, width } = picture;
  const count = batch.length / (channels * height * width);
  return layout === 'NCHW'
    ? sessionTensor(batch, [count, channels, height, width])
    : sessionTensor(channelsLast(batch, picture), [count, height, width, channels]);
}

/**
 * The part of a picture that the network sees, in a resolution for viewing: the network's size times a whole factor, so that
 * the shorter side has at least `minSide` pixels. It is resized from the original.
 */
export function networkView(picture: Picture, { picture: input }: NetworkInput, minSide = 256): Picture {
  const factor = Math.max(1, Math.ceil(minSide / Math.min(input.width, input.height)));
  const size = { width: input.width * factor, height: input.height * factor };
  const channels = input.channels === 1 ? 1 : 3;
  return rgbPicture(resizedPicture(picture, { ...size, channels, resize: input.resize }));
}

/** A preprocessed black picture [C, H, W]; a channel of opacity is opaque. */
export function blackInput({ picture: input }: NetworkInput): Float32Array {
  const { width, height, channels, normalization, channelOrder = '' } = input;
  const plane = width * height;
  const black = new Float32Array(channels * plane);
  for (let channel = 0; channel < channels; channel++) {
    const [mean = 0, std = 1] = [normalization.mean[channel], normalization.std[channel]];
    const value = channelOrder[channel] === 'A' ? 1 : 0;
    black.fill((value - mean) / std, channel * plane, (channel + 1) * plane);
  }
  return black;
}
