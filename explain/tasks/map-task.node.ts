/** @file One task: some pictures of the list, their maps and figures in a folder of their own. */
import { basename, join } from 'node:path';
import { writeSynced } from '../../onnx/files/disk/atomic-file.node.js';
import { InputError } from '../../onnx/errors.js';
import { brokenPicture } from '../../inference/files/strict.js';
import { isAddress } from '../../inference/files/copies.node.js';
import type { FetchOriginals } from '../../inference/tasks/shared/opening.node.js';
import { oneLine } from '../../inference/parse/json.js';
import { expectWithin } from '../../inference/tasks/spec-files.node.js';
import type { TaskContext } from '../../inference/tasks/job.js';
import { explainedGroups } from '../files/explained-groups.node.js';
import type { MapFiles } from '../files/pictures/map-files.node.js';
import type { MapResult } from '../files/map-result.js';
import { MapWriter, type ExplainedGroup, type MapEntry } from '../files/map-writer.node.js';
import { oneAhead } from '../files/picture-groups.node.js';
import { TASK_RESULTS } from '../files/task-files.node.js';
import { choiceOfPicture } from '../targets/target-choice.js';
import type { LoadedExplain } from './files.node.js';
import type { ListedPicture, PictureList } from './picture-list.node.js';
import type { ParsedExplain } from './texts.js';

/** What a task makes of a picture. */
export type TaskEntry = { picture: string } & ({ maps: MapResult[] } | { reason: string });

/** What all tasks of a job have in common. */
export interface MapTasks extends LoadedExplain {
  parsed: ParsedExplain;
  list: PictureList;
  /** Folders that pictures may be in; anywhere if not given. */
  roots: readonly string[] | undefined;
  /** For pictures that are named by addresses of which there is no copy. */
  fetch: FetchOriginals | undefined;
}

/**
 * Explains the pictures of a task and fills its folder.
 * @param shown what results call the folder
 * @throws InputError if a picture has changed since the job began
 * @throws the signal's reason when it is aborted
 */
export async function writeMapTask(
  folder: string,
  shown: string,
  task: number,
  tasks: MapTasks,
  context: TaskContext,
): Promise<void> {
  const { list, roots, fetch } = tasks;
  const pictures = await list.pictures(task);
  for (const { path, name } of roots ? pictures : []) await expectWithin(roots ?? [], path, name);
  const addresses = pictures.map(({ path }) => path).filter(isAddress);
  const [first] = addresses;
  if (first === undefined) return writePictures(folder, shown, { task, pictures }, tasks, context);
  if (!fetch) throw new InputError({ name: first, expected: 'a picture that was fetched', got: 'an address' });
  const fetched = await fetch.files(addresses, context.signal);
  try {
    const here = pictures.map((each) => ({ ...each, path: fetched.paths.get(each.path) ?? each.path }));
    await writePictures(folder, shown, { task, pictures: here }, tasks, context);
  } finally {
    await fetched.release();
  }
}

async function writePictures(
  folder: string,
  shown: string,
  { task, pictures }: { task: number; pictures: readonly ListedPicture[] },
  { explainer, targets, parsed, list }: MapTasks,
  { signal, progress }: TaskContext,
): Promise<void> {
  const { explaining, style, figures, taskSize } = parsed;
  const own = pictures.map((_, i) => choiceOfPicture(targets, task * taskSize + i, list.count));
  const entries: TaskEntry[] = [];
  const journal = {
    append: (entry: MapEntry) => {
      if ('maps' in entry) entries.push({ picture: entry.picture, maps: entry.maps });
      if ('reason' in entry && parsed.strict) throw brokenPicture(entry.reason);
      if ('reason' in entry) entries.push({ picture: entry.picture, reason: entry.reason });
      return Promise.resolve();
    },
    async *entries() {},
  };
  const name = (file: string) => `${shown}/${basename(file)}`;
  const shownFiles = ({ heatmap, overlay, values, errors }: MapFiles) => ({
    heatmap: name(heatmap),
    overlay: name(overlay),
    values: name(values),
    ...(errors !== undefined && { errors: name(errors) }),
  });
  const told = {
    total: pictures.length,
    progress_callback: ({ loaded, total }: { loaded: number; total: number }) => progress?.(loaded, total),
    onMap: undefined,
  };
  const look = { input: explainer.input, style, figures };
  // Figures of all pictures would take more time and room than the maps.
  const options = { shown: shownFiles, mostFigures: 1 };
  const writer = await MapWriter.create(folder, look, { journal, figures: 0 }, told, options);
  const paths = pictures.map(({ path }) => path);
  const groups = explainedGroups(explainer, paths, 0, { explaining, targets: own, signal, needsAny: false });
  try {
    for await (const group of oneAhead(oneAhead(groups))) {
      await writer.write(named(group, pictures));
      // What is not complete must not take the place of what is.
      signal?.throwIfAborted();
    }
    signal?.throwIfAborted();
    await writer.finish(true);
  } finally {
    await writer.settle();
  }
  await writeSynced(join(folder, TASK_RESULTS), entries.map((entry) => `${oneLine(entry)}\n`).join(''));
}

/** A group with the pictures' names in the list, and without times. */
function named({ files, explanations }: ExplainedGroup, pictures: readonly ListedPicture[]): ExplainedGroup {
  return {
    files: files.map((file) => {
      const { name, path, stamp } = pictures[file.index] as ListedPicture;
      if (file.stamp !== stamp) {
        const expected = 'the picture as it was when the job began';
        throw new InputError({ name, expected, got: file.stamp === '' ? 'none' : 'another size or time' });
      }
      return 'reason' in file
        ? { ...file, path: name, reason: file.reason.replaceAll(path, name) }
        : { ...file, path: name };
    }),
    explanations,
    milliseconds: undefined,
  };
}
