/** @file Explanations of any number of pictures as tasks, which any engine can run. */
import { join, resolve } from 'node:path';
import { shownPath, shownText } from '../../inference/files/copies.node.js';
import { labelOfFolders } from '../../inference/labels/given-label.js';
import { expectNoneSkipped } from '../../inference/files/strict.js';
import type { FolderLock } from '../../inference/files/folder-lock.node.js';
import type { Assumption } from '../../inference/graphs/assumption.js';
import { assumedOfRasters } from '../../inference/rasters/assumed.js';
import type { Device, DeviceChoice } from '../../inference/runtime/session.js';
import { claimFolder, expectClaimed } from '../../inference/tasks/shared/description.node.js';
import type { FinishContext, TaskJob, TaskStage } from '../../inference/tasks/job.js';
import {
  expectCommand,
  expectFileAt,
  onlyFolder,
  type FetchOriginals,
  type FolderUse,
  type JobPlace,
} from '../../inference/tasks/shared/opening.node.js';
import { checkedOptions, jsonOfOptions } from '../../inference/tasks/shared/options.js';
import { publishFolder } from '../../inference/tasks/publish.node.js';
import { TaskResults } from '../../inference/tasks/results.node.js';
import { expectComplete } from '../../inference/tasks/run.js';
import { expectRunnable } from '../../inference/tasks/spec-files.node.js';
import { fileOf, jobFile, jobId, type JobSpec } from '../../inference/tasks/spec.node.js';
import { packageVersion } from '../../inference/tasks/version.node.js';
import { InputError } from '../../onnx/errors.js';
import { removeLeftovers } from '../../onnx/files/disk/temporary.node.js';
import { LIST_FILE, TASK_RESULTS, taskName } from '../files/task-files.node.js';
import { expectAllRead } from '../files/picture-groups.node.js';
import { assumedOfSkipped } from '../maps/assumptions.js';
import { explainsLayer } from '../methods/table.js';
import { firstExplanation } from './first-explanation.node.js';
import { expectJobFiles, explainJobFiles, loadedExplain, MODEL, PICTURES, type LoadedExplain } from './files.node.js';
import { readyFolder } from './job-folder.node.js';
import { writeMapTask, type MapTasks } from './map-task.node.js';
import { mergeResults, type ExplainedTasks } from './merged-results.node.js';
import { PictureList } from './picture-list.node.js';
import { explainRules, parsedExplain, type ExplainTexts } from './texts.js';

/** A bulk job of explanations. */
export interface ExplainJob extends TaskJob<ExplainedTasks> {
  /** Where the network runs, and why. */
  readonly choice: DeviceChoice;
  /** How pictures and network are read. */
  readonly assumed: readonly Assumption[];
}

/** What a job begins with. */
export interface ExplainRequest extends FolderUse {
  /** Picture files. */
  paths: readonly string[];
  /** A line for each file that was skipped when they were listed. */
  skipped?: readonly string[] | undefined;
  texts: ExplainTexts;
  /** Files of the network and of the names of its classes. */
  model: string;
  labels?: string | undefined;
  out: string;
  device: Device;
  /** Where `paths` has addresses that nobody fetched: their sizes and times, and who fetches them. */
  originals?: { stamps: ReadonlyMap<string, string>; fetch: FetchOriginals } | undefined;
}

/**
 * Begins a bulk job in its folder, or goes on with the same one. Nothing is written before one picture was explained.
 * @throws InputError if an option does not fit the network, another process writes to the folder, or it holds another job
 */
export async function startExplainJob(request: ExplainRequest): Promise<ExplainJob> {
  const { paths, model, labels, out, device, originals } = request;
  const skipped = (request.skipped ?? []).map(shownText);
  const parsed = parsedExplain(request.texts);
  if (parsed.strict) expectNoneSkipped(skipped);
  const files = await explainJobFiles(model, labels, parsed);
  let { label } = request.texts;
  const ofFolders = labelOfFolders(paths);
  const loaded = await loadedExplain(files, request.texts, parsed, device, (names) => {
    const found = ofFolders(names);
    if (found) label = `${found.label}`;
    return found;
  });
  // A class that the pictures' folder tells travels with the job.
  const texts = { ...request.texts, label };
  let lock: FolderLock | undefined;
  try {
    const check = async () => {
      if (parsed.strict) await expectAllRead(paths, loaded.explainer.input.picture);
      await firstExplanation(loaded, paths, parsed.explaining, originals?.fetch);
    };
    const folder = await readyFolder(out, paths.map(shownPath), { ...request, stamps: originals?.stamps }, check);
    ({ lock } = folder);
    const spec: JobSpec = {
      command: 'gan-gradcam',
      version: packageVersion(),
      options: jsonOfOptions(texts, explainRules),
      files: [...files, await jobFile(PICTURES, resolve(out, LIST_FILE))],
      outputs: { out: resolve(out) },
    };
    await claimFolder(out, spec, folder.name);
    return await opened(spec, loaded, { lock, shown: out, skipped, fetch: originals?.fetch });
  } catch (error) {
    await lock?.release();
    await loaded.explainer.dispose();
    throw error;
  }
}

