/**
 * @file `npm run bench:features -- --data cub|mnist --pictures DIR`: what features are worth that were trained on classes, without
 * labels, and not at all: how well held-out pictures' classes can be read from them, how distances react to graded
 * disturbances, and whether they tell an early generator from a later one. Rows that are there are kept.
 */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exists } from '../../inference/files/missing.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { trainFeatures, type FeatureTraining } from '../../trainer/classifier/train.node.js';
import { openDataset } from '../../trainer/data/formats/table.node.js';
import { FeatureNetwork } from '../../trainer/quality/feature-network.node.js';
import { machine, markdownTable } from '../timing.js';
import { configurations, dataSets, type QualityData } from './configurations.js';
import { picturesOf, splitPictures } from './pictures.js';
import { sensitivity, type Distances, type Sensitivity } from './sensitivity.js';
import { trained } from './trained.js';
import { linearAccuracy, neighbourAccuracy, type LabelledFeatures } from './usefulness.js';

/** What the table says of a network, as its file has it. */
interface Row extends Sensitivity {
  name: string;
  date: string;
  machine: string;
  /** Seconds of training, with reading. */
  seconds: number;
  features: number;
  /** Shares of held-out pictures. */
  accuracy: { training: number; cosine: number; euclid: number; linear: number };
}

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'mnist' },
    pictures: { type: 'string' },
    width: { type: 'string', default: '16' },
    epochs: { type: 'string' },
    /** How long the early and the later generator train. */
    minutes: { type: 'string', default: '0.5,2' },
    out: { type: 'string', default: 'runs/bench-features' },
  },
});
if (values.pictures === undefined)
  throw new Error('--pictures: expected the folder of CUB-200-2011 or of MNIST; got none');
if (!Object.hasOwn(dataSets, values.data)) throw new Error(`--data: expected cub or mnist; got ${values.data}`);
const minutes = values.minutes.split(',').map(Number);
if (minutes.length !== 2 || !minutes.every((each) => each > 0))
  throw new Error(`--minutes: expected two numbers, such as 0.5,2; got ${values.minutes}`);
const data: QualityData = dataSets[values.data as keyof typeof dataSets];
const out = join(values.out, values.data);
await mkdir(out, { recursive: true });

const split = await splitPictures(join(out, 'pictures'), values.pictures, data);
const dataset = await openDataset(split.train, { imageSize: data.imageSize });
const common: FeatureTraining = {
  dataset,
  imageSize: data.imageSize,
  width: Number(values.width),
  epochs: Number(values.epochs ?? { mnist: 8, cub: 20 }[values.data]),
  batchSize: 64,
  lr: 0.002,
  heldOut: 0.1,
  seed: 0,
};
const networks: Readonly<Record<string, Partial<FeatureTraining>>> = {
  classes: {},
  'self-supervised': { selfSupervised: true },
  /** A rate at which no weight changes: only the statistics of the batch norms become those of the pictures. */
  untrained: { epochs: 1, lr: 1e-30 },
};

const generators = [await generated(minutes[0] as number), await generated(minutes[1] as number)];
for (const name of Object.keys(networks)) {
  if (await exists(join(out, `${name}.json`))) console.error(`${name}: there already`);
  else await addRow(name);
}
await printTables();

async function addRow(name: string): Promise<void> {
  console.error(`${name}: training`);
  const started = performance.now();
  const found = await trainFeatures({ ...common, ...networks[name] });
  const seconds = (performance.now() - started) / 1000;
  await writeFile(join(out, `${name}.onnx`), found.bytes);
  const network = await FeatureNetwork.load(join(out, `${name}.onnx`));
  const features = async (pictures: readonly Picture[]) => ({
    size: network.size,
    data: await network.features(pictures),
  });
  const known = await trainingFeatures(network);
  const asked = { ...(await features(split.heldOut)), labels: split.heldOutLabels };
  console.error(`${name}: measuring after ${seconds.toFixed(0)} s`);
  const row: Row = {
    name,
    date: new Date().toISOString().slice(0, 16),
    machine: machine(),
    seconds,
    features: network.size,
    accuracy: {
      training: found.accuracy,
      cosine: neighbourAccuracy(known, asked, 'cosine'),
      euclid: neighbourAccuracy(known, asked, 'euclid'),
      linear: linearAccuracy(known, asked),
    },
    ...(await sensitivity(split.heldOut, generators, features)),
  };
  await network.dispose();
  await writeFile(join(out, `${name}.json`), `${JSON.stringify(row, null, 2)}\n`);
}

