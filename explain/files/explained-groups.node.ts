/** @file Picture files in groups, with the explanations of those that are pictures. */
import { preparedPictures } from '../../inference/networks/network-input.js';
import { concatenated } from '../../inference/numeric/concatenated.js';
import { InputError } from '../../onnx/errors.js';
import type { Explainer, ExplainOptions } from '../maps/explain.js';
import { expectMaskFits, type TargetChoice } from '../targets/target-choice.js';
import type { ExplainedGroup } from './map-writer.node.js';
import { decodedGroups, oneAhead, type DecodedFile } from './picture-groups.node.js';

/** What to explain of files. */
export interface GroupRequest {
  explaining: ExplainOptions;
  /** One per picture. */
  targets: readonly (TargetChoice | undefined)[];
  signal: AbortSignal | undefined;
  /** Whether it is an error if there is no picture at all. */
  needsAny: boolean;
}

/** Groups of files with the explanations of those that are pictures. @throws InputError if none is one, and one is needed */
export async function* explainedGroups(
  explainer: Explainer,
  paths: readonly string[],
  start: number,
  { explaining, targets, signal, needsAny }: GroupRequest,
): AsyncGenerator<ExplainedGroup> {
  let skipped: ExplainedGroup['files'] = [];
  let any = start > 0 || !needsAny;
  const input = explainer.input.picture;
  for await (const { files, pictures, batch } of oneAhead(
    prepared(decodedGroups(paths, { start, input, signal }), explainer),
  )) {
    if (pictures.length === 0) {
      skipped.push(...files);
      continue;
    }
    any = true;
    for (const { index, path, picture } of pictures) expectMaskFits(targets[index], picture, path);
    const own = pictures.flatMap(({ index }) => targets[index] ?? []);
    const started = performance.now();
    const { onRuns } = explaining;
    const found = await untilAborted(
      explainer.explainInput(batch, {
        ...explaining,
        ...(own.length > 0 && { targets: own }),
        ...(onRuns && { onRuns: (run) => onRuns({ ...run, picture: pictures[run.picture]?.index ?? 0 }) }),
        signal,
      }),
      signal,
    );
    // What is not complete is made again when the job is resumed.
    if (!found) return;
    const milliseconds = (performance.now() - started) / found.length;
    const explanations = new Map(
      pictures.map(({ index }, at) => [index, found.filter(({ picture }) => picture === at)] as const),
    );
    yield { files: [...skipped, ...files], explanations, milliseconds };
    skipped = [];
  }
  const [none] = skipped;
  if (none === undefined) return;
  if (!any && 'reason' in none) throw new InputError(none.reason);
  yield { files: skipped, explanations: new Map(), milliseconds: 0 };
}

/** The result, or undefined after the signal's abortion. */
async function untilAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return undefined;
    throw error;
  }
}

/** Groups with the pictures among their files, as the network takes them. */
async function* prepared(groups: AsyncGenerator<DecodedFile[]>, { input }: Explainer) {
  for await (const files of groups) {
    const pictures = files.flatMap((file) => ('picture' in file ? [file] : []));
    const batch = pictures.map((each) => each.prepared ?? preparedPictures([each.picture], input));
    yield { files, pictures, batch: concatenated(batch) };
  }
}
