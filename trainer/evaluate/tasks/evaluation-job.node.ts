/** @file An evaluation as tasks, which any engine can run: sums of parts that merge to the same digits, whoever made them. */
import { join, resolve } from 'node:path';
import type { FolderLock } from '../../../inference/files/folder-lock.node.js';
import { resolveDevice } from '../../../inference/runtime/devices/devices.node.js';
import type { Device, DeviceChoice } from '../../../inference/runtime/session.js';
import type { FinishContext, TaskJob } from '../../../inference/tasks/job.js';
import { expectComplete } from '../../../inference/tasks/run.js';
import { claimFolder, expectClaimed } from '../../../inference/tasks/shared/description.node.js';
import { inputFiles, loadInputNumbers, placedInputs } from '../../../inference/tasks/shared/given-inputs.node.js';
import { expectFiles, modelFiles, placedFile } from '../../../inference/tasks/shared/model-files.node.js';
import {
  expectCommand,
  expectFileAt,
  onlyFolder,
  type FolderUse,
  type JobPlace,
} from '../../../inference/tasks/shared/opening.node.js';
import { checkedOptions, jsonOfOptions } from '../../../inference/tasks/shared/options.js';
import { expectRunnable } from '../../../inference/tasks/spec-files.node.js';
import { fileOf, jobFile, jobId, type JobFile, type JobSpec } from '../../../inference/tasks/spec.node.js';
import { packageVersion } from '../../../inference/tasks/version.node.js';
import { InputError } from '../../../onnx/errors.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { GramSession } from '../../quality/distance/gram.node.js';
import { distancesBetween, setPlans } from '../../quality/distances.node.js';
import { FeatureNetwork, namedFeatures } from '../../quality/feature-network.node.js';
import { Releases } from '../../run/releases.js';
import { leftOut, openPair, type Evaluated, type OpenedPair } from '../pair.node.js';
import type { PairDescription } from '../set-description.node.js';
import { readyFolder, removeAllLeftovers, RESULTS_FILE, SETS_FILE } from './job-folder.node.js';
import { expectSets, fetchSets, jobSets, placedPair, readSets, writeSets, type JobSets } from './sets-file.node.js';
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
  const files = await modelFiles(FEATURES, path);
  const further = inputFiles(parsedEvaluation(texts).inputs);
  for (const [role, file] of Object.entries(further)) files.push(await placedFile(role, file));
  const setsFile = resolve(out, SETS_FILE);
  const now = await jobSets(setsFile, features, pair);
  const name = request.shared ? 'out' : 'resume';
  // Nothing is written before it is known that sets, networks and options fit.
  const loaded = await loadedEvaluation({ model: path, sets: now, setsFile, files }, texts, device);
  let lock: FolderLock | undefined;
  try {
    lock = await readyFolder(out, request);
    await writeSets(setsFile, now);
    expectSameSets(join(out, SETS_FILE), await readSets(setsFile), now, name);
    const spec: JobSpec = {
      command: 'gan-eval',
      version: packageVersion(),
      options: jsonOfOptions(texts, evaluationRules),
      files: [...files, await jobFile(SETS, setsFile)],
      outputs: { out: resolve(out) },
    };
    await claimFolder(out, spec, name);
    return evaluationJob(spec, loaded, { lock, shown: out });
  } catch (error) {
    await lock?.release();
    await loaded.release();
    throw error;
  }
}

/**
 * Opens a job that came as data, for a worker. It is checked as strictly as a command line.
 * @throws InputError if this is not the package's version, a file or set is missing, has changed or is not below a root, an
 *   option is not known or does not fit, or the folder holds another job
 */
