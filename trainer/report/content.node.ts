/** @file The content of a run's report.html: from its configuration, metrics, pictures and machine. */
import { arch, cpus, platform, totalmem } from 'node:os';
import { basename, resolve } from 'node:path';
import { VERSION } from '../../exporter/version.js';
import { usableCores } from '../../inference/runtime/onnxruntime/cores.node.js';
import type { GanConfig } from '../settings/config.js';
import { presets } from '../settings/presets.js';
import { coverageNames, type QualityRow } from '../quality/quality.js';
import type { ReportContent, ReportFigure, ReportSetting, ReportTable } from './page.js';
import { overfittingOf } from '../step/state/overfitting.js';
import type { StepRow } from './plots.node.js';
import { durationText } from './duration.js';
import { reportSettings } from './settings.js';

/** Everything a report needs to know of a run. */
export interface RunSummary {
  run: string;
  /** What it is called, and what was noted of it. */
  about?: { name?: string | undefined; notes?: string | undefined };
  config: GanConfig;
  /** The data set as the log names it. */
  data: string;
  /** Where the steps were computed. */
  device: string;
  /** Of long runs only some rows, the last ones among them. */
  rows: readonly StepRow[];
  quality: readonly QualityRow[];
  /** Steps done, and steps of the complete run. */
  done: number;
  steps: number;
  stepsPerEpoch: number;
  figures: { samples: readonly ReportFigure[]; plots: readonly ReportFigure[] };
}

const count = (value: number) => value.toLocaleString('en-US');
const fixed = (value: number, digits: number) => (Number.isFinite(value) ? value.toFixed(digits) : 'not a number');

/** Real pictures per step. */
const picturesPerStep = ({ batchSize, dSteps }: GanConfig) => batchSize * dSteps;

/** The report's text and pictures. */
export function reportContent(summary: RunSummary): ReportContent {
  const { run, about = {}, config, data, done, steps, figures } = summary;
  const state =
    done < steps ? `stopped after ${count(done)} of ${count(steps)} steps` : `all ${count(steps)} steps done`;
  const folder = basename(resolve(run));
  return {
    title: about.name ?? folder,
    ...(about.notes !== undefined && { notes: about.notes }),
    lead: `${config.arch === 'resnet' ? 'A residual GAN' : 'A DCGAN'} trained on ${data}, preset ${config.preset}: ${state}.`,
    facts: facts(summary),
    sections: [
      { title: 'Samples', figures: figures.samples },
      { title: 'Training', figures: figures.plots },
    ],
    tables: [qualityTable(summary.quality), timingTable(summary)],
    preset: config.preset,
    settings: settingsOf(summary),
    environment: [...(about.name === undefined ? [] : [['Folder', folder] as const]), ...environment(summary.device)],
  };
}

function facts({ rows, quality, config, done, stepsPerEpoch }: RunSummary): [string, string][] {
  const perStep = rows.reduce((sum, row) => sum + row.seconds, 0) / rows.length;
  const recent = rows.slice(-100);
  const mean = (value: (row: StepRow) => number) => recent.reduce((sum, row) => sum + value(row), 0) / recent.length;
  const last = quality.at(-1);
  return [
    ['Steps', count(done)],
    ['Epochs', fixed(done / stepsPerEpoch, done < 10 * stepsPerEpoch ? 1 : 0)],
    ['Time in steps', durationText(perStep * done)],
    ['Pictures per second', fixed(picturesPerStep(config) / perStep, 1)],
    [
      `Loss_D, last ${recent.length}`,
      fixed(
        mean((row) => row.lossD),
        3,
      ),
    ],
    [
      `Loss_G, last ${recent.length}`,
      fixed(
        mean((row) => row.lossG),
        3,
      ),
    ],
    ...(recent.some(({ logitHeldOut }) => logitHeldOut === undefined)
      ? []
      : ([[`Overfitting r_v, last ${recent.length}`, fixed(overfittingOf(recent), 3)]] as [string, string][])),
    ...(last?.frechet === undefined ? [] : ([['Fréchet distance', fixed(last.frechet, 2)]] as [string, string][])),
    ...(last === undefined ? [] : ([['KID', last.kid.toPrecision(3)]] as [string, string][])),
  ];
}

function qualityTable(quality: readonly QualityRow[]): ReportTable {
  const [first] = quality;
  // Rows of earlier versions have none.
  const hasCoverage = quality.some(({ manifold }) => manifold !== undefined);
  return {
    title: 'Quality',
    headings: ['step', 'Fréchet distance', 'KID', '± std', ...(hasCoverage ? coverageNames : []), 'real', 'generated'],
    rows: quality.map((row) => [
      count(row.step),
      row.frechet === undefined ? '–' : fixed(row.frechet, 2),
      row.kid.toPrecision(4),
      row.kidStd.toPrecision(2),
      ...(hasCoverage ? coverageNames.map((name) => row.manifold?.[name].toFixed(3) ?? '–') : []),
      count(row.real),
      count(row.generated),
    ]),
    note:
      first &&
      `Distances: lower is better${hasCoverage ? '; precision, recall, density and coverage: higher' : ''}. Features: ${first.features}. Do not compare with values from other features or another number of pictures.`,
  } as ReportTable;
}

/** Durations of steps; the first steps of a session are slower. */
function timingTable({ rows, config }: RunSummary): ReportTable {
  const seconds = rows.map((row) => row.seconds).toSorted((a, b) => a - b);
  const at = (share: number) => seconds[Math.min(seconds.length - 1, Math.floor(share * seconds.length))] ?? Number.NaN;
  const line = (name: string, value: number) => [
    name,
    fixed(1000 * value, 1),
    fixed(picturesPerStep(config) / value, 1),
  ];
  return {
    title: 'Timing',
    headings: ['step', 'milliseconds', 'pictures/s'],
    rows:
      seconds.length === 0
        ? []
        : [line('fastest', at(0)), line('median', at(0.5)), line('95th percentile', at(0.95)), line('slowest', at(1))],
  };
}

/** The settings by their flags: of --steps and --epochs the one that decided how long the run is. */
function settingsOf({ config, steps, stepsPerEpoch }: RunSummary): ReportSetting[] {
  const settings = reportSettings(config);
  return steps === config.epochs * stepsPerEpoch
    ? settings
    : [
        { name: '--steps', value: String(steps), preset: `--epochs ${presets[config.preset].epochs}` },
        ...settings.filter(({ name }) => name !== '--epochs'),
      ];
}

function environment(device: string): [string, string][] {
  const [cpu] = cpus();
  return [
    ['ganscope', VERSION],
    ['Device', device],
    ['Node', process.version],
    ['System', `${platform()} ${arch()}`],
    ['Processor', `${cpu?.model.trim() ?? 'unknown'}, ${usableCores()} cores used`],
    ['Memory', `${(totalmem() / 2 ** 30).toFixed(0)} GiB`],
    ['Written', new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC'],
  ];
}
