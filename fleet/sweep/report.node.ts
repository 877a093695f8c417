/** @file What a sweep found: runs from the best to the worst as a table, and a plot. */
import { join } from 'node:path';
import { chartDrawing } from '../../inference/figures/charts/chart.node.js';
import { drawingPng, stackedDrawings, type Drawing } from '../../inference/figures/drawing.node.js';
import { lineStyle } from '../../inference/figures/theme.js';
import { writeFileAtomic } from '../../onnx/files/files.node.js';
import type { ChosenSettings } from '../../trainer/settings/resolve-settings.node.js';
import { LEAST_SAMPLES } from '../../trainer/quality/quality.js';
import { textTable } from '../../trainer/runs/text-table.js';
import { dashedName } from '../../trainer/settings/table.js';
import type { Measure, SweepPlan } from './plan.node.js';
import { measured, type RunResult } from './result.node.js';

/** What a sweep found. */
export interface SweepReport {
  /** Lines of a table: the best run first, marked by `*`. */
  table: string[];
  /** Folder of the best run; nothing where none has the number that runs are compared by. */
  best?: string;
  /** What runs lack if none can be the best. */
  lacking?: string;
  failed: { name: string; problem: string }[];
  files: string[];
}

/** What the measures are called. */
const TITLES: Readonly<Record<Measure, string>> = {
  frechet: 'Fréchet distance',
  kid: 'KID',
  'loss-g': 'Loss_G, mean of the last tenth',
  'loss-d': 'Loss_D, mean of the last tenth',
};

/** A plot of more settings would be too high. */
const MAX_PANELS = 8;

type Row = { result: RunResult; settings: ChosenSettings; number: number; value: number | undefined };

/** Writes `sweep.json` and `sweep.png`. */
export async function sweepReport(plan: SweepPlan, results: readonly RunResult[], out: string): Promise<SweepReport> {
  const rows = plan.runs.map(({ settings }, index): Row => {
    const result = results[index] as RunResult;
    return { result, settings, number: index + 1, value: measured(result, plan.by) };
  });
  const ranked = rows.toSorted((a, b) => (a.value ?? Infinity) - (b.value ?? Infinity) || a.number - b.number);
  const first = ranked[0]?.value === undefined ? undefined : ranked[0];
  const failed = ranked.flatMap(({ result: { name, problem } }) => (problem === undefined ? [] : [{ name, problem }]));
  const best = first && join(out, 'runs', first.result.name);
  const content = {
    by: plan.by,
    best: first?.result.name,
    runs: ranked.map(({ result, settings }) => ({ ...result, settings })),
  };
  await writeFileAtomic(join(out, 'sweep.json'), `${JSON.stringify(content, null, 2)}\n`);
  const drawing = plot(plan, ranked, first);
  if (drawing) await writeFileAtomic(join(out, 'sweep.png'), drawingPng(drawing));
  const files = ['sweep.json', ...(drawing ? ['sweep.png'] : [])];
  const needed = plan.by === 'frechet' ? `, which needs evaluations with ${LEAST_SAMPLES} pictures of each kind` : '';
  const found = best === undefined ? { lacking: `${TITLES[plan.by]}${needed}` } : { best };
  return { table: table(plan, ranked, first), ...found, failed, files };
}

function table({ varied }: SweepPlan, ranked: readonly Row[], best: Row | undefined): string[] {
  const number = (value: number | undefined) => (value === undefined ? '–' : String(Number(value.toPrecision(4))));
  const cells = ranked.map((row) => [
    row === best ? '*' : '',
    ...varied.map((name) => setting(row, name)),
    number(row.result.frechet),
    number(row.result.kid),
    number(row.result.lossG),
    number(row.result.lossD),
    row.result.problem === undefined ? row.result.name : `${row.result.name} (failed)`,
  ]);
  const all = [['', ...varied.map(dashedName), 'Fréchet', 'KID', 'Loss_G', 'Loss_D', 'run'], ...cells];
  return textTable(all);
}

function setting({ settings }: Row, name: string): string {
  const value: unknown = settings[name as keyof ChosenSettings];
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** A panel for each number that varies; where none does, one over the numbers of the runs. */
function plot({ varied, by }: SweepPlan, ranked: readonly Row[], best: Row | undefined): Drawing | undefined {
  const known = ranked.filter(({ value }) => value !== undefined);
  if (known.length === 0) return undefined;
  const of = (name: string) => (row: Row) => row.settings[name as keyof ChosenSettings] as number;
  const numeric = varied.filter((name) => known.every((row) => typeof of(name)(row) === 'number')).slice(0, MAX_PANELS);
  const panels = numeric.map((name) => ({ title: dashedName(name), x: of(name) }));
  const shown = panels.length > 0 ? panels : [{ title: 'run', x: ({ number }: Row) => number }];
  return stackedDrawings(
    shown.map(({ title, x }, index) => {
      const points = (rows: readonly Row[]) => rows.map((row) => ({ x: x(row), y: row.value as number }));
      const places = known.map(x);
      const [min, max] = [Math.min(...places), Math.max(...places)];
      const logarithmic = min > 0 && max / min >= 20;
      const [low, high] = logarithmic
        ? [min / 1.2, max * 1.2]
        : [min - 0.05 * (max - min || 1), max + 0.05 * (max - min || 1)];
      const dots = (rows: readonly Row[], style: number, radius: number) => {
        const { colour, marker } = lineStyle(style);
        return {
          data: points(rows),
          showLine: false,
          borderColor: colour,
          backgroundColor: colour,
          pointRadius: radius,
          pointStyle: marker,
          clip: 8,
        };
      };
      const chosen = best ? [best] : [];
      const datasets = [
        dots(chosen, 1, 8),
        dots(
          known.filter((row) => row !== best),
          0,
          4,
        ),
      ];
      const legend = [
        ...(best
          ? [
              {
                label: `best: ${best.result.name}`,
                kind: 'line' as const,
                colour: lineStyle(1).colour,
                marker: lineStyle(1).marker,
              },
            ]
          : []),
        { label: 'other runs', kind: 'line' as const, colour: lineStyle(0).colour, marker: lineStyle(0).marker },
      ];
      const text = { title: index === 0 ? `${TITLES[by]} by setting` : '', xTitle: title, yTitle: TITLES[by] };
      return chartDrawing({ type: 'line', datasets, legend: index === 0 ? legend : [] }, text, {
        x: { min: low, max: high, logarithmic, roomy: true },
      });
    }),
  );
}