export async function openEvaluationJob(spec: JobSpec, { device, roots, fetch }: JobPlace): Promise<EvaluationJob> {
  expectCommand(spec, 'gan-eval');
  const texts = checkedOptions(spec.options, evaluationRules);
  const { inputs } = parsedEvaluation(texts);
  const out = onlyFolder(spec);
  await expectRunnable(spec, roots);
  await expectFiles(spec.files, [FEATURES], [SETS, ...Object.keys(inputFiles(inputs))]);
  const path = join(out, SETS_FILE);
  expectFileAt(spec, SETS, path);
  const sets = await readSets(path);
  await fetchSets(sets, { roots, fetch });
  await expectSets(sets, placedPair(path, sets), roots);
  await claimFolder(out, spec, 'job');
  const model = fileOf(spec, FEATURES).path;
  const { files } = spec;
  return evaluationJob(spec, await loadedEvaluation({ model, sets, setsFile: path, files }, texts, device), {});
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

interface Loaded {
  choice: DeviceChoice;
  pair: OpenedPair;
  network: FeatureNetwork;
  products: GramSession;
  release(): Promise<void>;
}

/** Opens what a job compares, and its networks. @throws InputError if they cannot be used, or there are too few pictures */
async function loadedEvaluation(
  { model, sets, setsFile, files }: { model: string; sets: JobSets; setsFile: string; files: readonly JobFile[] },
  texts: EvaluationTexts,
  wanted: Device,
): Promise<Loaded> {
  const { preparation, generator: read, inputs } = parsedEvaluation(texts);
  const generator = { ...read, inputs: await loadInputNumbers(placedInputs(inputs, files)) };
  const { samples, strict, layer } = texts;
  const choice = await resolveDevice(wanted);
  const { device } = choice;
  const releases = new Releases();
  try {
    const names = sets.sets.map((set) => set.path ?? '') as [string, string];
    const pair = await openPair(placedPair(setsFile, sets), { samples, strict, generator, device }, names);
    releases.add(() => pair.release());
    const named = { preparation, device, shown: sets.features };
    const network = await FeatureNetwork.load(layer === undefined ? model : `${model}:${layer}`, named);
    releases.add(() => network.dispose());
    setPlans({ real: pair.real.wanted, fake: pair.fake.wanted }, texts);
    const products = await GramSession.open();
    releases.add(() => products.release());
    return { choice, pair, network, products, release: () => releases.release() };
  } catch (error) {
    await releases.release();
    throw error;
  }
}

/** @param shown what the user calls the folder */
function evaluationJob(
  spec: JobSpec,
  { choice, pair, network, products, release }: Loaded,
  { lock, shown }: { lock?: FolderLock | undefined; shown?: string },
): EvaluationJob {
  const { subsets, subsetSize, manifoldSamples } = checkedOptions(spec.options, evaluationRules);
  const out = onlyFolder(spec);
  const expectOurs = () => expectClaimed(out, spec);
  const tasks = new EvaluationStages({
    out,
    pair,
    network,
    products,
    subsets: { subsets, subsetSize, manifoldSamples },
    expectOurs,
  });
  const { stages } = tasks;
  return {
    id: jobId(spec),
    spec,
    stages,
    choice,
    notes: pair.notes,
    async finish({ signal }: FinishContext): Promise<EvaluatedJob> {
      await expectOurs();
      for (const stage of stages) expectComplete('job', await stage.tasks(), await stage.missing());
      await removeAllLeftovers(out);
      const { real, fake } = await tasks.measured();
      const distances = await distancesBetween(network, real, fake, { signal, subsets, subsetSize, manifoldSamples });
      const evaluated = pair.evaluated({ network, real, fake, distances, subsetSize });
      const skipped = leftOut(pair, real, fake);
      const results = join(shown ?? out, RESULTS_FILE);
      const text = { job: jobId(spec), version: spec.version, ...resultsOf(evaluated), skipped };
      await writeFileAtomic(results, `${JSON.stringify(text, undefined, 2)}\n`);
      return { evaluated, skipped, results };
    },
    async dispose() {
      await release();
      await lock?.release();
    },
  };
}

/** What is found, as results.json has it. */
const resultsOf = (evaluated: Evaluated) =>
  'comparison' in evaluated ? evaluated.comparison : { ...evaluated.row, assumed: evaluated.assumed };
