/** @file Picture files in, maps and results.json out: any number of pictures, a few in memory at a time. */
import { join } from 'node:path';
import { shownPath } from '../../inference/files/copies.node.js';
import { lockFolder } from '../../inference/files/folder-lock.node.js';
import { digestOfList } from '../../inference/files/same-job.node.js';
import { heldJob, JOB_FILE } from '../../inference/tasks/shared/description.node.js';
import { InputError } from '../../onnx/errors.js';
import { requireFigureOptions, type FigureFileOptions } from '../figures/figure-options.js';
import { requireStyle, type MapStyle } from '../figures/overlay.js';
import type { Explainer, ExplainOptions } from '../maps/explain.js';
import { explainsLayer, type MethodName } from '../methods/table.js';
import type { Explanation } from '../maps/explanation.js';
import { choicePerPicture, leastTargets, type TargetChoice } from '../targets/target-choice.js';
import { requireFigureFits } from './pictures/drawn-figure.node.js';
import { explainedGroups } from './explained-groups.node.js';
import { entriesOfJob, Journal, shortened, type Job } from './journal.node.js';
import { MapWriter, type ExplainedGroup, type MapEntry } from './map-writer.node.js';
import { expectUnchanged, oneAhead, type SkippedPicture } from './picture-groups.node.js';
import { removeTaskFiles } from './task-files.node.js';
import { digestsOfGiven, provenanceOf, requireOwnResults, writeResults, type Provenance } from './results.node.js';

/** How files are explained. */
export interface ExplainFilesOptions extends ExplainOptions, Provenance {
  /** Folder for the files; made if it is missing. Existing files of the same names are replaced. */
  out: string;
  style?: MapStyle;
  /** The files of figures. */
  figures?: FigureFileOptions;
  /** Continue an interrupted job, default false. */
  resume?: boolean;
  /** Called after each picture. */
  progress_callback?: (progress: { loaded: number; total: number; path: string }) => void;
  /** Called for each map as it is written. */
  onMap?: (path: string, explanation: Explanation) => void;
  /** Stops after the current group of pictures, or between two runs of a map that takes many; the job can be resumed. */
  signal?: AbortSignal;
}

/** What was made. */
export interface ExplainedFiles {
  /** How many maps there are, those that were there before a resumed job included. */
  maps: number;
  /** Files that could not be read as pictures, where there are others. */
  skipped: SkippedPicture[];
  /** Figures, and results.json last. */
  files: string[];
  /** Whether all pictures are done: false after the signal. */
  complete: boolean;
}

/**
 * Explains picture files and writes for each map `<picture>-<layer>-<method>.png`, `…-overlay.png` and `….npy`, and figures.
 * `results.json` names all of it; `results.jsonl` holds the same as it is made. Files that cannot be read as pictures are
 * skipped and named in the result. The next pictures are explained while the maps of the last ones are drawn.
 * @throws InputError if there is no picture that can be read, an option does not fit the network, another process writes to
 *   the folder, or `resume` finds another job
 */
