/** @file An evaluation as tasks, which any engine can run: sums of parts that merge to the same digits, whoever made them. */
import { join, resolve } from 'node:path';
import type { FolderLock } from '../../../inference/files/folder-lock.node.js';
import { resolveDevice } from '../../../inference/runtime/devices/devices.node.js';
import type { Device, DeviceChoice } from '../../../inference/runtime/session.js';
import type { FinishContext, TaskJob } from '../../../inference/tasks/job.js';
import { expectComplete } from '../../../inference/tasks/run.js';
import {
  expectSameDescription,
  readDescription,
  writeDescription,
} from '../../../inference/tasks/shared/description.node.js';
import { expectFiles, modelFiles } from '../../../inference/tasks/shared/model-files.node.js';
import { checkedOptions, jsonOfOptions } from '../../../inference/tasks/shared/options.js';
import { expectRunnable } from '../../../inference/tasks/spec-files.node.js';
import { fileOf, jobFile, jobId, type JobSpec } from '../../../inference/tasks/spec.node.js';
import { packageVersion } from '../../../inference/tasks/version.node.js';
import { InputError } from '../../../onnx/errors.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { GramSession } from '../../quality/distance/gram.node.js';
import { distancesBetween } from '../../quality/distances.node.js';
import { FeatureNetwork, namedFeatures } from '../../quality/feature-network.node.js';
import { Releases } from '../../run/releases.js';
import { leftOut, openPair, type Evaluated } from '../pair.node.js';
import type { PairDescription } from '../set-description.node.js';
import {
  JOB_FILE,
  readyFolder,
  removeAllLeftovers,
  RESULTS_FILE,
  SETS_FILE,
  type FolderUse,
} from './job-folder.node.js';
import { expectSets, jobSets, placedPair, readSets, writeSets, type JobSets } from './sets-file.node.js';
import { EvaluationStages } from './stages.node.js';
import { evaluationRules, parsedEvaluation, type EvaluationTexts } from './texts.js';

const FEATURES = 'features';
const SETS = 'sets';

/** What an evaluation job found. */
export interface EvaluatedJob {
  evaluated: Evaluated;
  /** What was left out, one line each. */
  skipped: string[];
  /** The file that holds all of it. */
  results: string;
}

/** An evaluation that any engine can run. */
export interface EvaluationJob extends TaskJob<EvaluatedJob> {
  /** Where networks run, and why. */
  readonly choice: DeviceChoice;
  /** What is compared, for people. */
  readonly notes: readonly string[];
}

/** Who runs tasks of a job that came as data. */
export interface JobPlace {
  device: Device;
  /** Folders that the job may read and write; anywhere if not given. */
  roots?: readonly string[] | undefined;
}

/** What a job begins with. */
export interface EvaluationRequest extends FolderUse {
  pair: PairDescription;
  /** `MODEL.onnx` or `MODEL.onnx:LAYER`. */
  features: string;
  texts: Omit<EvaluationTexts, 'layer'>;
  out: string;
  device: Device;
}

/**
 * Begins an evaluation in its folder, or goes on with the same one.
 * @throws InputError if sets or networks cannot be used, another process writes to the folder, or it holds another job
 */
