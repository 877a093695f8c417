/** @file Where runs live: `runs/<name>/`, with `runs/latest` pointing at the newest. */
import { mkdir, readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { InputError } from '../../onnx/index.js';
import { readLatestLink, writeLatestLink } from './latest-link.node.js';
import { makeFolder } from '../../onnx/files/disk/folder.node.js';
import { exists, ifThere } from '../files/missing.node.js';

const LATEST = join('runs', 'latest');
/** The largest config.json of a run: the names of many classes are in it. */
export const MAX_RUN_FILE_BYTES = 16 * 2 ** 20;
/** Runs that an error lists. */
const LISTED = 3;

/** Makes a folder for a new run, `runs/<date>-<name>`, with a number behind it where another run has that name. */
export async function makeRunFolder(name: string): Promise<string> {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  await makeFolder('runs');
  for (let number = 1; ; number++) {
    const run = join('runs', `${stamp}-${name}${number === 1 ? '' : `-${number}`}`);
    try {
      await mkdir(run);
      return run;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Whether the folder is a run. @throws InputError if it cannot be read */
export const isRun = (folder: string): Promise<boolean> => exists(join(folder, 'config.json'));

/** @throws InputError if there is a run in the folder */
export async function expectNoRun(folder: string): Promise<void> {
  if (await isRun(folder)) {
    throw new InputError({
      name: 'out',
      expected: 'a folder without a run (`resume` goes on with that one)',
      got: folder,
    });
  }
}

/** Makes `runs/latest` point at the run. */
export const markLatest = (run: string): Promise<void> => writeLatestLink(LATEST, run);

/** The folder of a run: the given one, or the latest, by its own name. @throws InputError if there is none */
export async function resolveRun(run?: string): Promise<string> {
  const isLatest = run === undefined || resolve(run) === resolve(LATEST);
  const path = isLatest ? await latestRun() : run;
  if (path === undefined) throw new InputError('no run found in runs/: train one with gan-train, or name its folder');
  if (!(await isRun(path))) {
    throw new InputError({ name: path, expected: 'the folder of a run; it has no config.json' });
  }
  return path;
}

/**
 * The folder that `runs/latest` leads to; undefined where there is no run at all.
 * @throws InputError if there are runs, but `runs/latest` leads to none
 */
export async function latestRun(): Promise<string | undefined> {
  const run = await readLatestLink(LATEST);
  if (run !== undefined) return relative(process.cwd(), run);
  const folders = ((await ifThere(readdir('runs'), 'runs')) ?? []).map((name) => join('runs', name));
  const runs: string[] = [];
  // What may not be read, such as lost+found, is not ours.
  for (const folder of folders) if (await isRun(folder).catch(() => false)) runs.push(folder);
  if (runs.length === 0) return undefined;
  const listed = runs.toSorted().slice(-LISTED).join(', ');
  throw new InputError(`${LATEST}: leads to no run; name one of the runs, such as ${listed}`);
}
