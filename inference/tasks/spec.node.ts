/** @file A job as data: what decides its results, and which files it reads. It travels to other machines as JSON. */
import { createHash } from 'node:crypto';
import { InputError } from '../../onnx/errors.js';
import { fileDigest } from '../files/same-job.node.js';
import { canonicalJson, isJsonObject, type JsonObject } from './canonical.js';

/** Commands that have bulk jobs. */
export const TASK_COMMANDS = ['gan-sample', 'gan-gradcam', 'gan-eval', 'gan-sweep'] as const;
export type TaskCommand = (typeof TASK_COMMANDS)[number];

/** A file that a job reads. */
export interface JobFile {
  /** What it is to the job, such as `generator` or `latents`. */
  role: string;
  path: string;
  /** Of its content, in hexadecimal digits. */
  sha256: string;
}

/** A bulk job as pure data. */
export interface JobSpec {
  command: TaskCommand;
  /** Of the package: other versions may make other bytes. */
  version: string;
  /** The options that matter for the results. */
  options: JsonObject;
  files: readonly JobFile[];
  /** Where results go, by role, such as `out`. They do not decide what the results are. */
  outputs: Readonly<Record<string, string>>;
}

/** A job's identity: SHA-256 of what decides its results. Paths do not count, so it is the same under another mount point. */
export function jobId({ command, version, options, files }: Omit<JobSpec, 'outputs'>): string {
  const contents = files.map(({ role, sha256 }) => ({ role, sha256 }));
  return createHash('sha256')
    .update(canonicalJson({ command, version, options, files: contents }))
    .digest('hex');
}

/** A file that a job reads, with its digest. @throws InputError if it cannot be read */
export async function jobFile(role: string, path: string): Promise<JobFile> {
  return { role, path, sha256: (await fileDigest(path)).slice('sha256:'.length) };
}

/** The file of a role. @throws InputError if the job has none */
export function fileOf(spec: JobSpec, role: string): JobFile {
  const file = spec.files.find((each) => each.role === role);
  if (!file) throw new InputError({ name: 'job', expected: `a file for the ${role}` });
  return file;
}

/**
 * A job from JSON that came from elsewhere. Its options are for the command's own parser to check.
 * @throws InputError naming the field that is not what it should be
 */
export function parsedJobSpec(value: unknown): JobSpec {
  const refuse = (field: string, expected: string): never => {
    throw new InputError({ name: `job.${field}`, expected });
  };
  if (!isJsonObject(value)) throw new InputError({ name: 'job', expected: 'an object' });
  const { command, version, options, files, outputs, ...others } = value;
  const [stray] = Object.keys(others);
  if (stray !== undefined) refuse(stray, 'no such field');
  if (typeof version !== 'string') refuse('version', 'a text');
  if (!isJsonObject(options)) refuse('options', 'an object');
  if (!isJsonObject(outputs) || Object.values(outputs).some((path) => typeof path !== 'string'))
    refuse('outputs', 'an object of paths');
  if (!Array.isArray(files)) refuse('files', 'a list');
  return {
    command: TASK_COMMANDS.find((name) => name === command) ?? refuse('command', `one of ${TASK_COMMANDS.join(', ')}`),
    version: version as string,
    options: options as JsonObject,
    files: (files as unknown[]).map(
      (file, i) => parsedFile(file) ?? refuse(`files[${i}]`, 'a role, a path and a sha256'),
    ),
    outputs: outputs as Record<string, string>,
  };
}

function parsedFile(value: unknown): JobFile | undefined {
  if (!isJsonObject(value)) return undefined;
  const { role, path, sha256, ...others } = value;
  if (typeof role !== 'string' || typeof path !== 'string' || Object.keys(others).length > 0) return undefined;
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? { role, path, sha256 } : undefined;
}
