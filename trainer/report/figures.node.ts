/** @file The pictures of report.html. */
import type { Picture } from '../../inference/pictures/pictures.js';
import { pictureGrid } from '../../inference/pictures/grid.js';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import type { ReportFigure } from './page.js';

/** Larger animations are left out of the report; they lie beside it. */
const MAX_ANIMATION_BYTES = 16 * 2 ** 20;

/** What was drawn of a run; plots as PNG files. */
export interface Drawn {
  losses: Uint8Array;
  scores: Uint8Array;
  quality?: Uint8Array | undefined;
  /** A WebP file. */
  evolution?: Uint8Array | undefined;
}

/** Generated pictures, real ones, and how the generated ones came to be; then the plots. */
export async function reportFigures(
  drawn: Drawn,
  real: readonly Picture[],
  fake: readonly Picture[],
  done: number,
): Promise<{ samples: ReportFigure[]; plots: ReportFigure[] }> {
  const grid = async (pictures: readonly Picture[]) =>
    encodePng(pictureGrid(pictures, Math.ceil(Math.sqrt(pictures.length))));
  const step = done.toLocaleString('en-US');
  const figure = (title: string, caption: string, bytes: Uint8Array, kind: ReportFigure['kind']): ReportFigure => ({
    title,
    caption,
    bytes,
    kind,
    type: 'image/png',
  });
  const samples = [
    figure('Generated', `${fake.length} fixed latents after step ${step}.`, await grid(fake), 'pixels'),
    figure(
      'Real',
      `${real.length} pictures of the data set as the discriminator sees them.`,
      await grid(real),
      'pixels',
    ),
  ];
  if (drawn.evolution && drawn.evolution.length <= MAX_ANIMATION_BYTES) {
    const caption = 'The same latents from the first step to the last.';
    samples.push({ ...figure('Evolution', caption, drawn.evolution, 'pixels'), type: 'image/webp' });
  }
  const plots = [
    figure('Losses', 'Means over the pictures of a step.', drawn.losses, 'plot'),
    figure(
      'Scores',
      'Mean probability of “real” that the discriminator gives; 0.5 is undecided.',
      drawn.scores,
      'plot',
    ),
  ];
  if (drawn.quality) {
    plots.push(
      figure('Quality', 'Distance between real and generated pictures; lower is better.', drawn.quality, 'plot'),
    );
  }
  return { samples, plots };
}
