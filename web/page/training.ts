/** @file The runs that gan-studio found on disk: curves and samples, kept up to date while a run trains. */
import type { RunInfo, StepLines } from '../server/runs.node.js';
import { curves, type Curve } from './curves.js';
import { element, tell, tellError } from './dom.js';

/** Milliseconds between polls of a run. */
const INTERVAL = 2000;

type Row = Readonly<Record<string, number>>;

const value = (name: string) => (row: Row) => row[name] ?? Number.NaN;
const LOSSES: readonly Curve<Row>[] = [
  { label: 'D', value: value('lossD') },
  { label: 'G', value: value('lossG') },
];
const SCORES: readonly Curve<Row>[] = [
  { label: 'D(x)', value: value('dReal') },
  { label: 'D(G(z))', value: value('dFakeBefore') },
];
const CHARTS = [
  { id: 'losses', title: 'Losses', lines: LOSSES },
  { id: 'scores', title: 'Scores', lines: SCORES },
] as const;

/** The runs on disk, the one to show first; empty if the page is not served by gan-studio. */
export async function knownRuns(): Promise<RunInfo[]> {
  return answer<RunInfo[]>('api/runs').catch(() => []);
}

/** Shows the section. Returns a function that follows another run; an empty name shows none. */
export function trainingSection(): (run: string) => void {
  let turn = 0;
  return (run) => {
    const own = ++turn;
    for (const id of ['training', 'training-link']) element(id, HTMLElement).hidden = run === '';
    clear();
    if (run !== '') void follow(run, () => own === turn);
  };
}

/** Polls the run while it is the one shown. */
async function follow(run: string, isShown: () => boolean): Promise<void> {
  let rows: Row[] = [];
  let offset = 0;
  while (isShown()) {
    try {
      for (let more = true; more && isShown();) {
        const lines: StepLines = await answer(`api/runs/${encodeURIComponent(run)}/metrics?offset=${offset}`);
        // A run that is resumed from a checkpoint writes its file anew.
        if (lines.offset < offset) rows = [];
        rows.push(...lines.rows);
        ({ offset, more } = lines);
      }
      const info = (await knownRuns()).find(({ name }) => name === run);
      if (isShown() && info) show(info, rows);
    } catch (error) {
      if (isShown()) tellError('training-status', error);
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
}

/** Removes everything that belongs to the run shown before. */
function clear(): void {
  tell('training-status', '');
  for (const { id, title } of CHARTS) {
    element(id, SVGSVGElement).replaceChildren();
    element(`${id}-text`, HTMLElement).textContent = `${title}: no steps yet.`;
  }
  showSamples('', undefined);
}

function show({ name, live, samples }: RunInfo, rows: readonly Row[]): void {
  const last = rows.at(-1);
  const state = last ? `Step ${last['step']}, epoch ${last['epoch'] ?? 0}` : 'No steps yet';
  tell('training-status', `${state}; ${live ? 'training' : 'not training'}.`);
  if (rows.length > 0) {
    for (const { id, title, lines } of CHARTS) {
      element(`${id}-text`, HTMLElement).textContent = curves(element(id, SVGSVGElement), rows, lines, title);
    }
  }
  showSamples(name, samples);
}

function showSamples(run: string, file: string | undefined): void {
  const picture = element('run-samples', HTMLImageElement);
  element('run-samples-text', HTMLElement).textContent = file ?? '';
  picture.hidden = file === undefined;
  if (file === undefined) {
    picture.removeAttribute('src');
    return;
  }
  const address = `runs/${encodeURIComponent(run)}/samples/${encodeURIComponent(file)}`;
  if (picture.getAttribute('src') !== address) picture.src = address;
  picture.alt = `Samples of ${run}, ${file}`;
}

async function answer<T>(path: string): Promise<T> {
  const response = await fetch(path);
  if (!response.ok || !response.headers.get('content-type')?.startsWith('application/json')) {
    throw new Error(`${path}: gan-studio answered ${response.status}`);
  }
  return response.json() as Promise<T>;
}
