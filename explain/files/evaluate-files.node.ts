/** @file Picture files in, an evaluation out: its plots and results.json. */
import { shownPath, shownText } from '../../inference/files/copies.node.js';
import { lockFolder } from '../../inference/files/folder-lock.node.js';
import { digestOfList } from '../../inference/files/same-job.node.js';
import { InputError } from '../../onnx/errors.js';
import { writeEvaluationPlots } from '../figures/evaluation-report.node.js';
import { requireFigureOptions, type FigureFileOptions } from '../figures/figure-options.js';
import type { Explainer, ExplainOptions } from '../maps/explain.js';
import {
  evaluateMethods,
  requireOneTarget,
  type EvaluatedPicture,
  type EvaluateOptions,
  type Evaluation,
  type PictureMeasurements,
} from '../metrics/evaluate.js';
import { localisationMetrics } from '../metrics/measures/localisation.js';
import { loadObjects } from '../objects/objects.node.js';
import { choicePerPicture, expectMaskFits } from '../targets/target-choice.js';
import { entriesOfJob, Journal, shortened, type JournalEntry } from './journal.node.js';
import { decodedGroups, expectUnchanged, oneAhead, type SkippedPicture } from './picture-groups.node.js';
import { digestsOfGiven, provenanceOf, requireOwnResults, writeResults, type Provenance } from './results.node.js';

/** How files are evaluated. */
export interface EvaluateFilesOptions
  extends Omit<EvaluateOptions, 'earlier' | 'onPicture'>, Pick<ExplainOptions, 'targets'>, Provenance {
  /** Folder for what is written. */
  out: string;
  /** Where objects are, for metrics of localisation: a file of boxes or a folder of masks (`loadObjects`). */
  boxes?: string;
  /** The files of plots. */
  figures?: FigureFileOptions;
  /** Continue an interrupted job, default false. */
  resume?: boolean;
}

/** An evaluation, and the files it is in. */
export interface EvaluatedFiles {
  evaluation: Evaluation;
  /** Files that could not be read as pictures, where there are others. */
  skipped: SkippedPicture[];
  /** Pictures of which it is not known where the object is, where `boxes` are given. */
  unmarked: SkippedPicture[];
  /** Plots, and results.json last. */
  files: string[];
  /** Whether all pictures are in it: false after the signal. */
  complete: boolean;
}

/** A line of the journal: a picture with what was measured, or a skipped one. */
type Entry = JournalEntry & { picture: string; stamp: string } & (
    | { measured: PictureMeasurements; unmarked?: string }
    | { reason: string }
  );

/**
 * Evaluates methods over picture files (`evaluateMethods`); writes a plot for each curve and `results.json`, and each picture's
 * numbers to `results.jsonl` as they are made. Files that cannot be read as pictures are skipped and named in the result.
 * @throws InputError if there is no picture that can be read, an option does not fit the network, another process writes to
 *   the folder, or `resume` finds another job
 */
export async function evaluateFiles(
  explainer: Explainer,
  paths: readonly string[],
  { out, figures = {}, model, provenance, resume, targets: given, boxes, ...options }: EvaluateFilesOptions,
): Promise<EvaluatedFiles> {
  requireFigureOptions(figures);
  const { signal, progress_callback, device: _device, preparation: _preparation, ...measuring } = options;
  const targets = choicePerPicture(given, paths.length);
  requireOneTarget(targets);
  if (boxes !== undefined) requireLocalisation(measuring.metrics);
  const objects = boxes === undefined ? undefined : await loadObjects(boxes);
  const lock = await lockFolder(out);
  try {
    await requireOwnResults(out);
    const origin = { ...(await provenanceOf({ model, provenance })), ...digestsOfGiven(explainer.given) };
    const chosen = shortened({ ...measuring, targets: given, ...(objects && { boxes: objects.digest }) });
    const job = { kind: 'evaluation', ...origin, pictures: digestOfList(paths.map(shownPath)), ...chosen };
    const before: Entry[] = [];
    if (resume) for await (const entry of entriesOfJob<Entry>(out, job)) before.push(entry);
    await expectUnchanged(
      paths,
      before.map(({ stamp }) => stamp),
    );
    const earlier = before.flatMap((entry) => ('measured' in entry ? [entry.measured] : []));
    const skipped = before.flatMap((entry) => ('reason' in entry ? [skippedOf(entry)] : []));
    const unmarked = before.flatMap((entry) =>
      'unmarked' in entry && entry.unmarked !== undefined ? [{ picture: entry.picture, reason: entry.unmarked }] : [],
    );
    let journal: Journal<Entry> | undefined;
    let current: Pick<Entry, 'done' | 'picture' | 'stamp'> & { unmarked?: string } = {
      done: before.length,
      picture: '',
      stamp: '',
    };
    const waiting: Entry[] = [];
    const input = explainer.input.picture;
    async function* pictures(): AsyncGenerator<EvaluatedPicture> {
      for await (const group of oneAhead(decodedGroups(paths, { start: before.length, input, signal }))) {
        for (const file of group) {
          current = { done: file.index + 1, picture: shownPath(file.path), stamp: file.stamp };
          const target = targets[file.index];
          if ('picture' in file) {
            const { picture, prepared } = file;
            expectMaskFits(target, picture, file.path);
            const object = await objects?.find(file.path, picture, input);
            if (object && 'missing' in object) {
              current.unmarked = object.missing;
              unmarked.push({ picture: current.picture, reason: object.missing });
            }
            yield {
              picture,
              ...(prepared && { prepared }),
              ...(target !== undefined && { target }),
              ...(object && 'mask' in object && { object: object.mask }),
            };
            continue;
          }
          const reason = shownText(file.reason);
          waiting.push({ ...current, reason });
          skipped.push({ picture: current.picture, reason });
        }
      }
    }
    /** Adds lines. The first call, when options are known to fit, replaces the earlier results. */
    const append = async (entries: readonly Entry[]) => {
      if (!journal) {
        journal = await Journal.open<Entry>(out, job, before.length);
        await writeResults(out, { complete: false, provenance: origin, parts: { evaluation: {}, skipped: [] } });
      }
      for (const entry of entries) await journal.append(entry);
    };
    try {
      const evaluation = await evaluateMethods(explainer, pictures(), {
        ...options,
        earlier,
        onPicture: (measured) => append([...waiting.splice(0), { ...current, measured }]),
        progress_callback: () => progress_callback?.({ loaded: current.done }),
      });
      if (evaluation.pictures === 0 && skipped[0]) throw new InputError(skipped[0].reason);
      await append(waiting);
      const complete = !signal?.aborted;
      const files = await writeEvaluationPlots(out, evaluation, figures);
      const results = await writeResults(out, {
        complete,
        provenance: origin,
        parts: { evaluation, skipped, ...(objects && { unmarked }) },
      });
      return { evaluation, skipped, unmarked, files: [...files, results], complete };
    } finally {
      await journal?.close();
    }
  } finally {
    await lock.release();
  }
}

/** @throws InputError if no metric asks where the objects are */
function requireLocalisation(metrics: EvaluateOptions['metrics']): void {
  const localising: readonly string[] = Object.keys(localisationMetrics);
  if (!metrics || metrics.some((name) => localising.includes(name))) return;
  const expected = `${localising.join(' or ')} among the metrics`;
  throw new InputError({ name: 'boxes', expected, got: metrics.join(', ') });
}

const skippedOf = ({ picture, reason }: { picture: string; reason: string }): SkippedPicture => ({ picture, reason });
