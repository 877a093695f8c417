/** @file What a target names in files: masks of regions, and labels of classes. */
import type { NetworkInput } from '../../inference/networks/network-input.js';
import { decodePicture } from '../../inference/pictures/pictures.node.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import { readBoundedFile } from '../../onnx/files/files.node.js';
import { parsedLabels } from './labels.js';
import type { ParsedTarget, TargetChoice } from './target-choice.js';

const MAX_LABEL_BYTES = 16 * 1024 * 1024;

/**
 * The targets with their masks read. A mask goes the way of the pictures: a crop of the picture is a crop of its mask.
 * @throws InputError if a mask is missing or no picture
 */
export async function loadTargets(
  targets: readonly ParsedTarget[] | undefined,
  { picture }: NetworkInput,
): Promise<TargetChoice[] | undefined> {
  if (targets === undefined) return undefined;
  return Promise.all(
    targets.map(async (target) => {
      if (typeof target !== 'object' || !('maskFile' in target)) return target;
      const mask = resizedPicture(await decodePicture(target.maskFile), { ...picture, channels: 1 });
      return { class: target.class, region: { mask } };
    }),
  );
}

/** Names of classes from a file (`parsedLabels`). @throws InputError if it is missing or holds none */
export async function loadLabels(path: string): Promise<string[]> {
  return parsedLabels(new TextDecoder().decode(await readBoundedFile(path, MAX_LABEL_BYTES)), path);
}
