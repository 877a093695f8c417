/** @file What a network expects as its picture: size, channels, layout and normalisation, from the model or by convention. */
import { InputError } from '../../onnx/errors.js';
import type { Dim, Model, ValueInfo } from '../../onnx/graph/graph.js';
import { expectWithin } from '../../onnx/graph/limits.js';
import {
  rgbPicture,
  type Normalization,
  type Picture,
  type PictureInput,
  type ResizeMode,
} from '../pictures/pictures.js';
import { networkInput } from '../pictures/pixels.js';
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
}

/** Used where neither the model's input nor its metadata tells the size. */
const DEFAULT_SIZE = 224;
/** torchvision's normalisation of ImageNet pictures. */
const IMAGENET: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const UNIT_RANGE: Normalization = { mean: [0], std: [1] };
const MAX_SIDE = 8192;

/** What is known of how pictures are prepared for a network. */
export interface Preparation {
  /** One mean and std for each channel, or one for all. */
  normalization?: Normalization;
  resize?: ResizeMode;
  /** For a model that leaves the size open. */
  size?: { height: number; width: number };
  layout?: 'NCHW' | 'NHWC';
}

/**
 * The picture input of a model. Sizes that neither the model nor `stated` tells are 224; a model whose last size is 1 or 3,
 * and its second is not, takes NHWC. Without `stated`, pictures are cropped and normalised as for ImageNet (grey ones only
 * scaled to 0…1).
 * @param stated what the user or the model's metadata say of preparing pictures
 * @throws InputError unless the only input is float32 [batch, 1 or 3, height, width] or [batch, height, width, 1 or 3] and
 *   agrees with what is stated
 */
export function networkInputOf(model: Model, stated: Preparation = {}): NetworkInput {
  const [input, ...others] = model.graph.inputs;
  const shape = input?.value?.shape;
  if (!input || others.length > 0 || shape?.length !== 4 || input.value?.type !== 'float32') {
    throw new InputError({
      name: 'model',
      expected: 'one float32 picture input [batch, channels, height, width]',
      got: model.graph.inputs.map(described).join(', ') || 'none',
    });
  }
  const isChannels = (size: Dim | undefined): size is 1 | 3 => size === 1 || size === 3;
  const layout = stated.layout ?? (!isChannels(shape[1]) && isChannels(shape[3]) ? 'NHWC' : 'NCHW');
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
  if (!isChannels(channels) || sizes.some((size) => size < 1 || size > MAX_SIDE)) {
    throw new InputError({
      name: 'model',
      expected: `pictures of 1 or 3 channels and 1…${MAX_SIDE} pixels a side`,
      got: described(input),
    });
  }
  const batch = typeof shape[0] === 'number' ? shape[0] : undefined;
  if (batch === 0)
    throw new InputError({ name: 'model', expected: 'pictures', got: `a batch of 0: ${described(input)}` });
  expectWithin(
    'runElements',
    (batch ?? 1) * channels * (sizes[0] as number) * (sizes[1] as number),
    `input ${described(input)}`,
  );
  const normalization = perChannel(stated.normalization ?? (channels === 3 ? IMAGENET : UNIT_RANGE), channels);
  const picture: PictureInput = {
    width: sizes[1] as number,
    height: sizes[0] as number,
    channels,
    normalization,
    resize: stated.resize ?? 'crop',
  };
  return { name: input.name, layout, ...(batch !== undefined && { batch }), picture };
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

function described({ name, value }: ValueInfo): string {
  return `${name}: ${value?.type ?? 'not a tensor'} [${value?.shape?.join(', ') ?? 'unknown'}]`;
}

/** The model with the input's open picture sizes fixed, as the gradient of windows needs them. */
export function fixedSizeModel(model: Model, { layout, picture }: NetworkInput): Model {
  const [input] = model.graph.inputs;
  const batch = input?.value?.shape?.[0];
  if (!input?.value || batch === undefined) return model;
  const { channels, height, width } = picture;
  const shape = layout === 'NCHW' ? [batch, channels, height, width] : [batch, height, width, channels];
  const inputs = [{ ...input, value: { ...input.value, shape } }];
  return { ...model, graph: { ...model.graph, inputs, valueInfo: new Map() } };
}

/** Numbers of a batch of pictures [N, C, H, W], prepared as the network wants them. */
export function preparedPictures(pictures: readonly Picture[], { picture: input }: NetworkInput): Float32Array {
  const size = input.channels * input.height * input.width;
  const batch = new Float32Array(pictures.length * size);
  pictures.forEach((picture, i) =>
    batch.set(networkInput(resizedPicture(picture, input), input.normalization), i * size),
  );
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

/** The same numbers as [N, H, W, C]. */
export function channelsLast(batch: Float32Array, { channels, height, width }: PictureInput): Float32Array {
  const plane = height * width;
  return batch.map((_, at) => {
    const [picture, rest] = [Math.floor(at / (plane * channels)), at % (plane * channels)];
    return batch[picture * plane * channels + (rest % channels) * plane + Math.floor(rest / channels)] ?? 0;
  });
}

/**
 * What the network sees of a picture, the same part at a size people can look at: the network's own size, enlarged by a
 * whole factor so that the shorter side has at least `minSide` pixels, made from the original.
 */
export function networkView(picture: Picture, { picture: input }: NetworkInput, minSide = 256): Picture {
  const factor = Math.max(1, Math.ceil(minSide / Math.min(input.width, input.height)));
  const size = { width: input.width * factor, height: input.height * factor };
  return rgbPicture(resizedPicture(picture, { ...size, channels: input.channels, resize: input.resize }));
}

/** A black picture [C, H, W], prepared as the network wants it. */
export function blackInput({ picture: input }: NetworkInput): Float32Array {
  const { width, height, channels } = input;
  const black = { width, height, channels, data: new Uint8Array(width * height * channels) };
  return networkInput(black, input.normalization);
}
