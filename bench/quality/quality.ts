/**
 * @file `npm run bench:quality -- --data cub|mnist --pictures DIR --minutes 40 [--only NAME]`: each configuration trained as long, one after the
 * other, and compared with the same held-out pictures in the same features. Rows that are there are kept: they can be made in
 * several sessions.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exists } from '../../inference/files/missing.node.js';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { trainFeatures } from '../../trainer/classifier/train.node.js';
import { openDataset } from '../../trainer/data/formats/table.node.js';
import { frechetDistance } from '../../trainer/quality/distance/frechet.node.js';
import { kernelDistance } from '../../trainer/quality/distance/kernel-distance.node.js';
import { FeatureNetwork } from '../../trainer/quality/feature-network.node.js';
import { cores, machine } from '../timing.js';
import { configurations, givenData, tutorials } from './configurations.js';
import { picturesOf, splitPictures, type SplitPictures } from './pictures.js';
import { exampleGrid, resultsSheet, resultsTable, type Distances, type Reference, type Row } from './table.js';
import { trained, trainedByTorch } from './trained.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'mnist' },
    pictures: { type: 'string' },
    minutes: { type: 'string', default: '40' },
    only: { type: 'string' },
    /** A network of features; by default one is trained. */
    features: { type: 'string' },
    samples: { type: 'string', default: '2048' },
    out: { type: 'string', default: 'runs/bench-quality' },
    /** With torch and numpy. */
    python: { type: 'string', default: process.env['GANSCOPE_PYTHON'] ?? 'python3' },
  },
});
const [minutes, samples] = [Number(values.minutes), Number(values.samples)];
const names = [...Object.keys(configurations), ...Object.keys(tutorials)];
const chosen = values.only === undefined ? names : [values.only];
const unknown = chosen.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`--only: expected one of ${names.join(', ')}; got ${unknown}`);
if (!(minutes > 0) || !(samples >= 64)) throw new Error('--minutes: expected more than 0, and --samples at least 64');
const given = givenData(values);
const { name: set, data } = given;
const out = join(values.out, set);
const results = join(out, `${minutes}-minutes`);

await mkdir(results, { recursive: true });
const split = await splitPictures(join(out, 'pictures'), given.pictures, data);
const features = await featureFile(split);
const network = await FeatureNetwork.load(features);
const real = { size: network.size, data: await network.features(split.heldOut) };
for (const name of chosen) {
  if (await exists(join(results, `${name}.json`))) console.error(`${name}: there already`);
  else await addRow(name);
}
const shown = { data: set, imageSize: data.imageSize, minutes, names };
const reference = await comparedTrainingPictures();
await network.dispose();
console.log(await resultsTable(results, reference, shown));
await writeFile(join(results, 'sheet.png'), await resultsSheet(results, reference, shown));

async function addRow(name: string): Promise<void> {
  console.error(`${name}: training for ${minutes} minutes`);
  const folder = join(out, 'runs', name);
  const budget = { minutes, samples };
  const tutorial = tutorials[name];
  const made = tutorial
    ? await trainedByTorch(values.python, tutorial, data, split, folder, budget)
    : await trained(configurations[name] ?? {}, data, split, folder, budget);
  const row: Row = {
    name,
    ...(await compared(made.samples)),
    date: new Date().toISOString().slice(0, 16),
    machine: `${machine()}${availableParallelism() < cores() ? `, ${availableParallelism()} of them used` : ''}`,
    minutes,
    steps: made.steps,
    seconds: made.seconds,
  };
  await writeFile(join(results, `${name}.png`), await encodePng(exampleGrid(made.samples)));
  await writeFile(join(results, `${name}.json`), `${JSON.stringify(row, null, 2)}\n`);
}

/** The distances of pictures from those that were held out. */
async function compared(pictures: readonly Picture[]): Promise<Distances> {
  const fake = { size: network.size, data: await network.features(pictures) };
  const { mean: kid, std: kidStd } = await kernelDistance(real, fake);
  const frechet = await frechetDistance(real, fake);
  return { frechet, kid, kidStd, real: split.heldOut.length, generated: pictures.length };
}

/** What no generator that does not copy can be expected to surpass: as many pictures of those that are trained on. */
async function comparedTrainingPictures(): Promise<Reference> {
  const all = picturesOf(await readFile(split.raw), data.imageSize, data.channels);
  const pictures = all.slice(0, samples);
  return { ...(await compared(pictures)), grid: exampleGrid(pictures) };
}

/** The network that all rows are measured with: trained once, on the classes of the pictures that are trained on. */
async function featureFile({ train }: SplitPictures): Promise<string> {
  if (values.features !== undefined) return values.features;
  const file = join(out, 'features.onnx');
  if (await exists(file)) return file;
  console.error('features: training a classifier');
  const dataset = await openDataset(train, { imageSize: data.imageSize });
  const { bytes, accuracy, classes } = await trainFeatures({
    dataset,
    imageSize: data.imageSize,
    width: 32,
    epochs: 12,
    batchSize: 64,
    lr: 0.002,
    heldOut: 0.1,
    seed: 0,
  });
  console.error(
    `features: ${(100 * accuracy).toFixed(1)} % of held-out pictures in the right of ${classes.length} classes`,
  );
  await writeFile(file, bytes);
  return file;
}
