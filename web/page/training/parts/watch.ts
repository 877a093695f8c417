/** @file A run that is watched: its metrics, qualities, checkpoints and sample grids, read on while it trains. */
import { batch, signal } from '@preact/signals';
import type { RunDetails } from '../../../server/runs/details.node.js';
import type { StepLines } from '../../../server/runs/lines.node.js';

/** The numbers of a step. */
export type Row = Readonly<Record<string, number>>;

/** A run, as it was last asked for. */
export class WatchedRun {
  readonly details = signal<RunDetails | undefined>(undefined);
  readonly metrics = signal<readonly Row[]>([]);
  readonly quality = signal<readonly Row[]>([]);
  /** Why it cannot be shown, such as that it was deleted. */
  readonly problem = signal('');
  #offsets = { metrics: 0, quality: 0 };

  constructor(readonly name: string) {}

  /** Reads what is new. */
  async refresh(): Promise<void> {
    try {
      const details = await answer<RunDetails>(this.#path(''));
      // One that was made again under the same name is read from its start.
      const goesOn = details.id === this.details.peek()?.id;
      const [metrics, quality] = [await this.#readOn('metrics', goesOn), await this.#readOn('quality', goesOn)];
      batch(() => {
        // Rows and how far they were read are of one look: another one may be under way, or have failed.
        this.#offsets = { metrics: metrics.offset, quality: quality.offset };
        if (metrics.rows !== this.metrics.peek()) this.metrics.value = metrics.rows;
        if (quality.rows !== this.quality.peek()) this.quality.value = quality.rows;
        if (JSON.stringify(details) !== JSON.stringify(this.details.peek())) this.details.value = details;
        this.problem.value = '';
      });
    } catch (error) {
      this.problem.value = error instanceof Error ? error.message : String(error);
    }
  }

  async #readOn(kind: 'metrics' | 'quality', goesOn: boolean): Promise<{ rows: readonly Row[]; offset: number }> {
    let rows = goesOn ? this[kind].peek() : [];
    let offset = goesOn ? this.#offsets[kind] : 0;
    for (let more = true; more;) {
      const lines = await answer<StepLines>(this.#path(`/${kind}?offset=${offset}`));
      const [first] = lines.rows;
      // A run that was killed goes on from its last checkpoint, and writes later steps again.
      if (lines.offset < offset) rows = [];
      if (first) rows = [...rows.slice(0, rowsBefore(rows, first['step'] ?? 0)), ...lines.rows];
      ({ offset, more } = lines);
    }
    return { rows, offset };
  }

  #path = (rest: string) => `api/runs/${encodeURIComponent(this.name)}${rest}`;
}

/** How many of the rows are of steps before one. */
function rowsBefore(rows: readonly Row[], step: number): number {
  return rows.findLastIndex((row) => (row['step'] ?? 0) < step) + 1;
}

async function answer<T>(path: string): Promise<T> {
  const response = await fetch(path).catch(() => {
    throw new Error('gan-studio does not answer: it was stopped');
  });
  if (response.ok) return response.json() as Promise<T>;
  throw new Error((await response.text()).trim() || `gan-studio answered ${response.status}`);
}
