/** @file How pictures are prepared for a network, as its metadata or the command line say; and networks that take bytes. */
import { InputError } from '../../onnx/errors.js';
import type { Model } from '../../onnx/graph/graph.js';
import { readGanMetadata } from './metadata.js';
import type { Preparation } from './network-input.js';
import type { Normalization, ResizeMode } from '../pictures/pictures.js';

/** Numbers 0…255 as they are. */
const BYTES: Normalization = { mean: [0], std: [1 / 255] };

/** The standard's words for the range of a picture's numbers. */
const ranges: Readonly<Record<string, Normalization>> = {
  NominalRange_0_255: BYTES,
  Normalized_0_1: { mean: [0], std: [1] },
  Normalized_1_1: { mean: [0.5], std: [0.5] },
};

/** What a model's metadata say: our own, else the ONNX standard's `Image.NominalPixelRange`. */
export function statedPreparation(metadata: ReadonlyMap<string, string>): Preparation {
  const ours = readGanMetadata(metadata);
  if (ours) return { normalization: ours.normalization, resize: ours.resize };
  const normalization = ranges[metadata.get('Image.NominalPixelRange') ?? ''];
  return normalization ? { normalization } : {};
}

/** Operators that may stand between a picture of bytes and its conversion to floats. */
const passing = new Set(['Identity', 'Transpose', 'Reshape', 'Squeeze', 'Unsqueeze', 'Slice', 'Gather', 'Shape']);

/**
 * A model that takes bytes as one that takes the same numbers 0…255 as floats, so that it has a gradient; others as they are.
 * @throws InputError if the bytes go elsewhere than into a Cast
 */
export function floatInputModel(model: Model): { model: Model; preparation: Preparation } {
  const [input] = model.graph.inputs;
  if (input?.value?.type !== 'uint8') return { model, preparation: {} };
  const bytes = new Set([input.name]);
  for (const node of model.graph.nodes) {
    if (!node.inputs.some((name) => bytes.has(name)) || node.op === 'Cast') continue;
    if (!passing.has(node.op) || node.domain !== '') {
      throw new InputError({
        name: 'model',
        expected: `bytes that are cast to floats first; "${input.name}" goes into ${node.op}`,
      });
    }
    if (node.op !== 'Shape') for (const output of node.outputs) bytes.add(output);
  }
  const inputs = [{ ...input, value: { ...input.value, type: 'float32' as const } }, ...model.graph.inputs.slice(1)];
  const graph = { ...model.graph, inputs, valueInfo: new Map() };
  return { model: { ...model, graph }, preparation: { normalization: BYTES } };
}

/** How the command line says that pictures are prepared. */
export interface PreparationTexts {
  mean?: string | undefined;
  std?: string | undefined;
  size?: string | undefined;
  resize?: ResizeMode | undefined;
  channelsLast?: boolean | undefined;
}

/**
 * What the command line states; parts that it leaves out are missing.
 * @throws InputError for texts that are no numbers or sizes, or a mean without a std
 */
export function parsedPreparation({ mean, std, size, resize, channelsLast }: PreparationTexts): Preparation {
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
    ...(channelsLast && { layout: 'NHWC' }),
  };
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
