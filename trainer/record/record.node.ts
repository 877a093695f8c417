/** @file What a run writes down: metrics and evaluations line by line, TensorBoard events, sample grids, its report. */
import { join } from 'node:path';
import { exists } from '../../inference/files/missing.node.js';
import { pictureGrid } from '../../inference/pictures/grid.js';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { writeFileAtomic } from '../../onnx/files/files.node.js';
import type { GanConfig } from '../settings/config.js';
import { evolutionWebp } from '../report/evolution.node.js';
import { readAbout } from './about.node.js';
import { JsonLines, rowCheck } from './metrics.node.js';
import { bestRow, coverageNames, type QualityRow } from '../quality/quality.js';
import {
  logitPlotPng,
  lossPlotPng,
  overfittingPlotPng,
  qualityPlotPng,
  scorePlotPng,
  type StepRow,
} from '../report/plots.node.js';
import { realVsFakePng } from '../report/real-vs-fake.node.js';
import { reportContent, type RunSummary } from '../report/content.node.js';
import { gridColumns, samplesCaption } from '../report/samples.js';
import { reportFigures } from '../report/figures.node.js';
import { reportPage } from '../report/page.js';
import { EventFile, makeEventFolder } from '../report/tensorboard/event-file.node.js';
import { runHparams } from '../report/settings.js';
import { overfittingOf, SIGNAL_STEPS } from '../step/state/overfitting.js';

/**
 * Rows that may wait in memory, and milliseconds: what is lost with them when the process is killed is computed again, but
 * whoever watches a run of slow steps sees each.
 */
const MAX_WAITING = 50;
const MAX_WAITING_TIME = 5000;

const checkStep = rowCheck(
  1,
  ['epoch', 'seconds'],
  'lossD lossG dReal dFakeBefore dFakeAfter signReal augmentation logitReal logitHeldOut logitFake'.split(' '),
);
const checkQuality = rowCheck(
  0,
  ['kid', 'kidStd', 'subsets', 'subsetSize', 'real', 'generated', 'seconds'],
  ['frechet'],
  ['features'],
);

/**
 * Checks what a run has written, before it is started or resumed after step `done`, and where its event files go; rows of
 * later steps are dropped.
 * @throws InputError naming the file and the line that is not valid
 * @throws the file system's error if there can be no folder for the event files
 */
export async function checkRecord(run: string, done: number): Promise<void> {
  await openLines(run, done);
  await makeEventFolder(run);
}

async function openLines(run: string, done: number): Promise<[JsonLines<StepRow>, JsonLines<QualityRow>]> {
  return [
    await JsonLines.open<StepRow>(join(run, 'metrics.jsonl'), done, checkStep),
    await JsonLines.open<QualityRow>(join(run, 'quality.jsonl'), done, checkQuality),
  ];
}

/** The grid of real pictures. */
const REAL = 'real.png';

const gridOf = (config: GanConfig, pictures: readonly Picture[]) =>
  pictureGrid(pictures, gridColumns(config, pictures.length));

/** TensorBoard's numbers of held-out pictures. @param last the last steps, this one among them */
function heldOutScalars({ logitReal, logitHeldOut, logitFake }: StepRow, last: readonly StepRow[]) {
  if (logitReal === undefined || logitHeldOut === undefined || logitFake === undefined) return {};
  const signal = overfittingOf(last);
  return {
    'logit/real': logitReal,
    'logit/held out': logitHeldOut,
    'logit/fake before the update': logitFake,
    ...(Number.isFinite(signal) && { 'overfitting/r_v': signal }),
  };
}

/** The written part of a run. */
export class RunRecord {
  #flushed = performance.now();

  private constructor(
    readonly run: string,
    readonly config: GanConfig,
    readonly metrics: JsonLines<StepRow>,
    readonly evaluations: JsonLines<QualityRow>,
    readonly events: EventFile,
  ) {}

  /** Opens the record of a run that is resumed after step `done`: rows of later steps are dropped. */
  static async open(run: string, config: GanConfig, done: number): Promise<RunRecord> {
    const [metrics, evaluations] = await openLines(run, done);
    return new RunRecord(run, config, metrics, evaluations, await EventFile.create(run, done, runHparams(config)));
  }

  /** The best evaluation so far. */
  get best(): QualityRow | undefined {
    return bestRow(this.evaluations.rows);
  }

  hasEvaluation(step: number): boolean {
    return this.evaluations.rows.some((row) => row.step === step);
  }

