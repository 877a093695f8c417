/** @file Which checkpoints a run has: the newest, the best, and which are kept. */
import { readdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { exists, ifThere } from '../../inference/files/missing.node.js';
import { forgetTemporary, removeLeftovers, temporaryBeside } from '../../onnx/files/disk/temporary.node.js';
import { InputError } from '../../onnx/index.js';
import { readLatestLink, writeLatestLink } from '../../inference/runs/latest-link.node.js';

/** Where a run has its checkpoints. */
export const checkpointFolder = (run: string): string => join(run, 'checkpoints');

/** The name of the checkpoint after `step` updates: names sort by step, up to ten million. */
export const checkpointName = (step: number): string => `step-${`${step}`.padStart(7, '0')}`;

const bestPointer = (run: string) => join(checkpointFolder(run), 'best');

/** Folders of the run's complete checkpoints, oldest first. @throws InputError if they cannot be listed */
export async function checkpoints(run: string): Promise<string[]> {
  const folder = checkpointFolder(run);
  const names = (await ifThere(readdir(folder), folder)) ?? [];
  return names
    .filter((name) => /^step-\d{7,}$/.test(name))
    .toSorted((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
    .map((name) => join(folder, name));
}

/** The run's newest checkpoint. @throws InputError if it has none */
export async function newestCheckpoint(run: string): Promise<string> {
  const newest = (await checkpoints(run)).at(-1);
  if (newest === undefined) throw new InputError({ name: run, expected: 'a run with a checkpoint; it has none yet' });
  return newest;
}

/** The checkpoint that was marked as the run's best; undefined if none was. */
export async function bestCheckpoint(run: string): Promise<string | undefined> {
  const target = await readLatestLink(bestPointer(run));
  return target === undefined ? undefined : join(checkpointFolder(run), basename(target));
}

/** Makes `checkpoints/best` point at the checkpoint of a step, if it is there. */
export async function markBest(run: string, step: number): Promise<void> {
  const checkpoint = join(checkpointFolder(run), checkpointName(step));
  if (await exists(checkpoint)) await writeLatestLink(bestPointer(run), checkpoint);
}

/**
 * The folder of a checkpoint.
 * @param named `newest`, `best`, or a folder of the run
 * @throws InputError if the run has no such checkpoint
 */
export async function namedCheckpoint(run: string, named = 'newest'): Promise<string> {
  if (named === 'newest') return newestCheckpoint(run);
  if (named !== 'best') {
    // A checkpoint of another run beside the name of this one is an oversight, whichever of them is meant.
    const [inner, outer] = await Promise.all(
      [dirname(resolve(named)), run].map((path) => realpath(path).catch(() => path)),
    );
    if (inner === outer || inner?.startsWith(`${outer}${sep}`)) return named;
    throw new InputError({
      name: 'checkpoint',
      expected: `newest, best, or a checkpoint's folder in ${run}`,
      got: named,
    });
  }
  const best = await bestCheckpoint(run);
  if (best === undefined) {
    throw new InputError({
      name: 'checkpoint',
      expected: `a checkpoint of ${run} marked as the best (training with \`eval\` marks it)`,
      got: 'best',
    });
  }
  return best;
}

/** The run that is meant: the named one, else the one that a named checkpoint lies in; undefined for the latest. */
export function runOfCheckpoint(run: string | undefined, named = 'newest'): string | undefined {
  return run ?? (named === 'newest' || named === 'best' ? undefined : dirname(dirname(resolve(named))));
}

/** A name beside checkpoints that is not the name of one. */
export const temporaryIn = (folder: string): string => temporaryBeside(join(folder, 'checkpoint'));

/** Takes a checkpoint away in one move, if there is one, so that it is never seen half removed. */
export async function setAside(checkpoint: string): Promise<void> {
  const temporary = temporaryIn(dirname(checkpoint));
  await rename(checkpoint, temporary).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  forgetTemporary(temporary);
}

/** Removes all but the last `keep` checkpoints, the best and the one just saved, and what interrupted saves left behind. */
export async function removeOld(run: string, saved: string, keep: number): Promise<void> {
  const spared = [saved, await bestCheckpoint(run)];
  const old = (await checkpoints(run)).slice(0, -keep).filter((path) => !spared.includes(path));
  for (const path of old) await setAside(path);
  await removeLeftovers(checkpointFolder(run));
  // Earlier versions named them without the process.
  const names = await readdir(checkpointFolder(run));
  const leftovers = names.filter((name) => /^(\.|best\.)[0-9a-f]{12}\.tmp$/.test(name));
  await Promise.all(leftovers.map((name) => rm(join(checkpointFolder(run), name), { recursive: true, force: true })));
}
