/** @file The plots of a run: losses, scores, overfitting and quality. */
import { CHART_SIZE, type ChartAxis, type ChartSize } from '../../inference/figures/charts/chart.node.js';
import { linePlotPng, type PlotLine } from '../../inference/figures/charts/plot.node.js';
import { lineStyle } from '../../inference/figures/theme.js';
import { InputError } from '../../onnx/errors.js';
import type { QualityRow } from '../quality/quality.js';
import { overfittingOf, SIGNAL_STEPS } from '../step/state/overfitting.js';
import { bulk, runningMean, SMOOTH_FROM, smoothRadius } from './smoothing.js';

/** One step of training, a line of metrics.jsonl. */
export interface StepRow {
  /** Updates done, the first is 1. */
  step: number;
  epoch: number;
  /** Mean losses of the step; of binary cross-entropy in nats. */
  lossD: number;
  lossG: number;
  /** Mean probability of "real" for the real pictures, D(x). */
  dReal: number;
  /** The same for the generated pictures, D(G(z)), before and after the discriminator's update. */
  dFakeBefore: number;
  dFakeAfter: number;
  /** With `ada`: the mean sign of the real pictures' logits, where that is followed, and the probability that a picture was changed. */
  signReal?: number;
  augmentation?: number;
  /** With `heldOut`: mean logits of the pictures that are trained on, of held-out ones and of generated ones. */
  logitReal?: number;
  logitHeldOut?: number;
  logitFake?: number;
  /** Duration of the step in seconds. */
  seconds: number;
}

/** How a plot looks. */
export interface PlotOptions {
  /** Heading; by default it says what is plotted, and an empty one is left out. */
  title?: string;
  /** Size in layout pixels; the file has two pixels for each. Default 900×420. */
  size?: ChartSize;
}

type LineLook = ReturnType<typeof lineStyle>;

interface Series<Row> extends LineLook {
  label: string;
  value: (row: Row) => number;
}

interface Plot<Row> {
  title: string;
  yTitle: string;
  series: readonly Series<Row>[];
  /** Lines that are not made of single rows. */
  more?: readonly PlotLine[];
  /** Ends of the vertical axis; the data decide about those that are missing. */
  y?: ChartAxis;
  size?: ChartSize;
}

const [FIRST, SECOND, THIRD] = [0, 1, 2].map(lineStyle) as [LineLook, LineLook, LineLook];
const LOSSES: readonly Series<StepRow>[] = [
  { label: 'Loss_D', ...FIRST, value: (row) => row.lossD },
  { label: 'Loss_G', ...SECOND, value: (row) => row.lossG },
];
const SCORES: readonly Series<StepRow>[] = [
  { label: 'D(x)', ...FIRST, value: (row) => row.dReal },
  { label: 'D(G(z)) before D’s update', ...SECOND, value: (row) => row.dFakeBefore },
  { label: 'D(G(z)) after D’s update', ...THIRD, value: (row) => row.dFakeAfter },
];

const LOGITS: readonly Series<StepRow>[] = [
  { label: 'pictures that are trained on', ...FIRST, value: (row) => row.logitReal ?? Number.NaN },
  { label: 'held-out pictures', ...SECOND, value: (row) => row.logitHeldOut ?? Number.NaN },
  { label: 'generated pictures', ...THIRD, value: (row) => row.logitFake ?? Number.NaN },
];

/** The lines of a series: its steps, and for many steps their running mean. Only the bold line is in the legend. */
function seriesLines<Row extends { step: number }>({ value, ...look }: Series<Row>, rows: readonly Row[]): PlotLine[] {
  const points = rows.map((row) => ({ x: row.step, y: value(row) }));
  if (points.length < SMOOTH_FROM) return [{ ...look, points }];
  return [
    { ...look, points: runningMean(points, smoothRadius(points)) },
    { colour: `${look.colour}40`, points, width: 1 },
  ];
}

/** A plot over steps as a PNG file. */
function stepPlotPng<Row extends { step: number }>(
  rows: readonly Row[],
  { title, yTitle, series, more = [], y = {}, size = CHART_SIZE }: Plot<Row>,
): Uint8Array {
  if (rows.length === 0) throw new InputError({ name: 'plot', expected: 'at least one step', got: 'none' });
  const lines = [...series.flatMap((each) => seriesLines(each, rows)), ...more];
  return linePlotPng({ title, xTitle: 'step', yTitle, lines, wholeX: true, y }, size);
}

/** The ends of the axis of losses, and how many values lie outside. */
function lossAxis(rows: readonly StepRow[]): { y: ChartAxis; outside: number } {
  const values = rows.flatMap(({ lossD, lossG }) => [lossD, lossG]).filter(Number.isFinite);
  const y = rows.length < SMOOTH_FROM ? {} : bulk(values);
  const outside = values.filter((value) => value < (y.min ?? value) || value > (y.max ?? value)).length;
  return { y, outside };
}

/**
 * Loss_D and Loss_G over steps as a PNG file.
 * @param rows in the order of their steps, at least one; steps whose loss is not a number leave a gap
 * @throws InputError if there are no rows
 */
