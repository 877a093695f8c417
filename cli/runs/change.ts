/** @file gan-runs tag and gan-runs delete. */
import { createInterface } from 'node:readline/promises';
import { UsageError } from '../common/errors.js';
import type { Printer } from '../common/print.js';
import { sizeText, type RunsPlace } from './list.js';

/** Adds tags to a run, or removes them. */
export async function changeTags(
  [run, ...tags]: readonly string[],
  { runs: folder, json, remove }: RunsPlace & { remove: boolean },
  { print }: { print: Printer },
): Promise<void> {
  if (run === undefined || tags.length === 0)
    throw new UsageError('tag: expected RUN TAG…, a run and at least one tag');
  const { tagRun } = await import('ganscope/trainer/runs');
  if (json) print.dataOnly();
  const after = await tagRun(run, tags, { folder, remove });
  if (json) print.data(JSON.stringify({ run, tags: after }));
  else print.info(`${run}: ${after.length === 0 ? 'no tags' : `tags ${after.join(', ')}`}`);
}

/** Deletes runs; asks before, on a terminal. */
export async function deleteRuns(
  words: readonly string[],
  { runs: folder, json, yes }: RunsPlace & { yes: boolean },
  { print, signal }: { print: Printer; signal: AbortSignal },
): Promise<void> {
  if (words.length === 0) throw new UsageError('delete: expected at least one run');
  const { deleteRun, findOwnRun } = await import('ganscope/trainer/runs');
  if (json) print.dataOnly();
  const found = [];
  for (const word of new Set(words)) found.push(await findOwnRun(word, folder));
  const listed = found.map((info) => `${info.folder} (${info.step} steps, ${sizeText(info.bytes)})`).join(', ');
  if (!yes && !process.stdin.isTTY)
    throw new UsageError(`delete: expected --yes, as nobody can be asked; this would delete ${listed}`);
  if (!yes && !(await isConfirmed(`Delete ${listed}? [y/N] `, signal))) return print.info('Nothing was deleted.');
  const deleted = [];
  for (const { run } of found) {
    const gone = await deleteRun(run, folder);
    deleted.push(gone);
    if (json) continue;
    print.info(`Deleted ${gone.folder}`);
    if (gone.kept.length > 0) print.warn(`${gone.folder}: kept what the run did not write: ${gone.kept.join(', ')}`);
    if (gone.latest !== undefined) print.info(`${folder}/latest: ${gone.latest ?? 'removed, as no run is left'}`);
  }
  if (json) print.data(JSON.stringify(deleted, null, 2));
}

async function isConfirmed(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    signal.throwIfAborted();
    return /^y(es)?$/i.test((await lines.question(question, { signal })).trim());
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    lines.close();
  }
}
