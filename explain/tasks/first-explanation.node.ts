/** @file Whether the options of a job fit its network, before anything is written. */
import { isAddress } from '../../inference/files/copies.node.js';
import { preparedPictures } from '../../inference/networks/network-input.js';
import type { ExplainOptions } from '../maps/explain.js';
import { decodedGroups } from '../files/picture-groups.node.js';
import type { FetchOriginals } from '../../inference/tasks/shared/opening.node.js';
import { choiceOfPicture, expectMaskFits, type TargetChoice } from '../targets/target-choice.js';
import type { LoadedExplain } from './files.node.js';

/** Pictures that are tried: behind broken ones there may be more. */
const TRIED = 8;

/**
 * Explains the first picture that can be read.
 * @param fetch for pictures that are named by addresses
 * @throws InputError for options that do not fit the network
 */
export async function firstExplanation(
  loaded: LoadedExplain,
  paths: readonly string[],
  explaining: ExplainOptions,
  fetch?: FetchOriginals,
): Promise<void> {
  choiceOfPicture(loaded.targets, 0, paths.length);
  for (const [index, path] of paths.slice(0, TRIED).entries()) {
    const target = choiceOfPicture(loaded.targets, index, paths.length);
    const fetched = isAddress(path) ? await fetch?.files([path]) : undefined;
    const here = fetched?.paths.get(path) ?? path;
    const done = await isExplained(loaded, here, target, explaining).finally(() => fetched?.release());
    if (done) return;
  }
}

/** Explains a picture. @returns false if it cannot be read */
async function isExplained(
  { explainer }: LoadedExplain,
  path: string,
  target: TargetChoice | undefined,
  options: ExplainOptions,
): Promise<boolean> {
  for await (const [file] of decodedGroups([path], { start: 0, input: explainer.input.picture })) {
    if (!file || !('picture' in file)) return false;
    expectMaskFits(target, file.picture, path);
    const batch = file.prepared ?? preparedPictures([file.picture], explainer.input);
    await explainer.explainInput(batch, { ...options, ...(target !== undefined && { targets: target }) });
    return true;
  }
  return false;
}
