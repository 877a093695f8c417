/** @file Which two sets are compared, as data: resolved once, so that all who take part compare the same pictures. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { placedPath } from '../../inference/files/copies.node.js';
import { fileDigest } from '../../inference/files/same-job.node.js';
import { isRun, resolveRun } from '../../inference/runs/runs.node.js';
import { InputError } from '../../onnx/errors.js';
import { namedCheckpoint, runOfCheckpoint } from '../checkpoint/kept-checkpoints.node.js';
import { readRunFile } from '../checkpoint/run-file.node.js';
import { openDataset } from '../data/formats/table.node.js';
import type { DataOptions, Dataset, Split } from '../data/sets/dataset.js';

/** A generator's file, a checkpoint of a run, or data; paths as they were named. */
export type SetDescription =
  | { kind: 'generator'; path: string }
  | { kind: 'checkpoint'; path: string }
  | { kind: 'data'; path: string | null; options: DataOptions };

/** Two sets. */
export interface PairDescription {
  /** Whether the second is a checkpoint that is compared with its training pictures as while training. */
  asTrained: boolean;
  sets: readonly [SetDescription, SetDescription];
}

/** How sets are named. */
export interface SetChoice {
  /** Of a run: `newest` (if not given), `best`, or a folder in it. */
  checkpoint?: string | undefined;
  split?: Split | undefined;
  followLinks?: boolean | undefined;
}

/**
 * Two sets of any kind: .onnx files, runs, or data.
 * @throws InputError if a run has no such checkpoint, or something is chosen of runs or data where there are none
 */
export async function describedSets(
  [first, second]: readonly [string, string],
  choice: SetChoice,
): Promise<PairDescription> {
  const sets = [await describedSet(first, choice), await describedSet(second, choice)] as const;
  const { checkpoint, split, followLinks } = choice;
  const isStray = (kind: SetDescription['kind']) => sets.every((set) => set.kind !== kind);
  const needed = (name: keyof SetChoice, expected: string) => new InputError({ name, expected, got: 'none' });
  if (checkpoint !== undefined && isStray('checkpoint')) throw needed('checkpoint', 'a run as a set beside it');
  if (isStray('data')) {
    if (split !== undefined) throw needed('split', 'pictures as a set beside it');
    if (followLinks) throw needed('followLinks', 'pictures as a set beside it');
  }
  return { asTrained: false, sets };
}

async function describedSet(path: string, { checkpoint, ...data }: SetChoice): Promise<SetDescription> {
  if (/\.onnx$/i.test(path)) return { kind: 'generator', path };
  if (await isRun(path)) return { kind: 'checkpoint', path: await namedCheckpoint(path, checkpoint) };
  return { kind: 'data', path, options: withoutUndefined(data) };
}

/**
 * A checkpoint of a run, and its training pictures or others.
 * @param run the latest if not given
 * @throws InputError if there is no such run or checkpoint
 */
export async function describedRun(
  run: string | undefined,
  { checkpoint, data, split, followLinks }: SetChoice & { data?: string | undefined },
): Promise<PairDescription> {
  const resolved = await resolveRun(runOfCheckpoint(run, checkpoint));
  const path = await namedCheckpoint(resolved, checkpoint);
  const own = await readRunFile(resolved);
  const options = {
    ...(data === undefined && own.dataOptions),
    ...(split !== undefined && { split }),
    ...(followLinks && { followLinks: true }),
  };
  return {
    asTrained: true,
    sets: [
      { kind: 'data', path: data ?? own.data, options: withoutUndefined(options) },
      { kind: 'checkpoint', path },
    ],
  };
}

const withoutUndefined = (options: DataOptions): DataOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** Size of built-in pictures, which are never opened here. */
const ANY_SIZE = 64;

/** The pictures of a set of data. @throws InputError if they cannot be read */
export function openSetData({ path, options }: Extract<SetDescription, { kind: 'data' }>): Promise<Dataset> {
  return openDataset(path ?? undefined, { ...options, imageSize: ANY_SIZE });
}

/** A text that changes with what a set is made of, the same on any machine. @throws InputError if it cannot be read */
export async function setIdentity(set: SetDescription): Promise<string> {
  if (set.kind === 'generator') return fileDigest(set.path);
  if (set.kind === 'data') return (await (await openSetData(set)).identity?.()) ?? '';
  const hash = createHash('sha256');
  const names = await readdir(set.path, { recursive: true, withFileTypes: true });
  const files = names.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  for (const file of files.toSorted()) hash.update(`${relative(set.path, file)} ${await fileDigest(file)}\n`);
  return `sha256:${hash.digest('hex')}`;
}

/** A set whose path is found from another folder. */
export function placedSet(set: SetDescription, folder: string): SetDescription {
  return set.path === null ? set : { ...set, path: placedPath(folder, set.path) };
}