export async function startEvaluationJob(request: EvaluationRequest): Promise<EvaluationJob> {
  const { pair, features, out, device } = request;
  const { path, layer } = namedFeatures(features);
  const texts = { ...request.texts, layer };
  parsedEvaluation(texts);
  const files = await modelFiles(FEATURES, path);
  const setsFile = resolve(out, SETS_FILE);
  const now = await jobSets(setsFile, features, pair);
  const name = request.shared ? 'out' : 'resume';
  const lock = await readyFolder(out, request);
  try {
    await writeSets(setsFile, now);
    const sets = await readSets(setsFile);
    expectSameSets(join(out, SETS_FILE), sets, now, name);
    const spec: JobSpec = {
      command: 'gan-eval',
      version: packageVersion(),
      options: jsonOfOptions(texts, evaluationRules),
      files: [...files, await jobFile(SETS, setsFile)],
      outputs: { out: resolve(out) },
    };
    await describe(spec, name, out);
    return await opened(spec, sets, device, { lock, shown: out });
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/**
 * Opens a job that came as data, for a worker. It is checked as strictly as a command line.
 * @throws InputError if this is not the package's version, a file or set is missing, has changed or is not below a root, an
 *   option is not known or does not fit, or the folder holds another job
 */
export async function openEvaluationJob(spec: JobSpec, { device, roots }: JobPlace): Promise<EvaluationJob> {
  if (spec.command !== 'gan-eval')
    throw new InputError({ name: 'job.command', expected: 'gan-eval', got: spec.command });
  parsedEvaluation(checkedOptions(spec.options, evaluationRules));
  const out = outOf(spec);
  await expectRunnable(spec, roots);
  await expectFiles(spec.files, FEATURES, [SETS]);
  const path = fileOf(spec, SETS).path;
  if (resolve(path) !== join(out, SETS_FILE))
    throw new InputError({ name: 'job.files', expected: `${join(out, SETS_FILE)} as ${SETS}`, got: path });
  const sets = await readSets(path);
  await expectSets(sets, placedPair(path, sets), roots);
  await describe(spec, 'job', out);
  return opened(spec, sets, device, { roots });
}

function outOf({ outputs: { out, ...others } }: JobSpec): string {
  const [stray] = Object.keys(others);
  if (stray !== undefined) throw new InputError({ name: `job.outputs.${stray}`, expected: 'no such field' });
  if (out === undefined) throw new InputError({ name: 'job.outputs.out', expected: 'a folder' });
  return resolve(out);
}

/** @throws InputError if the sets of a folder's job are others, or hold something else now */
function expectSameSets(path: string, before: JobSets, now: JobSets, name: string): void {
  for (const [i, set] of now.sets.entries()) {
    const { identity: was, ...there } = before.sets[i] as JobSets['sets'][0];
    const { identity, ...given } = set;
    if (JSON.stringify(there) !== JSON.stringify(given)) {
      const shown = (each: object) => JSON.stringify(each).slice(0, 200);
      throw new InputError({ name, expected: `the sets of ${path}, where one is ${shown(there)}`, got: shown(given) });
    }
    if (identity === was) continue;
    const expected = 'the pictures or networks that it held when the job began';
    throw new InputError({ name: set.path ?? 'built-in pictures', expected, got: 'others' });
  }
  for (const key of ['folder', 'features', 'asTrained'] as const) {
    if (before[key] === now[key]) continue;
    throw new InputError({
      name,
      expected: `the job of ${path}, where ${key} is ${before[key]}`,
      got: String(now[key]),
    });
  }
}

/** Says in the folder what its job is. @throws InputError if there is another one */
async function describe(spec: JobSpec, name: string, out: string): Promise<void> {
  const path = join(out, JOB_FILE);
  await writeDescription(path, spec);
  const there = await readDescription(path);
  if (there) expectSameDescription(path, there, spec, name);
}

interface Opened {
  lock?: FolderLock | undefined;
  roots?: readonly string[] | undefined;
  /** What the user calls the folder. */
  shown?: string | undefined;
}

async function opened(spec: JobSpec, sets: JobSets, wanted: Device, { lock, shown }: Opened): Promise<EvaluationJob> {
  const texts = checkedOptions(spec.options, evaluationRules);
  const { preparation, generator } = parsedEvaluation(texts);
  const { samples, strict, subsets, subsetSize, layer } = texts;
  const [out, path] = [outOf(spec), fileOf(spec, SETS).path];
  const choice = await resolveDevice(wanted);
  const { device } = choice;
  const releases = new Releases();
  try {
    const names = sets.sets.map((set) => set.path ?? '') as [string, string];
    const pair = await openPair(placedPair(path, sets), { samples, strict, generator, device }, names);
    releases.add(() => pair.release());
    const model = fileOf(spec, FEATURES).path;
    const named = { preparation, device, shown: sets.features };
    const network = await FeatureNetwork.load(layer === undefined ? model : `${model}:${layer}`, named);
    releases.add(() => network.dispose());
    const products = await GramSession.open();
    releases.add(() => products.release());
    const tasks = new EvaluationStages({ out, pair, network, products, subsets: { subsets, subsetSize } });
    const { stages } = tasks;
    const finish = async ({ signal }: FinishContext): Promise<EvaluatedJob> => {
      for (const stage of stages) expectComplete('job', await stage.tasks(), await stage.missing());
      await removeAllLeftovers(out);
      const { real, fake } = await tasks.measured();
      const distances = await distancesBetween(network, real, fake, { signal, subsets, subsetSize });
      const evaluated = pair.evaluated({ network, real, fake, distances, subsetSize });
      const skipped = leftOut(pair, real, fake);
      const results = join(shown ?? out, RESULTS_FILE);
      const text = { job: jobId(spec), version: spec.version, ...resultsOf(evaluated), skipped };
      await writeFileAtomic(results, `${JSON.stringify(text, undefined, 2)}\n`);
      return { evaluated, skipped, results };
    };
    return {
      id: jobId(spec),
      spec,
      stages,
      choice,
      notes: pair.notes,
      finish,
      async dispose() {
        await releases.release();
        await lock?.release();
      },
    };
  } catch (error) {
    await releases.release();
    throw error;
  }
}

/** What is found, as results.json has it. */
const resultsOf = (evaluated: Evaluated) =>
  'comparison' in evaluated ? evaluated.comparison : { ...evaluated.row, assumed: evaluated.assumed };