/**
 * Opens a job that came as data, for a worker. It is checked as strictly as a command line.
 * @throws InputError if this is not the package's version, a file is missing, has changed or is not below a root, an option is
 *   not known or does not fit, or the folder holds another job
 */
export async function openExplainJob(spec: JobSpec, { device, roots, fetch }: JobPlace): Promise<ExplainJob> {
  expectCommand(spec, 'gan-gradcam');
  const texts = checkedOptions(spec.options, explainRules);
  const parsed = parsedExplain(texts);
  const out = onlyFolder(spec);
  await expectRunnable(spec, roots);
  await expectJobFiles(spec.files, parsed);
  expectFileAt(spec, PICTURES, join(out, LIST_FILE));
  await claimFolder(out, spec, 'job');
  const loaded = await loadedExplain(spec.files, texts, parsed, device);
  try {
    return await opened(spec, loaded, { roots, fetch });
  } catch (error) {
    await loaded.explainer.dispose();
    throw error;
  }
}

interface Opened {
  lock?: FolderLock | undefined;
  roots?: readonly string[] | undefined;
  fetch?: FetchOriginals | undefined;
  /** What the user calls the folder. */
  shown?: string | undefined;
  skipped?: readonly string[] | undefined;
}

async function opened(
  spec: JobSpec,
  loaded: LoadedExplain,
  { lock, roots, fetch, shown, skipped = [] }: Opened,
): Promise<ExplainJob> {
  const texts = checkedOptions(spec.options, explainRules);
  const parsed = parsedExplain(texts);
  const out = onlyFolder(spec);
  const { explainer } = loaded;
  const list = await PictureList.open(fileOf(spec, PICTURES).path, parsed.taskSize);
  const tasks: MapTasks = { ...loaded, parsed, list, roots, fetch };
  const results = new TaskResults(out, list.tasks, taskName);
  const { methods, layers, tokens } = parsed.explaining;
  const usesLayers = methods === undefined || methods === 'all' || methods.some((name) => explainsLayer(name));
  const assumed = [
    ...explainer.assumptions,
    ...assumedOfSkipped(skipped),
    ...assumedOfRasters(list.rasters, explainer.input.picture),
    ...(usesLayers ? explainer.layerAssumptions(layers, tokens) : []),
  ];
  const maps: TaskStage = {
    name: 'maps',
    tasks: () => Promise.resolve(list.tasks),
    size: (task) => list.size(task),
    missing: () => results.missing(),
    done: (task) => results.done(task),
    files: { of: (task) => ({ path: taskName(task), last: TASK_RESULTS }), read: 'last' },
    run: async (task, context) =>
      void (await publishFolder(results.path(task), async (folder) => {
        await writeMapTask(folder, taskName(task), task, tasks, context);
        await expectClaimed(out, spec);
      })),
  };
  const finish = async ({ signal, progress }: FinishContext): Promise<ExplainedTasks> => {
    await expectClaimed(out, spec);
    expectComplete('job', list.tasks, await results.missing());
    await removeLeftovers(out);
    const [id, model] = [jobId(spec), fileOf(spec, MODEL)];
    const head = {
      job: id,
      version: spec.version,
      modelDigest: `sha256:${model.sha256}`,
      assumed,
      options: spec.options,
    };
    const told = (task: number) => progress?.(Math.min((task + 1) * list.taskSize, list.count), list.count);
    const made = await mergeResults(shown ?? out, results, head, { signal, progress: told });
    const [first] = made.skipped;
    if (first && made.skipped.length === made.pictures) throw new InputError(first.reason);
    return made;
  };
  return {
    id: jobId(spec),
    spec,
    stages: [maps],
    choice: explainer.choice,
    assumed,
    finish,
    async dispose() {
      await explainer.dispose();
      await lock?.release();
    },
  };
}
