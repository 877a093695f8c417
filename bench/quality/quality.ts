/**
 * @file `npm run bench:quality -- --data cub|mnist --pictures DIR --minutes 40 [--only NAME]`: each configuration trained for as many steps as
 * it makes in that time on one machine, and compared with the same held-out pictures in the same features. `--measure` finds
 * the times of their steps first, one after the other with nothing beside; rows can then be made side by side, in several
 * sessions, and on any machine. Rows that are there are kept, and a row that was interrupted goes on from its last checkpoint.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exists } from '../../inference/files/missing.node.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { usableCores } from '../../inference/runtime/onnxruntime/cores.node.js';
import { trainFeatures } from '../../trainer/classifier/train.node.js';
import { openDataset } from '../../trainer/data/formats/table.node.js';
import { frechetDistance } from '../../trainer/quality/distance/frechet.node.js';
import { kernelDistance } from '../../trainer/quality/distance/kernel-distance.node.js';
import { FeatureNetwork } from '../../trainer/quality/feature-network.node.js';
import { cores, machine } from '../timing.js';
import { configurations, givenData, tutorials, unaveraged } from './configurations.js';
import { picturesOf, splitPictures, type SplitPictures } from './pictures.js';
import {
  exampleFile,
  exampleGrid,
  resultsSheet,
  resultsTable,
  TIMES_FILE,
  type Distances,
  type Reference,
  type Row,
  type StepTimes,
} from './table.js';
import { trained, trainedByTorch, type Budget, type Trained } from './trained.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'mnist' },
    pictures: { type: 'string' },
    minutes: { type: 'string', default: '40' },
    only: { type: 'string' },
    /** Only measures steps, for so many minutes of each training. */
    measure: { type: 'string' },
    /** A network of features; by default one is trained. */
    features: { type: 'string' },
    samples: { type: 'string', default: '2048' },
    /** Pictures, features and runs. */
    out: { type: 'string', default: 'runs/bench-quality' },
    /** Times of steps and rows, of all machines and sessions. */
    rows: { type: 'string', default: 'bench/quality/rows' },
    /** With torch and numpy. */
    python: { type: 'string', default: process.env['GANSCOPE_PYTHON'] ?? 'python3' },
  },
});
const [minutes, samples] = [Number(values.minutes), Number(values.samples)];
/** More than any row needs: it ends after its steps. */
const UNLIMITED = 10_000;
/** The time of a step is the least of so many trainings, in turns with the others, and of earlier calls: others on the host disturb. */
const ROUNDS = 4;
const names = [...Object.keys(configurations), ...Object.keys(tutorials)];
const chosen = values.only === undefined ? names : [values.only];
const unknown = chosen.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`--only: expected one of ${names.join(', ')}; got ${unknown}`);
if (!(minutes > 0) || !(samples >= 64)) throw new Error('--minutes: expected more than 0, and --samples at least 64');
const given = givenData(values);
const { name: set, data } = given;
const out = join(values.out, set);
const results = join(values.rows, `${set}-${minutes}-minutes`);
const timesFile = join(results, TIMES_FILE);

await mkdir(out, { recursive: true });
await mkdir(results, { recursive: true });
const split = await splitPictures(join(out, 'pictures'), given.pictures, data);
const features = await featureFile(split);
const network = await FeatureNetwork.load(features);
const real = { size: network.size, data: await network.features(split.heldOut) };
if (values.measure === undefined) await makeRows();
else await measureSteps(Number(values.measure));
await network.dispose();

async function makeRows(): Promise<void> {
  const stepTimes = await measured();
  const missing = chosen.find((name) => stepTimes?.times[name] === undefined);
  if (!stepTimes || missing !== undefined)
    throw new Error(`${timesFile}: expected the time of a step of ${missing}; measure it by --measure 1`);
  for (const name of chosen) {
    if (await exists(join(results, `${name}.json`))) console.error(`${name}: there already`);
    else await addRows(name, Math.floor((60_000 * minutes) / (stepTimes.times[name] as number)));
  }
  const rows = names.flatMap((name) => [unaveraged[name] ?? [], name].flat());
  const shown = { data: set, imageSize: data.imageSize, minutes, stepTimes, names: rows };
  const reference = await comparedTrainingPictures();
  console.log(await resultsTable(results, reference, shown));
  await writeFile(join(out, 'sheet.png'), await resultsSheet(results, reference, shown));
}

/** The times that are known so far. */
async function measured(): Promise<StepTimes | undefined> {
  if (await exists(timesFile)) return JSON.parse(await readFile(timesFile, 'utf8')) as StepTimes;
  return undefined;
}

/** Measures the chosen trainings in turns. */
async function measureSteps(each: number): Promise<void> {
  const known = await measured();
  const here = machineUsed();
  if (known && known.machine !== here) throw new Error(`${timesFile}: expected times of ${here}; got ${known.machine}`);
  const times = known?.times ?? {};
  for (let round = 0; round < ROUNDS; round++)
    for (const name of chosen) {
      const { stepTime } = await trainedRow(name, { minutes: each / ROUNDS, samples: 0 });
      console.error(`${name}: ${stepTime.toFixed(1)} ms per step`);
      times[name] = Math.min(stepTime, times[name] ?? Infinity);
      const found: StepTimes = { machine: here, date: new Date().toISOString().slice(0, 10), times };
      await writeFile(timesFile, `${JSON.stringify(found, null, 2)}\n`);
    }
}

function trainedRow(name: string, budget: Budget): Promise<Trained> {
  const folder = runFolder(name, budget);
  const tutorial = tutorials[name];
  return tutorial
    ? trainedByTorch(values.python, tutorial, data, split, folder, budget)
    : trained(configurations[name] ?? {}, data, split, folder, budget);
}

/** A training that is only measured leaves the checkpoints of a row alone. */
function runFolder(name: string, { steps }: Pick<Budget, 'steps'>): string {
  return join(out, 'runs', steps === undefined ? `${name}-measured` : `${name}-${minutes}-minutes`);
}

async function addRows(name: string, steps: number): Promise<void> {
  console.error(`${name}: training for ${steps} steps`);
  const made = await trainedRow(name, { minutes: UNLIMITED, steps, samples });
  if (made.unaveraged) await addRow(unaveraged[name], made.unaveraged, steps);
  await addRow(name, made.samples, steps);
  await rm(runFolder(name, { steps }), { recursive: true, force: true });
}

async function addRow(name: string | undefined, pictures: readonly Picture[], steps: number): Promise<void> {
  if (name === undefined) return;
  const date = new Date().toISOString().slice(0, 16);
  const row: Row = { name, ...(await compared(pictures)), date, machine: machineUsed(), minutes, steps };
  await writeFile(join(results, `${name}.webp`), await exampleFile(pictures));
  await writeFile(join(results, `${name}.json`), `${JSON.stringify(row, null, 2)}\n`);
}

/** This machine, and how many of its cores this process has. */
function machineUsed(): string {
  return `${machine()}${usableCores() < cores() ? `, ${usableCores()} of them used` : ''}`;
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
