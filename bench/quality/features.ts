/**
 * @file `npm run bench:features -- --data cub|mnist --pictures DIR`: what features are worth that were trained on classes, without
 * labels, and not at all: how well held-out pictures' classes can be read from them, how distances react to graded
 * disturbances, and whether they tell an early generator from a later one. Networks and samples that are there are kept.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exists } from '../../inference/files/missing.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { trainFeatures, type FeatureTraining } from '../../trainer/classifier/train.node.js';
import { openDataset } from '../../trainer/data/formats/table.node.js';
import { FeatureNetwork } from '../../trainer/quality/feature-network.node.js';
import { machine } from '../timing.js';
import { givenData } from './configurations.js';
import { featureTables, type FeatureRow } from './feature-table.js';
import { picturesOf, splitPictures } from './pictures.js';
import { sensitivity } from './sensitivity.js';
import { trained } from './trained.js';
import { linearAccuracy, neighbourAccuracy } from './usefulness.js';

/** What is trained by default: some minutes of one core each. */
const defaults = { mnist: { epochs: 6, steps: '100,600' }, cub: { epochs: 12, steps: '20,100' } };
/** More than generators need for their steps. */
const MINUTES = 600;

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'mnist' },
    pictures: { type: 'string' },
    width: { type: 'string', default: '16' },
    epochs: { type: 'string' },
    /** After which a generator draws samples, ascending; `none` leaves generators out. */
    steps: { type: 'string' },
    out: { type: 'string', default: 'runs/bench-features' },
  },
});
const given = givenData(values);
const { name: set, data } = given;
const { epochs = defaults[set].epochs, steps = defaults[set].steps } = values;
const after = steps === 'none' ? [] : steps.split(',').map(Number);
if (!after.every((each) => Number.isInteger(each) && each > 0))
  throw new Error(`--steps: expected numbers of steps, such as 100,600, or none; got ${steps}`);
const out = join(values.out, set);
await mkdir(out, { recursive: true });

const split = await splitPictures(join(out, 'pictures'), given.pictures, data);
const dataset = await openDataset(split.train, { imageSize: data.imageSize });
const common: FeatureTraining = {
  dataset,
  imageSize: data.imageSize,
  width: Number(values.width),
  epochs: Number(epochs),
  batchSize: 64,
  lr: 0.002,
  heldOut: 0.1,
  seed: 0,
};
const networks: Readonly<Record<string, Partial<FeatureTraining>>> = {
  classes: {},
  rotations: { selfSupervised: 'rotations' },
  /** Half as long: each step sees two views of each picture. */
  views: { selfSupervised: 'views', epochs: Math.ceil(Number(epochs) / 2) },
  /** A rate at which no weight changes: only the statistics of the batch norms become those of the pictures. */
  untrained: { epochs: 1, lr: 1e-30 },
};

const known: Picture[] = [];
for (let index = 0; index < dataset.length; index++) known.push(await dataset.picture(index));
const generators: Picture[][] = [];
for (const each of after) generators.push(await samplesAfter(each));
const rows: FeatureRow[] = [];
for (const [name, settings] of Object.entries(networks)) rows.push(await measured(name, settings));
console.log(
  `${set}, ${data.imageSize}×${data.imageSize}, width ${common.width}, ${common.epochs} epochs of ${known.length} pictures, ` +
    `${split.heldOut.length} held out; ${machine()}; ${new Date().toISOString().slice(0, 10)}\n`,
);
console.log(featureTables(rows, after));

async function measured(name: string, settings: Partial<FeatureTraining>): Promise<FeatureRow> {
  const { file, task } = await trainedNetwork(name, settings);
  console.error(`${name}: measuring`);
  const network = await FeatureNetwork.load(file);
  const features = async (pictures: readonly Picture[]) => ({
    size: network.size,
    data: await network.features(pictures),
  });
  const reference = { ...(await features(known)), labels: [...(dataset.labels?.indices ?? [])] };
  const asked = { ...(await features(split.heldOut)), labels: split.heldOutLabels };
  const accuracy = {
    task: settings.lr === undefined ? task : undefined,
    cosine: neighbourAccuracy(reference, asked, 'cosine'),
    euclid: neighbourAccuracy(reference, asked, 'euclid'),
    linear: linearAccuracy(reference, asked),
  };
  const reactions = await sensitivity(split.heldOut, generators, features);
  await network.dispose();
  return { name, accuracy, ...reactions };
}

/** The network's file and its accuracy at its own task. */
async function trainedNetwork(
  name: string,
  settings: Partial<FeatureTraining>,
): Promise<{ file: string; task: number }> {
  const [file, about] = [join(out, `${name}.onnx`), join(out, `${name}.json`)];
  if (!(await exists(about))) {
    console.error(`${name}: training`);
    const { bytes, accuracy } = await trainFeatures({ ...common, ...settings });
    await writeFile(file, bytes);
    await writeFile(about, JSON.stringify({ task: accuracy }));
  }
  const { task } = JSON.parse(await readFile(about, 'utf8')) as { task: number };
  return { file, task };
}

/** Samples of a small generator after so many steps, as many as there are held-out pictures. */
async function samplesAfter(each: number): Promise<Picture[]> {
  const file = join(out, `${each}-steps.bin`);
  if (!(await exists(file))) {
    console.error(`generator: training for ${each} steps`);
    const budget = { minutes: MINUTES, steps: each, samples: split.heldOut.length };
    const { samples } = await trained({}, data, split, join(out, 'run'), budget);
    await writeFile(file, Buffer.concat(samples.map((picture) => picture.data)));
  }
  return picturesOf(await readFile(file), data.imageSize, data.channels);
}
