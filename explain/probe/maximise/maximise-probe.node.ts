/** @file Activation maximisation as a folder of pictures, a curve, arrays and results.json. */
import { linePlotPng } from '../../../inference/figures/charts/plot.node.js';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import { sheetPng, type SheetCell } from '../../../inference/figures/sheet.node.js';
import { lineStyle } from '../../../inference/figures/theme.js';
import type { Assumption } from '../../../inference/graphs/assumption.js';
import { npyBytes } from '../../../inference/numeric/npy.js';
import { encodePng } from '../../../inference/pictures/pictures.node.js';
import { rgbPicture, type Picture } from '../../../inference/pictures/pictures.js';
import { enlargedPicture } from '../../../inference/pictures/resize.js';
import { fileName } from '../../files/names.js';
import { factorTo } from '../shared/box.js';
import { inProbeFolder, type ProbeFiles, type ProbeFolderOptions } from '../shared/probe-folder.node.js';
import { maximise, type Maximised } from './maximise.js';
import type { MaximiseOptions } from './maximise-options.js';

/** What is maximised, and where the files go. */
export interface MaximiseProbeOptions extends MaximiseOptions, ProbeFolderOptions {
  /** The network's file. */
  model: string;
}

/** Pictures of a sheet have at least so many pixels a side, and columns. */
const SIDE = 192;
const COLUMNS = 4;
/** Pictures on the way that a row of `steps.png` shows. */
const MOST_KEPT = 8;

/**
 * Maximises (`maximise`) and writes `maximised.png` (all pictures), each picture alone, `score.png` (the scores over the steps), with
 * `every` `steps.png` (the pictures on the way), the arrays behind them and `results.json`.
 * @throws as `maximise` and `inProbeFolder`; nothing is written then
 */
export async function probeMaximise({
  out,
  model,
  provenance = {},
  ...options
}: MaximiseProbeOptions): Promise<ProbeFiles & { found: Maximised[]; lines: string[] }> {
  const assumed: Assumption[] = [];
  let found: Maximised[] = [];
  const onAssumed = (assumptions: readonly Assumption[]) => {
    assumed.push(...assumptions);
    options.onAssumed?.(assumptions);
  };
  const origin: Record<string, unknown> = { ...provenance, assumed };
  const written = await inProbeFolder('maximise', { out, model, provenance: origin }, async (write) => {
    const made = await maximise(model, { ...options, onAssumed });
    found = made.found;
    const { steps } = made.ascent;
    const columns = Math.min(COLUMNS, found.length);
    const cells = found.map((each): SheetCell => ({ picture: enlarged(each.picture), caption: captionOf(each) }));
    await write('maximised.png', sheetPng({ cells, columns }));
    for (const [at, { picture, label }] of found.entries())
      await write(`${at + 1}-${fileName(label).replace(/_+$/, '')}.png`, await encodePng(picture));
    await write('score.png', scorePlot(found));
    const ways = found.map(({ kept }) => spread(kept));
    if (ways.some((kept) => kept.length > 0)) await write('steps.png', stepSheet(ways, found));
    const scores = Float32Array.from(found.flatMap((each) => Array.from(each.scores)));
    await write('scores.npy', npyBytes(scores, [found.length, steps]));
    const latents = found.flatMap(({ latent }) => (latent ? [latent] : []));
    const [{ length: size } = { length: 0 }] = latents;
    if (size > 0)
      await write(
        'latents.npy',
        npyBytes(Float32Array.from(latents.flatMap((one) => Array.from(one))), [latents.length, size]),
      );
    origin['device'] = made.choice.device;
    return {
      ascent: made.ascent,
      maximised: found.map(({ label, score, before, probability, classes, latent }) => ({
        label,
        before,
        score,
        ...(probability !== undefined && { probability }),
        classes,
        ...(latent && { latentNorm: norm(latent) }),
      })),
    };
  });
  const isUniform = options.generator?.latentDistribution === 'uniform';
  const typical = isUniform ? (1 / Math.sqrt(3)).toFixed(2) : '1';
  return { ...written, found, lines: found.map((each) => lineOf(each, typical)) };
}

const enlarged = (picture: Picture): Picture => enlargedPicture(rgbPicture(picture), factorTo(picture, SIDE));

/** The root of the mean square of a latent's numbers. */
const norm = (latent: Float32Array): number =>
  Math.sqrt(latent.reduce((sum, value) => sum + value * value, 0) / latent.length);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The probability of a class, and of being real where that or being fake is the target. */
const sureness = ({ label, probability = Number.NaN }: Maximised): string =>
  label === 'real' || label === 'fake' ? `real with ${percent(probability)}` : percent(probability);

const captionOf = (found: Maximised): string =>
  `${found.label}: ${formattedNumber(found.score)}${found.probability === undefined ? '' : `, ${sureness(found)}`}`;

/** @param typical the root mean square of latents that are drawn */
function lineOf(found: Maximised, typical: string): string {
  const { label, before, score, probability, classes, latent } = found;
  const [top] = classes;
  const sure = probability === undefined ? '' : `, ${sureness(found)}`;
  const says = top?.class === undefined || top.label === label ? '' : `; the network says ${top.label}`;
  const where = latent ? `; root mean square of the latent ${norm(latent).toFixed(2)} (typical is ${typical})` : '';
  return `${label}: ${formattedNumber(before)} → ${formattedNumber(score)}${sure}${says}${where}`;
}

function scorePlot(found: readonly Maximised[]): Uint8Array {
  const lines = found.map(({ label, scores }, at) => ({
    ...lineStyle(at),
    ...(found.length > 1 && { label }),
    points: Array.from(scores, (y, x) => ({ x, y })),
  }));
  const [only] = found;
  const title = found.length === 1 && only ? `Score of ${only.label}` : 'Scores';
  return linePlotPng({ title, xTitle: 'step', yTitle: 'score of the moved picture', wholeX: true, lines });
}

/** A few of the pictures on the way, the first and the last among them. */
function spread(kept: Maximised['kept']): Maximised['kept'] {
  if (kept.length <= MOST_KEPT) return kept;
  return Array.from(
    { length: MOST_KEPT },
    (_, at) => kept[Math.round((at * (kept.length - 1)) / (MOST_KEPT - 1))],
  ).flatMap((each) => each ?? []);
}

/** A row for each objective: the pictures on the way. */
function stepSheet(ways: readonly Maximised['kept'][], found: readonly Maximised[]): Uint8Array {
  const columns = Math.max(...ways.map((kept) => kept.length));
  const cells = ways.flatMap((kept, row) =>
    Array.from({ length: columns }, (_, at): SheetCell => {
      const own = kept[at];
      if (!own) return {};
      const name = at === 0 ? `${found[row]?.label}, step ${own.step}` : `step ${own.step}`;
      return { picture: enlarged(own.picture), caption: name };
    }),
  );
  return sheetPng({ cells, columns });
}
