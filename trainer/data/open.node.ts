/** @file From what `--data` says to a data set. */
import type { GanConfig } from '../config.js';
import { spaceDataset, type Dataset } from './dataset.js';
import { folderDataset } from './folder.node.js';

/**
 * The data set a run trains on.
 * @param source a folder of pictures, or `undefined` for the built-in space pictures
 * @throws InputError if `source` is no folder with pictures
 */
export async function openDataset(source: string | undefined, config: Pick<GanConfig, 'imageSize'>): Promise<Dataset> {
  return source === undefined ? spaceDataset(config.imageSize) : folderDataset(source);
}
