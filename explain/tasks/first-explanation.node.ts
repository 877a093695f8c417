/** @file Whether the options of a job fit its network, before anything is written. */
import { isAddress } from '../../inference/files/copies.node.js';
import { preparedPictures } from '../../inference/networks/network-input.js';
import type { ExplainOptions } from '../maps/explain.js';
import { decodedGroups } from '../files/picture-groups.node.js';
import type { FetchOriginals } from '../../inference/tasks/shared/opening.node.js';
import { targetOf } from './map-task.node.js';
import type { LoadedExplain } from './files.node.js';

/** Pictures that are tried: behind broken ones there may be more. */
const TRIED = 8;

/** Explains the first picture that can be read. @throws InputError for options that do not fit the network */
export async function firstExplanation(
  { explainer, targets }: LoadedExplain,
  paths: readonly string[],
  explaining: ExplainOptions,
  fetch?: FetchOriginals,
): Promise<void> {
  targetOf(targets, 0, paths.length);
  const fetched = await fetch?.files(paths.slice(0, TRIED).filter(isAddress));
  try {
    const tried = paths.slice(0, TRIED).map((path) => fetched?.paths.get(path) ?? path);
    await firstOf({ explainer, targets }, tried, paths.length, explaining);
  } finally {
    await fetched?.release();
  }
}

async function firstOf(
  { explainer, targets }: LoadedExplain,
  tried: readonly string[],
  all: number,
  explaining: ExplainOptions,
): Promise<void> {
  for await (const files of decodedGroups(tried, { start: 0, input: explainer.input.picture })) {
    for (const file of files) {
      if (!('picture' in file)) continue;
      const batch = file.prepared ?? preparedPictures([file.picture], explainer.input);
      const target = targetOf(targets, file.index, all);
      await explainer.explainInput(batch, { ...explaining, ...(target !== undefined && { targets: target }) });
      return;
    }
  }
}