/** Features of the pictures that were trained on, by their classes in alphabetical order. */
async function trainingFeatures(network: FeatureNetwork): Promise<LabelledFeatures> {
  const pictures: Picture[] = [];
  for (let index = 0; index < dataset.length; index++) pictures.push(await dataset.picture(index));
  return { size: network.size, data: await network.features(pictures), labels: [...(dataset.labels?.indices ?? [])] };
}

/** As many samples of a generator as there are held-out pictures, made once. */
async function generated(duration: number): Promise<Picture[]> {
  const file = join(out, `${duration}-minutes.bin`);
  if (!(await exists(file))) {
    console.error(`generator: training for ${duration} minutes`);
    const budget = { minutes: duration, samples: split.heldOut.length };
    const { samples, steps } = await trained(configurations['dcgan'] ?? {}, data, split, join(out, 'run'), budget);
    console.error(`generator: ${steps} steps`);
    await writeFile(file, Buffer.concat(samples.map((picture) => picture.data)));
  }
  return picturesOf(await readFile(file), data.imageSize, data.channels);
}

async function printTables(): Promise<void> {
  const rows: Row[] = [];
  for (const file of await readdir(out))
    if (file.endsWith('.json')) rows.push(JSON.parse(await readFile(join(out, file), 'utf8')) as Row);
  const names = Object.keys(networks);
  rows.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  const percent = (share: number) => (100 * share).toFixed(1);
  console.log(
    `${values.data}, ${data.imageSize}×${data.imageSize}, width ${common.width}, ${common.epochs} epochs of ${dataset.length} pictures, ` +
      `${split.heldOut.length} held out; ${[...new Set(rows.map((row) => row.machine))].join(' / ')}; ${rows[0]?.date}\n`,
  );
  const accuracies = ['own task, %', '5 nearest, cosine, %', '5 nearest, Euclid, %', 'linear, %', 'training, s'];
  console.log(
    markdownTable(
      ['features', ...accuracies],
      rows.map(({ name, seconds, accuracy: { training, cosine, euclid, linear } }) => [
        name,
        ...[training, cosine, euclid, linear].map(percent),
        seconds.toFixed(0),
      ]),
    ),
  );
  const times = (of: Distances, clean: Distances) =>
    `${(of.frechet / clean.frechet).toFixed(2)} (${((of.kid - clean.kid) / clean.kidStd).toFixed(1)})`;
  const grows = (levels: readonly Distances[], clean: Distances) => {
    const each = [clean, ...levels];
    const monotone = (key: 'frechet' | 'kid') => each.every((of, at) => at === 0 || of[key] > each[at - 1]![key]);
    return [monotone('frechet'), monotone('kid')].map((yes) => (yes ? 'yes' : 'no')).join(', ');
  };
  console.log(
    `\nFréchet distance over that of two clean halves; in parentheses KID less that of clean halves, in its standard deviations\n`,
  );
  console.log(
    markdownTable(
      ['disturbance', 'features', 'level 1', 'level 2', 'level 3', 'level 4', 'both grow with each level'],
      Object.keys(rows[0]?.disturbed ?? {}).flatMap((name) =>
        rows.map(({ name: network, clean, disturbed: { [name]: levels = [] } }) => [
          name,
          network,
          ...levels.map((of) => times(of, clean)),
          grows(levels, clean),
        ]),
      ),
    ),
  );
  console.log('');
  console.log(
    markdownTable(
      ['features', 'clean halves', ...minutes.map((each) => `generator, ${each} min`), 'later is nearer'],
      rows.map(({ name, clean, generated: [early, late] }) => [
        name,
        ...[clean, early, late].map((of) => of?.frechet.toFixed(3) ?? '–'),
        early && late && late.frechet < early.frechet && late.kid < early.kid ? 'yes' : 'no',
      ]),
    ),
  );
}
