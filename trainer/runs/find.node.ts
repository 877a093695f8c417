/** @file Runs in a folder: all of them, and the one that a word means. */
import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ifThere } from '../../inference/files/missing.node.js';
import { readLatestLink } from '../../inference/runs/latest-link.node.js';
import { InputError } from '../../onnx/index.js';
import { runInfo, type RunInfo } from './run-info.node.js';

/** Runs that an error lists. */
const LISTED = 5;

/**
 * The runs in a folder, the newest first. Links, such as `latest`, are left out, and so are folders that hold no run.
 * @throws InputError if there is no such folder
 */
export async function listRuns(folder = 'runs'): Promise<RunInfo[]> {
  const entries = await ifThere(readdir(folder, { withFileTypes: true }), folder);
  if (entries === undefined) throw new InputError({ name: folder, expected: 'a folder of runs; there is none' });
  const found: RunInfo[] = [];
  for (const entry of entries.filter((each) => each.isDirectory())) {
    const info = await runInfo(join(folder, entry.name));
    if (info) found.push(info);
  }
  return found.toSorted((a, b) => b.started.localeCompare(a.started) || a.run.localeCompare(b.run));
}

/**
 * The run that a word means: a folder in `folder`, `latest`, the name that one of them was given, or the path of a run.
 * @throws InputError if it means none, or several
 */
export async function findRun(word: string, folder = 'runs'): Promise<RunInfo> {
  const isPath = /[/\\]/.test(word) || word === '.' || word === '..';
  if (isPath) return (await runInfo(word)) ?? refuse(word, `the folder of a run; it has no config.json of one`);
  if (word === 'latest') {
    const latest = await readLatestLink(join(folder, 'latest'));
    // It may lead to a run elsewhere, whose folder has the name of one here.
    const isHere = latest !== undefined && dirname(latest) === (await realpath(folder));
    const info = isHere ? await runInfo(join(folder, basename(latest))) : undefined;
    return info ?? refuse(word, `${join(folder, 'latest')} to lead to a run of ${folder}`);
  }
  const own = await runInfo(join(folder, word));
  if (own) return own;
  const runs = (await ifThere(lstat(folder), folder)) ? await listRuns(folder) : [];
  const named = runs.filter(({ name }) => name === word);
  if (named.length === 1) return named[0] as RunInfo;
  if (named.length > 1)
    return refuse(word, `the folder of a run, as several have that name: ${named.map(({ run }) => run).join(', ')}`);
  const some = runs.slice(0, LISTED).map(({ run }) => run);
  return refuse(
    word,
    some.length === 0
      ? `a run in ${folder}, which has none`
      : `a run in ${folder}, such as ${some.join(', ')}${runs.length > LISTED ? ', …' : ''}`,
  );
}

/**
 * The same for runs that are changed: a real folder directly in `folder`, not a link and not elsewhere.
 * @throws InputError as `findRun`, and for runs that lie elsewhere
 */
export async function findOwnRun(word: string, folder = 'runs'): Promise<RunInfo> {
  const info = await findRun(word, folder);
  if ((await lstat(info.folder)).isSymbolicLink())
    return refuse(word, `the folder of a run itself, not a link (it leads to ${await realpath(info.folder)})`);
  const [place, root] = [await realpath(resolve(info.folder, '..')), await realpath(folder).catch(() => '')];
  if (place !== root || (await realpath(info.folder)) === root)
    return refuse(word, `a run directly in ${folder} (\`runs\` names another folder)`);
  return info;
}

function refuse(name: string, expected: string): never {
  throw new InputError({ name, expected });
}
