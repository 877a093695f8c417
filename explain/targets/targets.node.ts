/** @file Reads the files that targets refer to: masks of regions, and labels of classes. */
import { basename } from 'node:path';
import type { NetworkInput } from '../../inference/networks/network-input.js';
import { decodePicture } from '../../inference/pictures/pictures.node.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import { foreignFile } from '../../onnx/files/foreign.js';
import { readBoundedFile } from '../../onnx/files/files.node.js';
import type { ParsedInput } from '../../inference/parse/inputs.js';
import { inputNumbers } from '../../inference/tasks/shared/given-inputs.node.js';
import type { GivenInput } from '../../inference/networks/read-network.js';
import { labelsOfValue, parsedLabels } from '../../inference/labels/class-names.js';
import { InputError } from '../../onnx/errors.js';
import {
  eachOf,
  oneOrSeveral,
  type OneChoice,
  type OneParsed,
  type ParsedTarget,
  type TargetChoice,
} from './target-choice.js';

const MAX_LABEL_BYTES = 16 * 1024 * 1024;

/**
 * The targets with their masks loaded. A mask gets the same preprocessing as the picture, such as the same crop: it has to have the
 * picture's size (`expectMaskFits`).
 * @param placed where the mask of a target, and of the further ones that it joins, is, if not where it says
 * @throws InputError if a mask is missing or not a picture
 */
export async function loadTargets(
  targets: readonly ParsedTarget[] | undefined,
  { picture }: NetworkInput,
  placed: (target: number, joined: number) => string | undefined = () => undefined,
): Promise<TargetChoice[] | undefined> {
  if (targets === undefined) return undefined;
  return Promise.all(
    targets.map(async (target, i) =>
      oneOrSeveral(await Promise.all(eachOf(target).map((one, at) => loadedTarget(one, picture, placed(i, at))))),
    ),
  );
}

async function loadedTarget(
  target: OneParsed,
  size: NetworkInput['picture'],
  placed: string | undefined,
): Promise<OneChoice> {
  if (typeof target !== 'object' || !('maskFile' in target)) return target;
  const file = await decodePicture(placed ?? target.maskFile);
  const mask = resizedPicture(file, { ...size, channels: 1 });
  const of = { width: file.width, height: file.height };
  return { class: target.class, region: { mask, name: basename(target.maskFile), of } };
}

/** Names of classes from a text, JSON or YAML file (`parsedLabels`). @throws InputError if the file is missing or has no names */
export async function loadLabels(path: string): Promise<string[]> {
  const bytes = await readBoundedFile(path, MAX_LABEL_BYTES);
  const foreign = foreignFile(bytes);
  if (foreign !== undefined) throw new InputError({ name: path, expected: 'names of classes', got: foreign });
  const text = new TextDecoder().decode(bytes);
  if (!/\.ya?ml$/i.test(path)) return parsedLabels(text, path);
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new InputError({ name: path, expected: 'YAML', got: (error as Error).message.split('\n')[0] });
  }
  return labelsOfValue(value, path);
}

/**
 * Further inputs of a network: numbers, .npy files as arrays, other files as pictures.
 * @throws InputError if a file is missing or has another format
 */
export async function loadInputs(given: Readonly<Record<string, ParsedInput>>): Promise<Record<string, GivenInput>> {
  const loaded = Object.entries(given).map(async ([name, value]) => [name, await loadInput(value)] as const);
  return Object.fromEntries(await Promise.all(loaded));
}

async function loadInput(value: ParsedInput): Promise<GivenInput> {
  return 'file' in value && !/\.npy$/i.test(value.file) ? decodePicture(value.file) : inputNumbers(value);
}
