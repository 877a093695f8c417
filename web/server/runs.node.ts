/** @file Runs on disk as gan-studio lists them: read only, and nothing outside their folders. */
import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ABOUT_FILE, MAX_ABOUT_BYTES, parsedAbout } from '../../trainer/record/about.node.js';
import { fileInside, namesInside, textInside } from './files/files.node.js';
import { stepsOf } from './runs/details.node.js';
import { lastStep } from './runs/lines.node.js';

/** A run, for the page. */
export interface RunInfo {
  name: string;
  /** What people call it, what they noted of it, and its tags. */
  title?: string;
  notes?: string;
  tags?: readonly string[];
  /** Whether its metrics grew within the last minute. */
  live: boolean;
  /** Whether it lies in another place than the other runs. */
  elsewhere?: true;
  /** Whether its networks are exported. */
  exported: boolean;
  /** File of the newest samples. */
  samples?: string;
  /** Steps done, and of the whole run. */
  step?: number;
  steps?: number;
}

/** Where runs are. */
export interface RunPlaces {
  /** Folder of the runs. */
  runs: string;
  /** Folder of the run to show first; it may be elsewhere. */
  run?: string;
}

const LIVE_MS = 60_000;

/** The runs by name, the chosen one first, then the newest. */
export async function foldersOf({ runs, run }: RunPlaces): Promise<Map<string, string>> {
  const found = await runFolders(runs);
  if (run === undefined) return found;
  const name = basename(run);
  const chosen: [string, string][] = (await fileInside(run, ['config.json'])) ? [[name, run]] : [];
  return new Map([...chosen, ...[...found].filter(([other]) => other !== name)]);
}

/** The folders of runs: each folder of `root` with a config.json, the newest first. Links, such as `latest`, are left out. */
async function runFolders(root: string): Promise<Map<string, string>> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const found: { name: string; folder: string; time: number }[] = [];
  for (const entry of entries.filter((each) => each.isDirectory())) {
    const folder = join(root, entry.name);
    const config = await fileInside(folder, ['config.json']);
    if (config === undefined) continue;
    const metrics = await fileInside(folder, ['metrics.jsonl']);
    found.push({ name: entry.name, folder, time: (metrics ?? config).time });
  }
  return new Map(found.toSorted((a, b) => b.time - a.time).map(({ name, folder }) => [name, folder]));
}

/** What the page needs to know of a run. */
export async function runInfo(name: string, folder: string, { runs }: RunPlaces): Promise<RunInfo> {
  const [place, usual] = await Promise.all([folder, runs].map((path) => realpath(path).catch(() => undefined)));
  const metrics = await fileInside(folder, ['metrics.jsonl']);
  const networks = await Promise.all(
    ['generator', 'discriminator'].map((role) => fileInside(folder, ['onnx', `${role}.onnx`])),
  );
  const pictures = (await namesInside(folder, ['samples'])).filter((file) => file.endsWith('.png'));
  const samples = pictures.toSorted().at(-1);
  const [step, steps, about] = await Promise.all([lastStep(folder), stepsOf(folder), aboutOf(folder)]);
  return {
    name,
    live: metrics !== undefined && Date.now() - metrics.time < LIVE_MS,
    ...(place !== undefined && dirname(place) !== usual && { elsewhere: true }),
    exported: networks.every((file) => file !== undefined),
    ...about,
    ...(samples !== undefined && { samples }),
    ...(step !== undefined && { step }),
    ...(steps !== undefined && { steps }),
  };
}

async function aboutOf(folder: string): Promise<Pick<RunInfo, 'title' | 'notes' | 'tags'>> {
  const { name, notes, tags } = parsedAbout((await textInside(folder, [ABOUT_FILE], MAX_ABOUT_BYTES)) ?? '');
  return { ...(name !== undefined && { title: name }), ...(notes !== undefined && { notes }), ...(tags && { tags }) };
}
