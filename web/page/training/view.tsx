/** @file The chosen run: curves and samples, kept up to date while it trains. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { StepLines } from '../../server/runs.node.js';
import { useStudio } from '../state/studio.js';
import { Status } from '../ui/controls.js';
import { curves, type Curve } from './curves.js';

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

/** The run's curves and newest samples. */
export function TrainingView() {
  const { models } = useStudio();
  const { run } = models;
  const rows = useRows(run);
  const samples = models.runs.value.find(({ name }) => name === run)?.samples;
  return (
    <div>
      <Status place="training" />
      <div class="charts">
        <Chart id="losses" title="Losses" rows={rows} lines={LOSSES} />
        <Chart id="scores" title="Scores" rows={rows} lines={SCORES} />
      </div>
      {samples !== undefined && (
        <figure>
          <img
            id="run-samples"
            src={`runs/${encodeURIComponent(run)}/samples/${encodeURIComponent(samples)}`}
            alt={`Samples of ${run}, ${samples}`}
          />
          <figcaption id="run-samples-text">{samples}</figcaption>
        </figure>
      )}
    </div>
  );
}

function Chart(props: { id: string; title: string; rows: readonly Row[]; lines: readonly Curve<Row>[] }) {
  const { id, title, rows, lines } = props;
  const svg = useRef<SVGSVGElement>(null);
  const [text, setText] = useState('');
  useEffect(() => {
    if (!svg.current) return;
    if (rows.length === 0) svg.current.replaceChildren();
    setText(rows.length === 0 ? `${title}: no steps yet.` : curves(svg.current, rows, lines, title));
  }, [rows, lines, title]);
  return (
    <figure>
      <svg id={id} ref={svg} role="img" aria-label={title} />
      <figcaption id={`${id}-text`}>{text}</figcaption>
    </figure>
  );
}

/** The lines of a run's metrics, read on while it is shown. */
function useRows(run: string): readonly Row[] {
  const { models, notices } = useStudio();
  const [rows, setRows] = useState<readonly Row[]>([]);
  useEffect(() => {
    let isShown = run !== '';
    let offset = 0;
    let all: readonly Row[] = [];
    setRows([]);
    notices.tell('training', '');
    const poll = async () => {
      while (isShown) {
        try {
          for (let more = true; more && isShown;) {
            const lines: StepLines = await answer(`api/runs/${encodeURIComponent(run)}/metrics?offset=${offset}`);
            // A run that is resumed from a checkpoint writes its file anew.
            if (lines.offset < offset) all = [];
            if (lines.rows.length > 0) all = [...all, ...lines.rows];
            ({ offset, more } = lines);
          }
          await models.refreshRuns();
          const live = models.runs.peek().find(({ name }) => name === run)?.live;
          const last = all.at(-1);
          const state = last ? `Step ${last['step']}, epoch ${last['epoch'] ?? 0}` : 'No steps yet';
          if (isShown) notices.tell('training', `${state}; ${live ? 'training' : 'not training'}.`);
          if (isShown) setRows(all);
        } catch (error) {
          if (isShown) notices.fail('training', error);
        }
        await new Promise((resolve) => setTimeout(resolve, INTERVAL));
      }
    };
    if (isShown) void poll();
    return () => {
      isShown = false;
    };
  }, [run, models, notices]);
  return rows;
}

async function answer<T>(path: string): Promise<T> {
  const response = await fetch(path);
  if (!response.ok || !response.headers.get('content-type')?.startsWith('application/json')) {
    throw new Error(`${path}: gan-studio answered ${response.status}`);
  }
  return response.json() as Promise<T>;
}