export async function explainFiles(
  explainer: Explainer,
  paths: readonly string[],
  options: ExplainFilesOptions,
): Promise<ExplainedFiles> {
  const {
    out,
    style = {},
    figures = {},
    model,
    provenance,
    resume,
    progress_callback,
    onMap,
    signal,
    onRuns,
    ...chosen
  } = options;
  const explaining = { ...chosen, ...(onRuns && { onRuns }) };
  const targets = choicePerPicture(explaining.targets, paths.length);
  requireStyle(style);
  requireFigureOptions(figures);
  requireFits(explainer, chosen, targets, figures);
  const lock = await lockFolder(out);
  try {
    await requireOwnResults(out);
    const tasks = await heldJob(out, 'gan-gradcam');
    if (tasks && resume) {
      const expected = `the job of ${join(out, JOB_FILE)}, which has a folder for each task`;
      throw new InputError({ name: 'resume', expected, got: 'one without tasks' });
    }
    const origin = { ...(await provenanceOf({ model, provenance })), ...digestsOfGiven(explainer.given) };
    const job = {
      kind: 'maps',
      ...origin,
      pictures: digestOfList(paths.map(shownPath)),
      ...shortened({ ...chosen, ...style, ...figures }),
    };
    const before = resume ? await doneBefore(out, job, paths) : { pictures: 0, figures: 0 };
    // Two ahead: the network does not wait for the last file of a group.
    const groups = oneAhead(
      oneAhead(explainedGroups(explainer, paths, before.pictures, { explaining, targets, signal, needsAny: true })),
    );
    // Nothing is written before the first explanation: options may not fit the network.
    const first = await groups.next();
    if (tasks) await removeTaskFiles(out);
    const journal = await Journal.open<MapEntry>(out, job, before.pictures);
    try {
      const look = { input: explainer.input, style, figures };
      const progress = { total: paths.length, progress_callback, onMap };
      const writer = await MapWriter.create(out, look, { journal, figures: before.figures }, progress);
      await writeResults(out, { complete: false, provenance: origin, parts: { maps: [], skipped: [] } });
      const complete = await writeGroups(writer, first, groups, signal);
      const { maps, skipped } = await countsOf(journal);
      const results = await writeResults(out, {
        complete,
        provenance: origin,
        parts: { maps: mapsOf(journal), skipped },
      });
      return { maps, skipped, files: [...writer.figures, results], complete };
    } finally {
      await journal.close();
    }
  } finally {
    await lock.release();
  }
}

/** @throws InputError if the figures of methods that share their rows do not fit */
function requireFits(
  explainer: Explainer,
  { methods, layers, tokens }: ExplainOptions,
  targets: readonly (TargetChoice | undefined)[],
  figures: FigureFileOptions,
): void {
  if (!Array.isArray(methods)) return;
  const kinds = new Set((methods as readonly MethodName[]).map(explainsLayer));
  const places = kinds.has(true) ? explainer.chosenLayers(layers, tokens).length : 1;
  if (kinds.size > 1 && places > 1) return;
  const rows = places * targets.reduce<number>((sum, target) => sum + leastTargets(target, explainer.head), 0);
  requireFigureFits({ methods: new Set(methods).size, rows }, figures);
}

/** Writes all groups until the signal. Returns whether these are all. */
async function writeGroups(
  writer: MapWriter,
  first: IteratorResult<ExplainedGroup, unknown>,
  groups: AsyncGenerator<ExplainedGroup>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    for (let group = first; !group.done && !signal?.aborted; group = await groups.next())
      await writer.write(group.value);
    await groups.return(undefined);
    const complete = !signal?.aborted;
    await writer.finish(complete);
    return complete;
  } finally {
    await writer.settle();
  }
}

/** How many pictures of the same job are done, and the figures that hold them. */
async function doneBefore(
  out: string,
  job: Job,
  paths: readonly string[],
): Promise<{ pictures: number; figures: number }> {
  let done = { pictures: 0, figures: 0 };
  const stamps: string[] = [];
  for await (const entry of entriesOfJob<MapEntry>(out, job)) {
    if ('figures' in entry) done = { pictures: entry.done, figures: entry.figures };
    else stamps.push(entry.stamp);
  }
  await expectUnchanged(paths, stamps.slice(0, done.pictures));
  return done;
}

async function countsOf(journal: Journal<MapEntry>): Promise<Pick<ExplainedFiles, 'maps' | 'skipped'>> {
  let maps = 0;
  const skipped: SkippedPicture[] = [];
  for await (const entry of journal.entries()) {
    if ('maps' in entry) maps += entry.maps.length;
    if ('reason' in entry) skipped.push({ picture: entry.picture, reason: entry.reason });
  }
  return { maps, skipped };
}

async function* mapsOf(journal: Journal<MapEntry>) {
  for await (const entry of journal.entries()) if ('maps' in entry) yield* entry.maps;
}