  /** Takes in a step. */
  async step(row: StepRow): Promise<void> {
    this.metrics.add(row);
    this.events.add({
      step: row.step,
      scalars: {
        'loss/discriminator': row.lossD,
        'loss/generator': row.lossG,
        'score/real': row.dReal,
        'score/fake before the update': row.dFakeBefore,
        'score/fake after the update': row.dFakeAfter,
        ...(row.augmentation !== undefined && { 'augmentation/probability': row.augmentation }),
        ...(row.signReal !== undefined && { 'augmentation/mean sign of D on real pictures': row.signReal }),
        ...heldOutScalars(row, this.metrics.last(SIGNAL_STEPS)),
        'rate/pictures per second': (this.config.batchSize * this.config.dSteps) / row.seconds,
      },
    });
    const late = performance.now() - this.#flushed >= MAX_WAITING_TIME;
    if (late || this.metrics.waiting >= MAX_WAITING) await this.flush();
  }

  /** Takes in an evaluation. */
  evaluation(row: QualityRow): void {
    this.evaluations.add(row);
    const { step, frechet, kid, manifold } = row;
    this.events.add({
      step,
      scalars: {
        'quality/KID': kid,
        ...(frechet !== undefined && { 'quality/Fréchet distance': frechet }),
        ...(manifold && Object.fromEntries(coverageNames.map((name) => [`quality/${name}`, manifold[name]]))),
      },
    });
  }

  /** Whether the grid of real pictures was written. */
  hasReal(): Promise<boolean> {
    return exists(join(this.run, REAL));
  }

  /** Writes the grid of real pictures, which stays the same: what a discriminator looks at is compared on it. */
  async real(pictures: readonly Picture[]): Promise<void> {
    await writeFileAtomic(join(this.run, REAL), await encodePng(gridOf(this.config, pictures)));
  }

  /** Writes the grid of pictures of the fixed latents after step `done`. */
  async samples(pictures: readonly Picture[], done: number): Promise<void> {
    const grid = gridOf(this.config, pictures);
    const png = await encodePng(grid);
    await writeFileAtomic(join(this.run, 'samples', `step-${`${done}`.padStart(7, '0')}.png`), png);
    this.events.add({ step: done, images: { samples: { width: grid.width, height: grid.height, png } } });
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    await this.metrics.flush();
    await this.evaluations.flush();
    await this.events.flush();
    this.#flushed = performance.now();
  }

  /**
   * Writes plots, animation and report of a run that has ended for now.
   * @param real pictures of the data set as the networks see them
   * @param fake pictures of the fixed latents
   * @returns the files written, relative to the run's folder
   */
  async finish(
    summary: Omit<RunSummary, 'run' | 'rows' | 'quality' | 'figures'>,
    real: readonly Picture[],
    fake: readonly Picture[],
  ): Promise<string[]> {
    await this.flush();
    const [rows, quality] = [this.metrics.rows, this.evaluations.rows];
    if (rows.length === 0) return [];
    const { ada, heldOut } = this.config;
    const about = await readAbout(this.run);
    const columns = gridColumns(this.config, Math.max(real.length, fake.length));
    const drawn = {
      losses: lossPlotPng(rows),
      scores: scorePlotPng(rows),
      overfitting: ada || heldOut > 0 ? overfittingPlotPng(rows) : undefined,
      logits: heldOut > 0 ? logitPlotPng(rows) : undefined,
      quality: quality.length > 0 ? qualityPlotPng(quality) : undefined,
      evolution: await evolutionWebp(this.run, summary.done),
    };
    const figures = await reportFigures(
      { rows, quality, evolution: drawn.evolution },
      { real, fake, columns, caption: samplesCaption(this.config, fake.length), done: summary.done },
    );
    const files: Record<string, Uint8Array | string | undefined> = {
      'losses.png': drawn.losses,
      'scores.png': drawn.scores,
      [ada ? 'augmentation.png' : 'overfitting.png']: drawn.overfitting,
      'logits.png': drawn.logits,
      'quality.png': drawn.quality,
      'real-vs-fake.png': realVsFakePng(real, fake, summary.done, columns),
      'evolution.webp': drawn.evolution,
      'report.html': reportPage(reportContent({ ...summary, run: this.run, about, rows, quality, figures })),
    };
    const written: string[] = [];
    for (const [name, data] of Object.entries(files)) {
      if (data === undefined) continue;
      await writeFileAtomic(join(this.run, name), data);
      written.push(name);
    }
    return written;
  }
}
