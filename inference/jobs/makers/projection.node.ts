/** @file Runs a projection job and draws its course. */
import { join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { loadModel } from '../../../onnx/files/load.node.js';
import type { Graph, Model } from '../../../onnx/graph/graph.js';
import { namingFile } from '../../../onnx/graph/naming.js';
import { toFloat32 } from '../../../onnx/passes/to-float32.js';
import { upgradedModel } from '../../../onnx/upgrade/upgrade.js';
import { light } from '../../figures/theme.js';
import { withLatentsAlone } from '../../generators/generator-inputs.js';
import { readyGenerator } from '../../generators/ready-generator.js';
import { discriminatorBeside } from '../../runs/default-model.node.js';
import { saveLatents } from '../../latent/files/latents-file.node.js';
import type { FeatureLoss } from '../../latent/projection/graph.js';
import { projected } from '../../latent/projection/projection.node.js';
import type { Generator } from '../../networks/generator.js';
import { readNetwork, resizeWords } from '../../networks/read-network.js';
import { decodePicture, encodePng } from '../../pictures/pictures.node.js';
import { linePlotPng } from '../../figures/charts/plot.node.js';
import type { Normalization, Picture } from '../../pictures/pictures.js';
import { networkInput, pictureFromOutput, picturesFromOutput, rangeNormalization } from '../../pictures/pixels.js';
import { resizedPicture } from '../../pictures/resize.js';
import { sheetPng } from '../../figures/sheet.node.js';
import { inJobFolder } from '../files/job-folder.node.js';
import type { JobContext } from '../shared/context.node.js';
import { pictureReading } from '../shared/ranking.node.js';
import type { ProjectionJob } from '../kinds/projection.js';

/** Pictures between the first and the last in the filmstrip. */
const SHOWN = 7;

/**
 * Finds the latent and writes into the job's folder: the picture found, a filmstrip of target, steps and result, the
 * losses of all restarts, and the latent. Existing files are replaced.
 * @returns the files
 */
export async function writeProjection(job: ProjectionJob, context: JobContext): Promise<string[]> {
  const names = ['result.png', 'filmstrip.png', 'loss.png', ...(job.saveLatents === undefined ? ['latent.npy'] : [])];
  return inJobFolder(job, { names }, context, (begin, journaled) => writeFound(job, journaled, begin));
}

async function writeFound(job: ProjectionJob, context: JobContext, begin: () => Promise<void>): Promise<string[]> {
  const { generator, model, signal, progress, record, log } = context;
  const { channels, height, width, range } = generator;
  const normalization = rangeNormalization(range, channels);
  const known = generator.metadata?.resize;
  const size = { channels, height, width, resize: known ?? 'crop' } as const;
  const given = await decodePicture(job.picture);
  if (given.width * height !== given.height * width) {
    const because = known ? "as the generator's metadata say" : 'default';
    log?.(`Target of ${given.width}×${given.height} to ${width}×${height}: ${resizeWords[size.resize]} (${because})`);
  }
  const target = resizedPicture(given, size);
  const features = job.featureWeight > 0 ? await featureLoss(job, context, normalization) : undefined;
  const shown = shownSteps(job.steps);
  const film: Picture[][] = [];
  const losses: Float32Array[] = [];
  const loaded = toFloat32(upgradedModel(await loadModel(model)));
  const graph = namingFile(model, () => readyGraph(loaded, generator, model, job.restarts));
  const found = await projected(graph, networkInput(target, normalization), {
    ...job,
    distribution: generator.latentDistribution,
    ...(features && { features }),
    ...(signal && { signal }),
    session: { device: generator.choice.device },
    onStep: (step, loss, pictures) => {
      losses.push(loss.slice());
      if (shown.includes(step)) film.push(picturesFromOutput(pictures, generator, normalization));
      progress?.(step, job.steps, `loss ${Math.min(...loss).toPrecision(3)}`);
    },
  });

  const result = pictureFromOutput(found.picture, generator, normalization);
  const cells = [
    { picture: target, caption: 'target' },
    ...film.map((pictures, i) => ({ picture: pictures[found.restart] as Picture, caption: `step ${shown[i]}` })),
    { picture: result, caption: `result, step ${found.step}` },
  ];
  const file = (name: string) => join(job.out, name);
  await begin();
  await writeFileAtomic(file('result.png'), await encodePng(result));
  await writeFileAtomic(file('filmstrip.png'), sheetPng({ cells, columns: cells.length }));
  await writeFileAtomic(file('loss.png'), lossPlot(losses, found.restart));
  const latentFile = job.saveLatents ?? file('latent.npy');
  await saveLatents(latentFile, found.latent, generator.latentDim);
  record?.({ index: 0, file: file('result.png'), loss: found.loss });
  return [file('result.png'), file('filmstrip.png'), file('loss.png'), latentFile];
}

/** A graph of latents alone, whose pictures are those that `generator` gives. */
function readyGraph(source: Model, generator: Generator, name: string, rows: number): Graph {
  const { latentDim, label, inputs } = generator;
  const { model } = withLatentsAlone(source, name, { latentDim, inputs, ...(label !== undefined && { label }) });
  return readyGenerator(model, generator, {}, { name, rows }).graph;
}

/** The first step and others, closer at the beginning, where most happens. */
function shownSteps(steps: number): number[] {
  const all = Array.from({ length: SHOWN }, (_, i) => Math.round(steps * (i / SHOWN) ** 2));
  return [...new Set(all)];
}

function lossPlot(losses: readonly Float32Array[], best: number): Uint8Array {
  const [first = []] = losses;
  const order = [...Array.from(first, (_, restart) => restart).filter((restart) => restart !== best), best];
  const lines = order.map((restart) => ({
    ...(restart === best
      ? { label: `best of ${first.length} starts`, colour: light.series[0] }
      : { colour: `${light.series[1]}50`, width: 1 }),
    points: losses.map((loss, step) => ({ x: step, y: loss[restart] ?? Number.NaN })),
  }));
  const text = { title: 'Loss of the projection', xTitle: 'step', yTitle: 'loss' };
  // Bold lines are drawn over thin ones.
  return linePlotPng({ ...text, lines: lines.toReversed(), y: { logarithmic: true } });
}

/** The discriminator's part of the loss. @throws InputError if it takes other pictures than the generator makes */
async function featureLoss(job: ProjectionJob, context: JobContext, from: Normalization): Promise<FeatureLoss> {
  const path = await discriminatorBeside(context.model, job.discriminator);
  const loaded = upgradedModel(await loadModel(path));
  const { model, input, assumptions } = namingFile(path, () => readNetwork(loaded, pictureReading(context)));
  const { picture, layout } = input;
  const { channels, height, width } = context.generator;
  const isSame = picture.channels === channels && picture.height === height && picture.width === width;
  if (layout !== 'NCHW' || !isSame) {
    throw new InputError({
      name: path,
      expected: `pictures [N, ${channels}, ${height}, ${width}], as the generator makes them`,
      got: `${layout} of ${picture.channels} channels and ${picture.height}×${picture.width} pixels`,
    });
  }
  context.assumed?.(assumptions);
  return { graph: model.graph, weight: job.featureWeight, from, to: picture.normalization };
}
