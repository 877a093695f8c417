/** @file What is known of a run on disk: its settings, how far it has come, and whether somebody trains it. */
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isGone, isOfThisMachine, LOCK_FILE, ownerOf, SILENCE_MS } from '../../inference/files/lock-owner.node.js';
import { isRecord } from '../../inference/parse/json.js';
import { MAX_RUN_FILE_BYTES } from '../../inference/runs/runs.node.js';
import { readBoundedFile } from '../../onnx/files/files.node.js';
import { readAbout } from '../record/about.node.js';
import { lastRow } from './tail.node.js';

/** What a run does. Interrupted: it has steps left, and nobody trains it. */
export type RunState = 'running' | 'finished' | 'interrupted' | 'failed';

/** A run as lists show it. */
export interface RunInfo {
  /** The name of its folder, and the folder. */
  run: string;
  folder: string;
  state: RunState;
  /** What it was called, and what was noted of it. */
  name?: string | undefined;
  notes?: string | undefined;
  tags: readonly string[];
  /** Why its training ended, of a run that failed. */
  failed?: string | undefined;
  /** Steps done, and of the whole run. */
  step: number;
  steps: number;
  /** Passes over the pictures that were begun. */
  epochs?: number | undefined;
  /** Path of its pictures; null for the built-in ones. */
  data: string | null;
  /** The values of its settings, as config.json has them. */
  settings: Readonly<Record<string, unknown>>;
  lossD?: number | undefined;
  lossG?: number | undefined;
  /** Its last comparison with real pictures. */
  quality?: { step: number; frechet?: number | undefined; kid?: number | undefined } | undefined;
  /** When it was started, and last written, in ISO 8601. */
  started: string;
  changed: string;
  /** Size of its files. */
  bytes: number;
}

/** The run in a folder; undefined where that is none. */
export async function runInfo(folder: string): Promise<RunInfo | undefined> {
  const content = await storedRun(folder);
  if (content === undefined) return undefined;
  const { config, steps, data, dataOptions } = content;
  const [about, row, quality, isRunning, bytes] = await Promise.all([
    readAbout(folder),
    lastRow(join(folder, 'metrics.jsonl')),
    lastRow(join(folder, 'quality.jsonl')),
    isInUse(folder),
    sizeOf(folder),
  ]);
  const times = await Promise.all(['config.json', 'metrics.jsonl'].map((name) => timeOf(join(folder, name))));
  const done = row?.['step'] ?? 0;
  const state = isRunning ? 'running' : about.failed !== undefined ? 'failed' : done >= steps ? 'finished' : undefined;
  return {
    run: basename(resolve(folder)),
    folder,
    state: state ?? 'interrupted',
    name: about.name,
    notes: about.notes,
    tags: about.tags ?? [],
    failed: state === 'failed' ? about.failed : undefined,
    step: done,
    steps,
    epochs: row?.['epoch'] === undefined ? undefined : row['epoch'] + 1,
    data: typeof data === 'string' ? data : null,
    settings: { ...config, ...(isRecord(dataOptions) && dataOptions) },
    lossD: row?.['lossD'],
    lossG: row?.['lossG'],
    quality: quality && { step: quality['step'] ?? 0, frechet: quality['frechet'], kid: quality['kid'] },
    started: about.started ?? isoTime(times[0]),
    changed: isoTime(Math.max(...times)),
    bytes,
  };
}

/** What config.json says; undefined where it is none of a run. */
export async function storedRun(
  folder: string,
): Promise<
  { config: Readonly<Record<string, unknown>>; steps: number; data: unknown; dataOptions: unknown } | undefined
> {
  const bytes = await readBoundedFile(join(folder, 'config.json'), MAX_RUN_FILE_BYTES).catch(() => undefined);
  if (!bytes) return undefined;
  try {
    const content: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!isRecord(content)) return undefined;
    const { config, steps, data, dataOptions } = content;
    if (!isRecord(config) || typeof config['imageSize'] !== 'number' || typeof steps !== 'number') return undefined;
    return { config, steps, data, dataOptions };
  } catch {
    return undefined;
  }
}

/** Whether a process that is alive, as far as can be seen, writes to the folder. */
async function isInUse(folder: string): Promise<boolean> {
  const path = join(folder, LOCK_FILE);
  const owner = await ownerOf(path).catch(() => undefined);
  if (owner === undefined || (await isGone(owner, path))) return false;
  return isOfThisMachine(owner) || Date.now() - (await timeOf(path)) < SILENCE_MS;
}

const timeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;

const isoTime = (milliseconds = 0) => new Date(milliseconds).toISOString();

/** Bytes of all files below a folder; links are not followed. */
export async function sizeOf(path: string): Promise<number> {
  const info = await lstat(path).catch(() => undefined);
  if (!info?.isDirectory()) return info?.size ?? 0;
  const names = await readdir(path).catch(() => []);
  let bytes = 0;
  for (const name of names) bytes += await sizeOf(join(path, name));
  return bytes;
}
