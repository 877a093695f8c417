/** @file The folder of a run that is started or resumed, locked, with what is known of the run. */
import { realpath, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { lockFolder } from '../../inference/files/folder-lock.node.js';
import { expectNoRun, isRun, makeRunFolder, resolveRun } from '../../inference/runs/runs.node.js';
import { removeLeftovers } from '../../onnx/files/disk/temporary.node.js';
import { InputError } from '../../onnx/index.js';
import { readRunFile, stateToGoOnFrom, type RunFile } from '../checkpoint/run-file.node.js';
import { expectNoEventFolder } from '../report/tensorboard/event-file.node.js';
import type { DataOptions } from '../data/sets/dataset.js';
import type { GanConfig } from '../settings/config.js';
import { chosenConfig, type ChosenSettings } from '../settings/resolve-settings.node.js';
import { runDefaults, runSettings } from '../settings/run-settings.js';
import { configSettings, found, type Setting } from '../settings/table.js';
import type { Group } from '../step/state/group.js';
import type { TrainState } from '../step/state/step.js';
import type { Releases } from './releases.js';

/** A run's folder and what its settings say. */
export interface OpenRun {
  run: string;
  /** Without the classes of a new conditional run, which the data tell. */
  config: GanConfig;
  /** Absolute path of the data; null for the built-in ones. */
  data: string | null;
  dataOptions: DataOptions;
  /** Where a resumed run goes on; a new one begins with its configuration's initial state. */
  state?: TrainState;
  /** What a resumed run remembers. */
  saved?: RunFile;
}

/** How a run is opened. */
export interface OpenOptions {
  /** The folder of a run, '' for the latest, undefined for a new run. */
  resume?: string | undefined;
  /** Whether `resume` means: or start it in that folder. */
  orStart?: boolean | undefined;
  /** The processes that train together, of which only rank 0 opens the run. */
  group?: Group | undefined;
}

/**
 * Opens the folder of a new or resumed run for this process alone.
 * @param releases is given what unlocks the folder, and what removes it where nothing was written
 * @throws InputError if settings do not fit, another process writes to the run, or nothing can be written there
 */
export async function openRun(options: OpenOptions, given: ChosenSettings, releases: Releases): Promise<OpenRun> {
  const { resume, orStart = false, group } = options;
  if (resume === undefined) return newRun(given, releases, group);
  if (!orStart || given.out !== undefined || (await isRun(resume))) return resumedRun(resume, given, releases, group);
  return newRun({ ...given, out: resume }, releases, group);
}

async function newRun(given: ChosenSettings, releases: Releases, group: Group | undefined): Promise<OpenRun> {
  const config = chosenConfig(given);
  const data = given.data === undefined ? null : resolve(given.data);
  await expectOutsideData(given.out ?? 'runs', data, 'out');
  if (given.out !== undefined) expectNoEventFolder(given.out);
  const run = given.out ?? (await makeRunFolder(config.preset));
  // A folder of our own naming that stays empty.
  if (given.out === undefined) releases.add(() => rmdir(run).catch(() => undefined));
  await lock(run, 'out', releases, group);
  await expectNoRun(run);
  const { split, classes, cropToBox, followLinks } = { ...runDefaults, ...given };
  return { run, config, data, dataOptions: { split, classes, cropToBox, followLinks } };
}

async function resumedRun(
  folder: string,
  given: ChosenSettings,
  releases: Releases,
  group: Group | undefined,
): Promise<OpenRun> {
  if (given.out !== undefined) throw new InputError({ name: 'out', conflictsWith: 'resume' });
  const run = await resolveRun(folder || undefined);
  await lock(run, 'resume', releases, group);
  const saved = await readRunFile(run);
  const { config } = saved;
  const data = given.data === undefined ? saved.data : resolve(given.data);
  await expectOutsideData(run, data, 'data');
  const { split, classes, cropToBox, followLinks } = runDefaults;
  const dataOptions = { split, classes, cropToBox, followLinks, ...saved.dataOptions };
  expectKept(given, { ...runDefaults, ...saved.evaluation, ...dataOptions, ...config }, saved.evaluation !== undefined);
  expectTypedAddress(given, saved, join(run, 'config.json'));
  const state = await stateToGoOnFrom(run, config);
  for (const part of ['checkpoints', 'samples', 'onnx']) await removeLeftovers(join(run, part));
  return { run, config, data, dataOptions, state, saved };
}

async function lock(run: string, name: string, releases: Releases, group: Group | undefined): Promise<void> {
  const { release } = await lockFolder(run, name, group?.job);
  releases.add(release);
}

/** @throws InputError for settings that a resumed run keeps */
function expectKept(given: ChosenSettings, own: ChosenSettings, isEvaluated: boolean): void {
  const table: Readonly<Record<string, Setting>> = { ...configSettings, ...runSettings };
  for (const [name, value] of Object.entries(given)) {
    const rule = table[name]?.resume;
    const kept = own[name as keyof ChosenSettings];
    if (rule === 'free' || (rule === 'until-evaluated' && !isEvaluated) || isDeepStrictEqual(value, kept)) continue;
    throw new InputError({
      name,
      expected: `${found(kept)}, as a resumed run keeps it (leave it out or start a new run)`,
      got: found(value),
    });
  }
}

/** @throws InputError for an address that only a file names: only a person says what is fetched */
function expectTypedAddress(given: ChosenSettings, { evaluation }: RunFile, file: string): void {
  const { features } = evaluation ?? {};
  if (features === undefined || !isAddress(features) || given.features === features || given.eval === false) return;
  throw new InputError({
    name: `${file}: evaluation: features`,
    expected: 'a file (give `features` again to fetch an address, or `eval` false to continue without evaluations)',
    got: found(features),
  });
}

/** Whether a source is fetched. */
export const isAddress = (source: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(source);

/** @throws InputError if a folder of pictures would be trained on what the run writes */
async function expectOutsideData(run: string, data: string | null, name: 'out' | 'data'): Promise<void> {
  if (data === null) return;
  const [inner, outer] = [await realPlace(run), await realPlace(data)];
  if (inner !== outer && !inner.startsWith(outer.endsWith(sep) ? outer : outer + sep)) return;
  throw name === 'out'
    ? new InputError({ name, expected: `a folder outside of the data, ${data}`, got: run })
    : new InputError({ name, expected: `pictures that are not around the run's own folder, ${run}`, got: data });
}

/** The real path of a file or folder that need not be there yet. */
async function realPlace(path: string): Promise<string> {
  const absolute = resolve(path);
  return realpath(absolute).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(absolute) === absolute) return absolute;
    return join(await realPlace(dirname(absolute)), basename(absolute));
  });
}
