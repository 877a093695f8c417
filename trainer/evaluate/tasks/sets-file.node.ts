/** @file Which sets a job compares, as a file in its folder: what they are called, where they are, and what they held when it began. */
import { dirname, resolve } from 'node:path';
import { isAddress, namesBegin, shownPath, shownText } from '../../../inference/files/copies.node.js';
import { isRecord } from '../../../inference/parse/json.js';
import type { JobPlace } from '../../../inference/tasks/shared/opening.node.js';
import { expectWithin } from '../../../inference/tasks/spec-files.node.js';
import { publishFile } from '../../../inference/tasks/publish.node.js';
import { InputError } from '../../../onnx/errors.js';
import { readBoundedFile } from '../../../onnx/files/files.node.js';
import { placedSet, setIdentity, type PairDescription, type SetDescription } from '../set-description.node.js';

const MAX_BYTES = 2 ** 20;
const SPLITS = ['train', 'val', 'test', 'all'];

/** The sets of a job. */
export interface JobSets {
  /** Where relative paths begin, relative to the file's folder. */
  folder: string;
  /** What the feature network is called. */
  features: string;
  asTrained: boolean;
  sets: readonly [SetDescription & { identity: string }, SetDescription & { identity: string }];
}

/** The sets as they are now. @throws InputError if one cannot be read */
export async function jobSets(path: string, features: string, { asTrained, sets }: PairDescription): Promise<JobSets> {
  const [first, second] = sets;
  const [one, other] = [shownSet(first), shownSet(second)];
  const names = [one.path, other.path].filter((each) => each !== null);
  return {
    folder: namesBegin(dirname(path), names),
    features: shownText(features),
    asTrained,
    sets: [
      { ...one, identity: await setIdentity(first) },
      { ...other, identity: await setIdentity(second) },
    ],
  };
}

/** A set with its address, where its path is a copy. */
function shownSet(set: SetDescription): SetDescription {
  return set.path === null ? set : { ...set, path: shownPath(set.path) };
}

/** Fetches sets that are named by addresses. @throws InputError for those outside of the roots */
export async function fetchSets({ sets }: JobSets, { roots, fetch }: Omit<JobPlace, 'device'>): Promise<void> {
  for (const { path } of sets) {
    if (path === null || !isAddress(path)) continue;
    if (roots) await expectWithin(roots, path, path);
    if (!fetch) throw new InputError({ name: path, expected: 'a set that was fetched', got: 'an address' });
    await fetch.set(path);
  }
}

/** Writes the file, unless another process has. */
export async function writeSets(path: string, sets: JobSets): Promise<void> {
  await publishFile(path, ({ handle }) => handle.appendFile(`${JSON.stringify(sets, undefined, 2)}\n`));
}

/** The sets of a file. @throws InputError if it holds anything else */
export async function readSets(path: string): Promise<JobSets> {
  const wrong = () => new InputError({ name: path, expected: 'the sets of an evaluation', got: 'something else' });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(await readBoundedFile(path, MAX_BYTES)));
  } catch (error) {
    throw error instanceof InputError ? error : wrong();
  }
  if (!isRecord(value) || Object.keys(value).length !== 4) throw wrong();
  const { folder, features, asTrained, sets } = value;
  const given = Array.isArray(sets) ? sets : [];
  const [first, second] = given.map(parsedSet);
  const isPair = given.length === 2 && first !== undefined && second !== undefined;
  if (typeof folder !== 'string' || typeof features !== 'string' || typeof asTrained !== 'boolean' || !isPair)
    throw wrong();
  if (asTrained && (first.kind !== 'data' || second.kind !== 'checkpoint')) throw wrong();
  return { folder, features, asTrained, sets: [first, second] };
}

function parsedSet(value: unknown): JobSets['sets'][0] | undefined {
  if (!isRecord(value)) return undefined;
  const { kind, path, identity, options, ...others } = value;
  if (typeof identity !== 'string' || Object.keys(others).length > 0) return undefined;
  if ((kind === 'generator' || kind === 'checkpoint') && typeof path === 'string' && options === undefined)
    return { kind, path, identity };
  if (kind !== 'data' || (path !== null && typeof path !== 'string') || !isRecord(options)) return undefined;
  const { split, classes, cropToBox, followLinks, ...strange } = options;
  const isFlag = (flag: unknown) => flag === undefined || typeof flag === 'boolean';
  const isList = (list: unknown) =>
    list === undefined || (Array.isArray(list) && list.every((each) => typeof each === 'string'));
  const isSplit = split === undefined || SPLITS.includes(split as string);
  if (Object.keys(strange).length > 0 || !isFlag(cropToBox) || !isFlag(followLinks) || !isList(classes) || !isSplit)
    return undefined;
  return { kind, path, options, identity };
}

/** The sets where this process finds them. */
export function placedPair(path: string, { folder, asTrained, sets }: JobSets): PairDescription {
  const base = resolve(dirname(path), folder);
  const placed = ({ identity: _identity, ...set }: JobSets['sets'][0]) => placedSet(set, base);
  return { asTrained, sets: [placed(sets[0]), placed(sets[1])] };
}

/**
 * Checks that sets are below the roots, and hold what they held when the job began.
 * @throws InputError naming the first that does not
 */
export async function expectSets(
  { sets }: JobSets,
  placed: PairDescription,
  roots: readonly string[] | undefined,
): Promise<void> {
  for (const [i, { identity, path }] of sets.entries()) {
    const set = placed.sets[i] as SetDescription;
    if (roots && set.path !== null) await expectWithin(roots, set.path, path ?? '');
    if (roots && set.kind === 'data' && set.options.followLinks)
      throw new InputError({ name: 'job', expected: 'no links to be followed where roots are given', got: path ?? '' });
    if ((await setIdentity(set)) === identity) continue;
    const expected = 'the pictures or networks that it held when the job began';
    throw new InputError({ name: path ?? 'built-in pictures', expected, got: 'others' });
  }
}
