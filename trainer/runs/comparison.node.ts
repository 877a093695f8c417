/** @file Several runs side by side: numbers, settings that differ, and their curves over each other. */
import { basename, join } from 'node:path';
import { differingSettings, wordsOfRun } from '../settings/differences.js';
import { dashedName } from '../settings/table.js';
import { durationText } from '../report/duration.js';
import type { RunInfo } from './run-info.node.js';
import { readRows, type NumberRow } from './tail.node.js';

/** The most runs that are compared: so many lines can be told apart. */
export const MOST_COMPARED = 10;

/** Rows under headings: what is compared, then a cell for each run. */
export interface ComparisonTable {
  headings: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A run with its curves. */
export interface ComparedRun {
  info: RunInfo;
  /** How it is called beside the others. */
  label: string;
  metrics: readonly NumberRow[];
  quality: readonly NumberRow[];
}

/** Runs side by side. */
export interface RunComparison {
  runs: readonly ComparedRun[];
  numbers: ComparisonTable;
  /** Without rows where the settings are the same. */
  settings: ComparisonTable;
}

/** Last steps whose mean is told. */
const RECENT = 100;

/** Reads and compares runs; they may be trained meanwhile. */
export async function comparedRuns(infos: readonly RunInfo[]): Promise<RunComparison> {
  const labels = labelsOf(infos);
  const runs: ComparedRun[] = [];
  for (const [at, info] of infos.entries()) {
    const [metrics, quality] = [
      await readRows(join(info.folder, 'metrics.jsonl')),
      await readRows(join(info.folder, 'quality.jsonl')),
    ];
    runs.push({ info, label: labels[at] as string, metrics, quality });
  }
  const headings = ['', ...labels];
  const measured = measures
    .map(([title, cell]) => [title, ...runs.map((run) => cell(run) ?? '–')])
    .filter(([, ...cells]) => cells.some((cell) => cell !== '–'));
  const words = infos.map(({ data, steps, settings }) =>
    wordsOfRun({ data: data === null ? undefined : data, steps, settings }),
  );
  const settings = differingSettings(words).map((name) => [dashedName(name), ...words.map((of) => of[name] ?? '–')]);
  return { runs, numbers: { headings, rows: measured }, settings: { headings, rows: settings } };
}

/** Names where they tell the runs apart, and folders where they do not. */
function labelsOf(infos: readonly RunInfo[]): string[] {
  const names = infos.map(({ name, run }) => name ?? run);
  return infos.map(({ run, folder }, at) => {
    const name = names[at] as string;
    const isAlone = names.filter((other) => other === name).length === 1;
    if (isAlone) return name;
    return infos.filter((other) => other.run === run).length === 1 ? `${name} (${run})` : folder;
  });
}

const count = (value: number) => value.toLocaleString('en-US');
const digits = (value: number | undefined, most: number) =>
  value === undefined || !Number.isFinite(value) ? undefined : value.toFixed(most);

function recentMean(rows: readonly NumberRow[], name: string): number | undefined {
  const values = rows.slice(-RECENT).flatMap((row) => row[name] ?? []);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function secondsPerStep({ metrics }: ComparedRun): number | undefined {
  const seconds = metrics.flatMap((row) => row['seconds'] ?? []).toSorted((a, b) => a - b);
  return seconds[Math.floor(seconds.length / 2)];
}

function best(rows: readonly NumberRow[], name: string, write: (value: number) => string): string | undefined {
  const known = rows.filter((row) => row[name] !== undefined);
  const row = known.toSorted((a, b) => (a[name] as number) - (b[name] as number))[0];
  return row && `${write(row[name] as number)} (step ${count(row['step'] as number)})`;
}

/** What is compared of runs, in this order. */
const measures: readonly (readonly [title: string, cell: (run: ComparedRun) => string | undefined])[] = [
  ['folder', ({ info }) => info.folder],
  ['state', ({ info }) => info.state],
  ['tags', ({ info }) => (info.tags.length === 0 ? undefined : info.tags.join(', '))],
  ['notes', ({ info }) => info.notes],
  ['data', ({ info }) => (info.data === null ? 'built-in pictures' : basename(info.data))],
  ['steps', ({ info }) => `${count(info.step)} of ${count(info.steps)}`],
  ['epochs', ({ info }) => (info.epochs === undefined ? undefined : count(info.epochs))],
  ['milliseconds per step', (run) => digits(1000 * (secondsPerStep(run) ?? Number.NaN), 1)],
  [
    'time in steps',
    (run) => {
      const seconds = secondsPerStep(run);
      return seconds === undefined ? undefined : durationText(seconds * run.info.step);
    },
  ],
  [`Loss_D, last ${RECENT}`, ({ metrics }) => digits(recentMean(metrics, 'lossD'), 3)],
  [`Loss_G, last ${RECENT}`, ({ metrics }) => digits(recentMean(metrics, 'lossG'), 3)],
  [`D(x), last ${RECENT}`, ({ metrics }) => digits(recentMean(metrics, 'dReal'), 3)],
  [`D(G(z)), last ${RECENT}`, ({ metrics }) => digits(recentMean(metrics, 'dFakeBefore'), 3)],
  ['Fréchet distance, best', ({ quality }) => best(quality, 'frechet', (value) => value.toFixed(2))],
  ['KID, best', ({ quality }) => best(quality, 'kid', (value) => value.toPrecision(3))],
];
