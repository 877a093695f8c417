/** @file A sweep as data for workers: absolute paths and all settings on the way out, every one of them checked on arrival. */
import { isAbsolute, join, resolve } from 'node:path';
import { isRecord } from '../../inference/parse/json.js';
import type { Device } from '../../inference/runtime/session.js';
import { isJsonObject, type JsonObject } from '../../inference/tasks/canonical.js';
import { expectRunnable, expectWithin } from '../../inference/tasks/spec-files.node.js';
import { jobFile, type JobFile, type JobSpec } from '../../inference/tasks/spec.node.js';
import { packageVersion } from '../../inference/tasks/version.node.js';
import { InputError } from '../../onnx/errors.js';
import { namedFeatures } from '../../trainer/quality/feature-network.node.js';
import { isAddress } from '../../trainer/run/open-run.node.js';
import type { ChosenSettings } from '../../trainer/settings/resolve-settings.node.js';
import { measures, plannedRun, MAX_RUNS, type SweepPlan, type SweepRun } from './plan.node.js';

/** Where a worker trains the runs of a sweep. */
export interface SweepPlace {
  /** Of runs that name none. */
  device: Device;
  roots: readonly string[];
}

/** What `runName` gives. */
const NAME = /^[\w.,=+-]{1,80}-[0-9a-f]{8}$/;
const FEATURES = 'features';

/** @param shared whether workers elsewhere read it: they have other current folders, and expect the same feature networks */
export async function sweepSpec(plan: SweepPlan, out: string, shared: boolean): Promise<JobSpec> {
  const runs = plan.runs.map(({ name, settings }) => ({ name, settings: absolute(settings) as JsonObject }));
  const networks = new Set(plan.runs.flatMap(({ settings }) => absolute(settings).features ?? []));
  const files: JobFile[] = [];
  if (shared) for (const network of networks) files.push(await jobFile(FEATURES, fileOfFeatures(network)));
  return {
    command: 'gan-sweep',
    version: packageVersion(),
    options: { by: plan.by, varied: plan.varied, runs },
    files,
    outputs: { out: resolve(out) },
  };
}

function absolute(settings: ChosenSettings): ChosenSettings {
  const { data, cache, features } = settings;
  return {
    ...settings,
    ...(data !== undefined && { data: resolve(data) }),
    ...(cache !== undefined && { cache: resolve(cache) }),
    ...(features !== undefined && { features: isAddress(features) ? features : resolve(features) }),
  };
}

/** @throws InputError for an address: each worker would fetch it anew, and might find something else */
function fileOfFeatures(features: string): string {
  if (isAddress(features))
    throw new InputError({ name: FEATURES, expected: 'a file, as workers fetch nothing', got: features });
  return namedFeatures(features).path;
}

/**
 * Reads a sweep that came as data. Runs that name no device or cache get those of the worker.
 * @throws InputError if a setting is not what gan-train takes, or a path leads out of the roots
 */
export async function sweepOfSpec(spec: JobSpec, place: SweepPlace): Promise<{ plan: SweepPlan; out: string }> {
  await expectRunnable(spec, place.roots);
  const { by, varied, runs, ...others } = spec.options;
  const { out, ...further } = spec.outputs;
  const measure = measures.find((each) => each === by);
  const isList = Array.isArray(varied) && varied.every((name) => typeof name === 'string');
  const fits = measure !== undefined && isList && Array.isArray(runs) && runs.length <= MAX_RUNS;
  if (!fits || Object.keys(others).length > 0)
    throw new InputError({ name: 'job.options', expected: 'by, varied and runs of a sweep' });
  if (out === undefined || !isAbsolute(out) || Object.keys(further).length > 0)
    throw new InputError({ name: 'job.outputs', expected: '`out` alone, an absolute path', got: out });
  const planned: SweepRun[] = [];
  for (const run of runs as unknown[]) planned.push(await checkedRun(run, spec, out, place));
  return { plan: { by: measure, varied: varied as string[], runs: planned }, out };
}

async function checkedRun(run: unknown, spec: JobSpec, out: string, place: SweepPlace): Promise<SweepRun> {
  const { name, settings, ...others } = isRecord(run) ? run : {};
  if (typeof name !== 'string' || !NAME.test(name) || !isJsonObject(settings) || Object.keys(others).length > 0)
    throw new InputError({ name: 'job.options.runs', expected: 'the name and the settings of each run' });
  const { settings: checked } = plannedRun({}, settings, 'job.options.runs');
  await expectAllowed(checked, spec, place.roots);
  const { device = 'auto', devices } = checked;
  const own = device === 'auto' && devices === undefined && place.device !== 'wasm' ? place.device : undefined;
  return { name, settings: { cache: join(out, 'cache'), ...checked, ...(own && { device: own }) } };
}

/** @throws InputError for settings that reach what a worker may not */
async function expectAllowed(settings: ChosenSettings, spec: JobSpec, roots: readonly string[]): Promise<void> {
  const refuse = (name: string, expected: string, got: string | undefined): never => {
    throw new InputError({ name, expected, got });
  };
  if (settings.out !== undefined) refuse('job.options.runs', 'no `out`', settings.out);
  if (settings.followLinks === true) refuse('followLinks', 'false for a worker, which stays below its folders', 'true');
  const features = settings.features === undefined ? undefined : fileOfFeatures(settings.features);
  if (features !== undefined && !spec.files.some(({ role, path }) => role === FEATURES && path === features))
    refuse(FEATURES, 'one of the files of the job', features);
  for (const [name, path] of Object.entries({ data: settings.data, cache: settings.cache, features })) {
    if (path === undefined) continue;
    if (!isAbsolute(path)) refuse(name, 'an absolute path', path);
    await expectWithin(roots, path, name);
  }
}
