/** @file The pictures of report.html. */
import type { Picture } from '../../inference/pictures/pictures.js';
import { pictureGrid } from '../../inference/pictures/grid.js';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import type { QualityRow } from '../quality/quality.js';
import type { ReportFigure } from './page.js';
import {
  logitPlotPng,
  lossPlotPng,
  overfittingPlotPng,
  qualityPlotPng,
  scorePlotPng,
  type PlotOptions,
  type StepRow,
} from './plots.node.js';

/** Larger animations are left out of the report; their file is beside it. */
const MAX_ANIMATION_BYTES = 16 * 2 ** 20;

/** What the figures show. */
export interface ReportData {
  rows: readonly StepRow[];
  quality: readonly QualityRow[];
  /** A WebP file. */
  evolution?: Uint8Array | undefined;
}

/** The pictures of its grids. */
export interface ReportPictures {
  real: readonly Picture[];
  fake: readonly Picture[];
  /** Pictures in a row. */
  columns: number;
  /** What the generated ones are of. */
  caption: string;
  /** After how many steps. */
  done: number;
}

/** Sizes of plots in the page: shown at about this size, so that their text is as large as the page's. */
const [WIDE, NARROW] = [
  { width: 540, height: 320 },
  { width: 340, height: 270 },
];

/** The pictures of the report: generated ones, real ones and their evolution; then the plots. */
export async function reportFigures(
  { rows, quality, evolution }: ReportData,
  { real, fake, columns, caption: shown, done }: ReportPictures,
): Promise<{ samples: ReportFigure[]; plots: ReportFigure[] }> {
  const grid = async (pictures: readonly Picture[]) => encodePng(pictureGrid(pictures, columns));
  const step = done.toLocaleString('en-US');
  const figure = (title: string, caption: string, bytes: Uint8Array, kind: ReportFigure['kind']): ReportFigure => ({
    title,
    caption,
    bytes,
    kind,
    type: 'image/png',
  });
  const samples = [
    figure('Generated', `${shown} after step ${step}.`, await grid(fake), 'pixels'),
    figure(
      'Real',
      `${real.length} pictures of the data set, as the discriminator sees them.`,
      await grid(real),
      'pixels',
    ),
  ];
  if (evolution && evolution.length <= MAX_ANIMATION_BYTES) {
    const caption = 'The same latents from the first step to the last.';
    samples.push({ ...figure('Evolution', caption, evolution, 'pixels'), type: 'image/webp' });
  }
  const plot = (title: string, caption: string, draw: (options: PlotOptions) => Uint8Array): ReportFigure => ({
    ...figure(title, caption, draw({ title: '', size: WIDE }), 'plot'),
    narrow: draw({ title: '', size: NARROW }),
  });
  const plots = [
    plot('Losses', 'Mean over the pictures of a step.', (options) => lossPlotPng(rows, options)),
    plot('Scores', 'Mean probability of “real” according to the discriminator; 0.5 is undecided.', (options) =>
      scorePlotPng(rows, options),
    ),
  ];
  const isAdaptive = rows.some(({ augmentation }) => augmentation !== undefined);
  const isHeldOut = rows.some(({ logitHeldOut }) => logitHeldOut !== undefined);
  if (isHeldOut) {
    const caption =
      'What the discriminator says to pictures that it is trained on, to held-out ones and to generated ones.';
    plots.push(plot('Logits', caption, (options) => logitPlotPng(rows, options)));
  }
  if (isAdaptive || isHeldOut) {
    const caption = isAdaptive
      ? 'Probability that a picture is changed before the discriminator sees it, and the signal it follows.'
      : 'r_v: 0 where held-out pictures look as real as those trained on, 1 where they look like generated ones.';
    const title = isAdaptive ? 'Adaptive augmentation' : 'Overfitting';
    plots.push(plot(title, caption, (options) => overfittingPlotPng(rows, options)));
  }
  if (quality.length > 0) {
    const caption = 'Distance between real and generated pictures; lower is better.';
    plots.push(plot('Quality', caption, (options) => qualityPlotPng(quality, options)));
  }
  return { samples, plots };
}
