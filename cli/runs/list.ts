/** @file gan-runs list: a table of the runs in a folder. */
import { basename } from 'node:path';
import type { RunInfo } from 'ganscope/trainer/runs';
import { UsageError } from '../common/errors.js';
import type { Printer } from '../common/print.js';

/** Where runs are, and how they are printed. */
export interface RunsPlace {
  runs: string;
  json: boolean;
}

/** Longest note in the table. */
const MAX_NOTE = 40;

/** Prints the runs, the newest first. */
export async function showRuns(
  words: readonly string[],
  { runs: folder, json, state, tag }: RunsPlace & { state?: string | undefined; tag?: string | undefined },
  { print }: { print: Printer },
): Promise<void> {
  if (words.length > 0) throw new UsageError(`list: expected no more words (--runs names a folder); got ${words[0]}`);
  const { listRuns, textTable } = await import('ganscope/trainer/runs');
  if (json) print.dataOnly();
  const all = await listRuns(folder);
  const shown = all.filter(
    (run) => (state === undefined || run.state === state) && (tag === undefined || run.tags.includes(tag)),
  );
  if (json) return print.data(JSON.stringify(shown, null, 2));
  if (shown.length === 0)
    return print.info(
      all.length === 0 ? `${folder}: no runs; gan-train makes one` : `${folder}: none of ${all.length} runs`,
    );
  print.result(textTable(table(shown), RIGHT).join('\n'), { runs: shown });
  for (const { run, failed } of shown) if (failed !== undefined) print.info(`${run} failed: ${failed}`);
}

const HEADINGS = 'run,name,state,steps,epochs,data,size,Loss_D,Loss_G,quality,started,disk,tags,notes'.split(',');
const RIGHT = ['steps', 'epochs', 'size', 'Loss_D', 'Loss_G', 'disk'].map((name) => HEADINGS.indexOf(name));

/** The cells, without columns that are empty. */
function table(runs: readonly RunInfo[]): string[][] {
  return [HEADINGS, ...runs.map(cells)];
}

function cells(run: RunInfo): string[] {
  const { quality } = run;
  const distance =
    quality?.frechet === undefined
      ? quality?.kid && `KID ${number(quality.kid)}`
      : `Fréchet ${number(quality.frechet)}`;
  return [
    run.run,
    run.name ?? '–',
    run.state,
    `${run.step}/${run.steps}`,
    String(run.epochs ?? '–'),
    run.data === null ? 'built-in' : basename(run.data),
    String(run.settings['imageSize']),
    number(run.lossD),
    number(run.lossG),
    distance || '–',
    run.started.slice(0, 16).replace('T', ' '),
    sizeText(run.bytes),
    run.tags.join(',') || '–',
    shortened(run.notes ?? ''),
  ];
}

const number = (value: number | undefined) => (value === undefined ? '–' : String(Number(value.toPrecision(4))));

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > MAX_NOTE ? `${line.slice(0, MAX_NOTE - 1)}…` : line;
}

/** A size such as `3.2 MiB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
