/** @file What commands have in common where they begin a job in its folder, or open one that came as data. */
import { resolve } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { shownPath } from '../../files/copies.node.js';
import type { Device } from '../../runtime/session.js';
import { fileOf, type JobSpec, type TaskCommand } from '../spec.node.js';

/** Fetches what is named by addresses. */
export interface FetchOriginals {
  /** Files for a while, by their addresses. */
  files(
    addresses: readonly string[],
    signal?: AbortSignal,
  ): Promise<{ paths: ReadonlyMap<string, string>; release(): Promise<void> }>;
  /** A model, an archive, or all pictures below an address: it is noted as a copy. */
  set(address: string): Promise<void>;
}

/** Who runs tasks of a job that came as data. */
export interface JobPlace {
  device: Device;
  /** Folders that the job may read and write; anywhere if not given. */
  roots?: readonly string[] | undefined;
  /** Where the job may name addresses. */
  fetch?: FetchOriginals | undefined;
}

/** Whether other processes work on the same job, and whether what an earlier call did is kept. */
export interface FolderUse {
  /** Nobody owns the folder then; the job that is there must be the same. */
  shared: boolean;
  /** Go on with the job that is there, which must be the same. Otherwise its files are removed. */
  resume: boolean;
  /** The job must have begun: nothing is written where it has not. */
  completes?: boolean | undefined;
}

/** The error for a folder in which no job has begun. @param missing the file that would say so */
export const notBegun = (folder: string, missing: string) =>
  new InputError({
    name: 'merge',
    expected: 'the folder of a job that has begun',
    got: `${shownPath(folder)} without ${missing}`,
  });

/** @throws InputError for a job of another command */
export function expectCommand(spec: JobSpec, command: TaskCommand): void {
  if (spec.command !== command) throw new InputError({ name: 'job.command', expected: command, got: spec.command });
}

/** The folder of a job that writes to one, called `out`. @throws InputError for other outputs */
export function onlyFolder({ outputs: { out, ...others } }: JobSpec): string {
  const [stray] = Object.keys(others);
  if (stray !== undefined) throw new InputError({ name: `job.outputs.${stray}`, expected: 'no such field' });
  if (out === undefined) throw new InputError({ name: 'job.outputs.out', expected: 'a folder' });
  return resolve(out);
}

/** @throws InputError unless the file of a role is the one with this absolute path, such as in the job's folder */
export function expectFileAt(spec: JobSpec, role: string, path: string): void {
  const stated = fileOf(spec, role).path;
  if (resolve(stated) === path) return;
  throw new InputError({ name: 'job.files', expected: `${path} as ${role}`, got: stated });
}
