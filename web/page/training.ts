/** @file Runs that gan-studio found on disk: curves and samples, kept up to date while one is training. */
import type { RunInfo, StepLines } from '../server/runs.node.js';
import { curves, type Curve } from './curves.js';
import { element, fillSelect, tell, tellError } from './dom.js';

/** Milliseconds between two looks at a run. */
const INTERVAL = 2000;

type Row = Readonly<Record<string, number>>;

const LOSSES: readonly Curve<Row>[] = [
  { label: 'D', value: ({ lossD = 0 }) => lossD },
  { label: 'G', value: ({ lossG = 0 }) => lossG },
];
const SCORES: readonly Curve<Row>[] = [
  { label: 'D(x)', value: ({ dReal = 0 }) => dReal },
  { label: 'D(G(z))', value: ({ dFakeBefore = 0 }) => dFakeBefore },
];

/** Shows runs where the page is served by gan-studio. Returns the names of those that have networks. */
export async function trainingSection(): Promise<string[]> {
  const runs = await answer<RunInfo[]>('api/runs').catch(() => []);
  if (runs.length === 0) return [];
  for (const id of ['training', 'training-link']) element(id, HTMLElement).hidden = false;
  const select = element('run', HTMLSelectElement);
  fillSelect(
    select,
    runs.map(({ name }) => [name, name] as const),
  );
  let rows: Row[] = [];
  let offset = 0;
  let turn = 0;
  const follow = async () => {
    const own = ++turn;
    [rows, offset] = [[], 0];
    while (own === turn) {
      try {
        const name = encodeURIComponent(select.value);
        let more = true;
        while (more && own === turn) {
          const lines: StepLines = await answer(`api/runs/${name}/metrics?offset=${offset}`);
          if (own !== turn) return;
          // A run that goes on from a checkpoint starts its file anew.
          if (lines.offset < offset) rows = [];
          rows.push(...lines.rows);
          ({ offset, more } = lines);
        }
        const info = (await answer<RunInfo[]>('api/runs')).find((run) => run.name === select.value);
        if (own === turn && info) show(info, rows);
      } catch (error) {
        tellError('training-status', error);
      }
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  };
  select.addEventListener('change', () => void follow());
  void follow();
  return runs.filter(({ exported }) => exported).map(({ name }) => name);
}

function show({ name, live, samples }: RunInfo, rows: readonly Row[]): void {
  const last = rows.at(-1);
  const state = last ? `Step ${last['step']}, epoch ${last['epoch']}` : 'No step yet';
  tell('training-status', `${state}; ${live ? 'training' : 'not training'}.`);
  if (rows.length > 1) {
    element('losses-text', HTMLElement).textContent = curves(element('losses', SVGSVGElement), rows, LOSSES, 'Losses');
    element('scores-text', HTMLElement).textContent = curves(element('scores', SVGSVGElement), rows, SCORES, 'Scores');
  }
  const picture = element('run-samples', HTMLImageElement);
  picture.hidden = samples === undefined;
  if (samples === undefined) return;
  picture.src = `runs/${encodeURIComponent(name)}/samples/${samples}`;
  picture.alt = `Samples of ${name}, ${samples}`;
  element('run-samples-text', HTMLElement).textContent = samples;
}

async function answer<T>(path: string): Promise<T> {
  const response = await fetch(path);
  if (!response.ok || !response.headers.get('content-type')?.startsWith('application/json')) {
    throw new Error(`${path}: gan-studio answered ${response.status}`);
  }
  return response.json() as Promise<T>;
}
