/** @file What one run holds: its settings, its checkpoints and its sample grids, in order. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isRecord } from '../../../inference/parse/json.js';
import { MAX_RUN_FILE_BYTES } from '../../../inference/runs/runs.node.js';
import { bestCheckpoint } from '../../../trainer/checkpoint/kept-checkpoints.node.js';
import { fileInside, namesInside, textInside } from '../files/files.node.js';

/** A checkpoint of a run. */
export interface KeptCheckpoint {
  name: string;
  step: number;
  /** Whether its pictures are the nearest to real ones so far. */
  best: boolean;
}

/** A grid of pictures of the fixed latents. */
export interface SampleGrid {
  file: string;
  step: number;
}

/** A run, for the page's training view. */
export interface RunDetails {
  name: string;
  /** What a run that is made again under the same name does not share. */
  id: string;
  /** Values of its settings, as config.json has them; nothing where that cannot be read. */
  settings: Record<string, unknown>;
  /** Steps of the whole run. */
  steps?: number;
  /** The last part of the path of its data; nothing for the built-in pictures. */
  data?: string;
  checkpoints: KeptCheckpoint[];
  samples: SampleGrid[];
  /** Whether there is a grid of real pictures, real.png. */
  real: boolean;
}

/** The most sample grids, and checkpoints, that are listed; of more an even selection. */
const MAX_LISTED = 1000;

/** What a run holds now. */
export async function runDetails(name: string, folder: string): Promise<RunDetails> {
  const [id, settings, checkpoints, samples, real] = await Promise.all([
    idOf(folder),
    runSettingsOf(folder),
    keptCheckpoints(folder),
    sampleGrids(folder),
    fileInside(folder, ['real.png']),
  ]);
  return { name, id, ...settings, checkpoints, samples, real: real !== undefined };
}

async function idOf(folder: string): Promise<string> {
  const { ino = 0, birthtimeMs = 0 } = (await stat(folder).catch(() => undefined)) ?? {};
  return `${ino} ${birthtimeMs}`;
}

/** Steps of the whole run, as its config.json says. */
export async function stepsOf(folder: string): Promise<number | undefined> {
  const { steps } = await configOf(folder);
  return typeof steps === 'number' ? steps : undefined;
}

async function configOf(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const content = parsed((await textInside(folder, ['config.json'], MAX_RUN_FILE_BYTES)) ?? '');
  return isRecord(content) ? content : {};
}

async function runSettingsOf(folder: string): Promise<Pick<RunDetails, 'settings' | 'steps' | 'data'>> {
  const { config, data, steps, dataOptions, evaluation } = await configOf(folder);
  return {
    settings: {
      ...(isRecord(config) && config),
      ...(isRecord(dataOptions) && dataOptions),
      ...(isRecord(evaluation) && { evalSamples: evaluation['evalSamples'], evalEvery: evaluation['evalEvery'] }),
    },
    ...(typeof steps === 'number' && { steps }),
    // Where it lies is nobody's business who only sees the page.
    ...(typeof data === 'string' && { data: basename(data) }),
  };
}

/** The complete checkpoints, oldest first. */
async function keptCheckpoints(folder: string): Promise<KeptCheckpoint[]> {
  const names = await namesInside(folder, ['checkpoints'], 'folders');
  const best = basename((await bestCheckpoint(folder).catch(() => undefined)) ?? '');
  const found = names.flatMap((name) => {
    const step = /^step-(\d{7,15})$/.exec(name)?.[1];
    return step === undefined ? [] : [{ name, step: Number(step), best: name === best }];
  });
  return selected(found.toSorted((a, b) => a.step - b.step));
}

/** The sample grids, oldest first; pictures of other names come before them. */
async function sampleGrids(folder: string): Promise<SampleGrid[]> {
  const names = (await namesInside(folder, ['samples'])).filter((name) => name.endsWith('.png'));
  const found = names
    .toSorted()
    .map((file) => ({ file, step: Number(/^step-(\d{7,15})\.png$/.exec(file)?.[1] ?? -1) }));
  return selected(found.toSorted((a, b) => a.step - b.step));
}

/** Of many some, evenly, the first and the last among them. */
function selected<T>(all: readonly T[]): T[] {
  if (all.length <= MAX_LISTED) return [...all];
  const last = all.length - 1;
  return Array.from({ length: MAX_LISTED }, (_, i) => all[Math.round((i * last) / (MAX_LISTED - 1))] as T);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