export function lossPlotPng(rows: readonly StepRow[], options: PlotOptions = {}): Uint8Array {
  const { outside, y } = lossAxis(rows);
  const total = (2 * rows.length).toLocaleString('en-US');
  const yTitle = outside === 0 ? 'loss' : `loss (${outside} of ${total} values are outside)`;
  return stepPlotPng(rows, { title: 'Losses of discriminator and generator', yTitle, series: LOSSES, y, ...options });
}

/**
 * D(x), and D(G(z)) before and after the discriminator's update, over steps, as a PNG file.
 * @param rows in the order of their steps, at least one
 * @throws InputError if there are no rows
 */
export function scorePlotPng(rows: readonly StepRow[], options: PlotOptions = {}): Uint8Array {
  const text = { title: 'Scores of the discriminator', yTitle: 'mean probability of “real”' };
  return stepPlotPng(rows, { ...text, series: SCORES, y: { min: 0, max: 1 }, ...options });
}

const isKnown = (value: number | undefined): boolean => value !== undefined;

/** The axis of r_v: 0…1, and beyond as far as the bold line goes, within what is worth showing. */
function signalAxis([bold]: readonly PlotLine[]): ChartAxis {
  const values = (bold?.points ?? []).map(({ y }) => y).filter(Number.isFinite);
  const [low, high] = [Math.max(-1, Math.min(0, ...values)), Math.min(3, Math.max(1, ...values))];
  return { min: Math.floor(low * 4) / 4, max: Math.ceil(high * 4) / 4 };
}

/** r_v over the steps: of each four, and for many steps of the mean logits around them as the bold line. */
function overfittingLines(rows: readonly StepRow[]): PlotLine[] {
  const points = (before: number, after: number) =>
    rows.map(({ step }, at) => ({
      x: step,
      y: overfittingOf(rows.slice(Math.max(0, at - before), at + after + 1)),
    }));
  const look = { label: 'r_v: overfitting by held-out pictures', ...SECOND };
  if (rows.length < SMOOTH_FROM) return [{ ...look, points: points(SIGNAL_STEPS - 1, 0) }];
  const radius = Math.round(rows.length / 50);
  return [
    { ...look, points: points(radius, radius) },
    { colour: `${look.colour}40`, points: points(SIGNAL_STEPS - 1, 0), width: 1 },
  ];
}

/**
 * How much the discriminator overfits over steps, as a PNG file: the signal r_t or r_v, and with adaptive augmentation its
 * probability. r_v has a gap where generated pictures look more real to D than those that it is trained on.
 * @param rows in the order of their steps, at least one
 * @throws InputError if there are no rows
 */
export function overfittingPlotPng(rows: readonly StepRow[], options: PlotOptions = {}): Uint8Array {
  const isAdaptive = rows.some(({ augmentation }) => isKnown(augmentation));
  const isSign = rows.some(({ signReal }) => isKnown(signReal));
  const isHeldOut = !isSign && rows.some(({ logitHeldOut }) => isKnown(logitHeldOut));
  const text = {
    title: isAdaptive ? 'Adaptive augmentation' : 'Overfitting of the discriminator',
    yTitle: [...(isAdaptive ? ['probability'] : []), isSign ? 'mean sign' : 'r_v'].join(', '),
  };
  const series: readonly Series<StepRow>[] = [
    ...(isAdaptive
      ? [{ label: 'probability of changes', ...FIRST, value: (row: StepRow) => row.augmentation ?? Number.NaN }]
      : []),
    ...(isSign
      ? [{ label: 'mean sign of D on real pictures', ...SECOND, value: (row: StepRow) => row.signReal ?? Number.NaN }]
      : []),
  ];
  const more = isHeldOut ? overfittingLines(rows) : [];
  return stepPlotPng(rows, { ...text, series, more, ...(isHeldOut && { y: signalAxis(more) }), ...options });
}

/**
 * The mean logits of pictures that the discriminator is trained on, of held-out ones and of generated ones, over steps, as a PNG file.
 * @param rows in the order of their steps, at least one, of a run with held-out pictures
 * @throws InputError if there are no rows
 */
export function logitPlotPng(rows: readonly StepRow[], options: PlotOptions = {}): Uint8Array {
  const values = rows.flatMap(({ logitReal = 0, logitHeldOut = 0, logitFake = 0 }) => [
    logitReal,
    logitHeldOut,
    logitFake,
  ]);
  const text = { title: 'Logits of the discriminator', yTitle: 'mean logit' };
  const y = rows.length < SMOOTH_FROM ? {} : bulk(values);
  return stepPlotPng(rows, { ...text, series: LOGITS, y, ...options });
}

/**
 * The distance between real and generated pictures over steps, as a PNG file: the Fréchet distance if every evaluation has
 * one, otherwise KID.
 * @param rows in the order of their steps, at least one
 * @throws InputError if there are no rows
 */
export function qualityPlotPng(rows: readonly QualityRow[], options: PlotOptions = {}): Uint8Array {
  const frechet = rows.every((row) => row.frechet !== undefined);
  const label = frechet ? 'Fréchet distance' : 'KID';
  const text = { title: `Distance of generated from real pictures: ${label}`, yTitle: 'lower is better' };
  const value = (row: QualityRow) => (frechet ? row.frechet : row.kid) ?? Number.NaN;
  return stepPlotPng(rows, { ...text, series: [{ label, ...FIRST, value }], ...options });
}
