/** @file The activations that concepts are found in: those of crops, or of all positions. */
import { Matrix } from 'ml-matrix';
import { preparedPictures } from '../../../inference/networks/network-input.js';
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { InputError } from '../../../onnx/errors.js';
import { decodedGroups } from '../../files/picture-groups.node.js';
import type { Explainer } from '../../maps/explain.js';
import type { LayerCut } from '../../network/layer-cut.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import type { ConceptMethod } from './concept-options.js';
import { positiveRows } from './concepts.js';
import { croppedPicture, type CropBox } from './crops.js';

/** A picture that could be read. */
export interface ReadPicture {
  path: string;
  picture: Picture;
  /** [C, H, W] */
  prepared: Float32Array;
}

/** The pictures of files one by one; the reasons of those that cannot be read are told. */
export async function* readPictures(
  paths: readonly string[],
  explainer: Explainer,
  { signal, skip }: { signal: AbortSignal | undefined; skip?: (reason: string) => void },
): AsyncGenerator<ReadPicture> {
  for await (const group of decodedGroups(paths, { start: 0, input: explainer.input.picture, signal })) {
    for (const file of group) {
      if ('reason' in file) skip?.(file.reason);
      else {
        const prepared = file.prepared ?? preparedPictures([file.picture], explainer.input);
        yield { path: file.path, picture: file.picture, prepared };
      }
    }
  }
  signal?.throwIfAborted();
}

/** Rows that concepts are found in. */
export interface CollectedRows {
  /** [rows, K] */
  rows: Matrix;
  /** The file, and the crop, of each row. */
  places: { path: string; box?: CropBox }[];
}

/** Most rows: their descent takes minutes. */
const MAX_ROWS = 4096;
/** Crops that are in memory together. */
const MAX_CROPS = 32;

/**
 * Every how many pictures give rows, so that there are no more than 4,096 of them.
 * @throws InputError if one picture has more
 */
export function everyOf(pictures: number, rowsOfEach: number, method: ConceptMethod): number {
  const most = Math.floor(MAX_ROWS / rowsOfEach);
  if (most > 0) return Math.max(1, Math.ceil(pictures / most));
  throw method === 'craft'
    ? new InputError({ name: 'crop', expected: `at most ${MAX_ROWS} crops of a picture`, got: rowsOfEach })
    : new InputError({ name: 'layer', expected: `at most ${MAX_ROWS} positions for dff`, got: rowsOfEach });
}

/** Crops in groups. */
function* groupsOf(boxes: readonly CropBox[]): Generator<readonly CropBox[]> {
  for (let start = 0; start < boxes.length; start += MAX_CROPS) yield boxes.slice(start, start + MAX_CROPS);
}

/**
 * Mean activations of crops, each enlarged to the network's input, or the activations at all positions of pictures.
 * @param boxes of the crops; none for positions
 * @throws InputError if no picture can be read, or activations are not finite
 */
export async function collectedRows(
  paths: readonly string[],
  explainer: Explainer,
  {
    cut,
    boxes,
    signal,
    progress,
  }: {
    cut: LayerCut;
    boxes: readonly CropBox[] | undefined;
    signal: AbortSignal | undefined;
    progress?: ((done: number) => void) | undefined;
  },
): Promise<CollectedRows> {
  const rows: number[][] = [];
  const places: CollectedRows['places'] = [];
  const skipped: string[] = [];
  for await (const { path, prepared } of readPictures(paths, explainer, { signal, skip: (why) => skipped.push(why) })) {
    for (const group of boxes ? groupsOf(boxes) : [undefined]) {
      signal?.throwIfAborted();
      const views = group?.map((box) => croppedPicture(prepared, explainer.input.picture, box)) ?? [prepared];
      const { channels, height, width, data } = await cut.activations(concatenated(views));
      if (!data.every(Number.isFinite))
        throw new InputError({ name: path, expected: 'finite activations', got: `others at "${cut.layer.name}"` });
      const each = channels * height * width;
      views.forEach((_, view) => {
        const own = positiveRows(data.subarray(view * each, (view + 1) * each), channels).rows;
        const box = group?.[view];
        if (box) {
          rows.push(own.mean('column'));
          places.push({ path, box });
          return;
        }
        rows.push(...own.to2DArray());
        for (let at = 0; at < own.rows; at++) places.push({ path });
      });
      progress?.(rows.length);
    }
  }
  if (rows.length === 0)
    throw new InputError({ name: 'PICTURE', expected: 'a picture that can be read', got: skipped[0] ?? 'none' });
  return { rows: new Matrix(rows), places };
}
