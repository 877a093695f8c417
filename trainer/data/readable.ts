/** @file Pictures of a data set, broken ones aside. */
import type { Picture } from '../../inference/pictures.js';
import { InputError } from '../../onnx/errors.js';
import type { Dataset } from './dataset.js';

/** Picture `index` of the set; undefined if it cannot be decoded. */
export async function readablePicture(dataset: Dataset, index: number): Promise<Picture | undefined> {
  try {
    return await dataset.picture(index);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
