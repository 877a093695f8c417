/** @file What a folder says of the job whose results it holds, so that no two jobs mix. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { ifThere } from '../../files/missing.node.js';
import { isJsonObject, type Json, type JsonObject } from '../canonical.js';
import { publishFile } from '../publish.node.js';
import { jobId, type JobSpec, type TaskCommand } from '../spec.node.js';

/** What the job of a folder is: written by the first process, the same bytes by all. */
export const JOB_FILE = 'job.json';

/** What a folder holds of a job. */
export interface HeldJob {
  /** Whether its files are being removed: a kill may have come in between. */
  removing: boolean;
}

/** A job without paths: the same bytes, whoever writes it. */
function describedJob(spec: JobSpec): JsonObject {
  const { command, version, options, files } = spec;
  const digests = Object.fromEntries(files.map(({ role, sha256 }) => [role, `sha256:${sha256}`]));
  return { id: jobId(spec), command, version, options, files: digests };
}

const textOf = (description: JsonObject) => `${JSON.stringify(description, undefined, 2)}\n`;

/** The description in a file, if there is one. @throws InputError if it is of another program */
async function readDescription(path: string): Promise<JsonObject | undefined> {
  const text = await ifThere(readFile(path, 'utf8'), path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isJsonObject(value) && typeof value['id'] === 'string' && isJsonObject(value['options'])) return value;
  throw new InputError({ name: path, expected: 'the description of a job', got: 'something else' });
}

/** What a folder holds of a job of a command, if anything. @throws InputError if it holds another command's */
export async function heldJob(folder: string, command: TaskCommand): Promise<HeldJob | undefined> {
  const path = join(folder, JOB_FILE);
  const before = await readDescription(path);
  if (before === undefined) return undefined;
  if (before['command'] === command) return { removing: before['removing'] === true };
  throw takenFolder(`${path}, which is of a job of ${String(before['command'])}`);
}

/**
 * Says in a folder that the files of its job are being removed. The description goes last: after a kill in between it is still
 * known whose files these are, and nobody takes the rest for a job.
 */
export async function markRemoving(folder: string): Promise<void> {
  const path = join(folder, JOB_FILE);
  const before = await readDescription(path);
  if (before) await writeFileAtomic(path, textOf({ ...before, removing: true }));
}

/** The error for a folder with something that no job of the command has written. */
export const takenFolder = (got: string) => new InputError({ name: 'out', expected: 'another folder', got });

/** Writes the description of a job, unless it is there already. */
async function writeDescription(path: string, spec: JobSpec): Promise<void> {
  await publishFile(path, (file) => file.handle.writeFile(textOf(describedJob(spec))));
}

/**
 * Checks that the job in a folder is this one.
 * @param name the parameter that asked for it
 * @throws InputError naming the first difference
 */
function expectSame(path: string, before: JsonObject, spec: JobSpec, name: string): void {
  const now = describedJob(spec);
  const [was, is] = [leavesOf(before), leavesOf(now)];
  for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (key === 'id' || was[key] === is[key]) continue;
    const expected = `the job of ${path}, where ${key} is ${shown(was[key])}`;
    throw new InputError({ name, expected, got: shown(is[key]) });
  }
}

/**
 * Says in a folder what its job is, if nobody has yet.
 * @param name the parameter that asked for it
 * @throws InputError if there is another job, naming the first difference
 */
export async function claimFolder(folder: string, spec: JobSpec, name: string): Promise<void> {
  const path = join(folder, JOB_FILE);
  await writeDescription(path, spec);
  const there = await readDescription(path);
  expectWhole(folder, there);
  if (there) expectSame(path, there, spec, name);
}

/** @throws InputError if the job of the folder is being removed, or is another one by now: results of two jobs would mix */
export async function expectClaimed(folder: string, spec: JobSpec): Promise<void> {
  const there = await readDescription(join(folder, JOB_FILE));
  expectWhole(folder, there);
  if (there?.['id'] === jobId(spec)) return;
  const got = there ? `${folder}, which is another job's by now` : `${folder} without ${JOB_FILE}`;
  throw new InputError({ name: 'out', expected: 'the folder of this job', got });
}

/** @throws InputError if the job of a folder is being removed */
export function expectWhole(folder: string, job: { removing?: unknown } | undefined): void {
  if (job?.removing !== true) return;
  const got = `${folder}, from which an earlier job is being removed`;
  throw new InputError({ name: 'out', expected: 'the folder of this job', got });
}

/** Fields and options by name, as JSON. */
function leavesOf({ options, files, ...rest }: JsonObject): Record<string, string> {
  const groups = [rest, options, files].flatMap((group) => Object.entries((group ?? {}) as Record<string, Json>));
  return Object.fromEntries(groups.map(([name, value]) => [name, JSON.stringify(value)]));
}

const shown = (text: string | undefined) => text?.slice(0, 80) ?? 'nothing';
