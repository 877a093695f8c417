/** @file Training a feature classifier on labelled pictures and writing it as an .onnx file. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { exportedModel } from '../../exporter/index.js';
import type { Assumption } from '../../inference/graphs/assumption.js';
import { Random } from '../../inference/numeric/random.js';
import { resizedPicture } from '../../inference/pictures/resize.js';
import { createSession } from '../../inference/runtime/session.node.js';
import type { ResolvedDevice } from '../../inference/runtime/session.js';
import { InputError, modelBytes } from '../../onnx/index.js';
import { Tensor } from '../../inference/runtime/onnxruntime/library.node.js';
import { assumedOfClassifier } from '../data/sets/assumed.js';
import type { Dataset } from '../data/sets/dataset.js';
import { ReadablePictures } from '../data/sets/readable.js';
import { withState } from '../step/tfjs/state.js';
import { classifierModel, FEATURES, LOGITS } from '../step/tfjs/classifier.js';
import { LabelledPictures } from './labelled-pictures.js';
import { QUARTERS, rotated } from './rotations.js';
import { ClassifierStep } from './step.node.js';

export interface FeatureTraining {
  dataset: Dataset;
  /**
   * Whether the classes to learn are four rotations of each picture (Gidaris et al. 2018, "Unsupervised representation learning by
   * predicting image rotations") instead of those of the data, which are not needed then.
   */
  selfSupervised?: boolean;
  /** Stop at the first picture that is broken, and for skipped files. */
  strict?: boolean;
  /** 16, 32, 64, … */
  imageSize: number;
  /** Channels of the first stage. */
  width: number;
  epochs: number;
  batchSize: number;
  /** Adam's learning rate at the start; it falls to zero along half a cosine (Loshchilov and Hutter 2017). */
  lr: number;
  /** Fraction of the pictures that is held out to measure accuracy, above 0 and below 1. */
  heldOut: number;
  seed: number;
  device?: ResolvedDevice;
  progress_callback?: (progress: FeatureProgress) => void;
  /** Told what was assumed of the pictures, before they are read; the file's metadata say it too. */
  assumed?: (assumptions: readonly Assumption[]) => void;
  signal?: AbortSignal;
}

/** Pictures read so far, or steps done with the loss of the last one. */
export interface FeatureProgress {
  phase: 'reading' | 'training';
  done: number;
  total: number;
  loss?: number;
}

export interface TrainedFeatures {
  /** An .onnx file: `image` [batch, 3, S, S] → `logits` [batch, classes] and `features` [batch, D]. */
  bytes: Uint8Array;
  classes: readonly string[];
  features: number;
  /** Pictures trained on, held out, and the accuracy of the file on the latter. */
  trained: number;
  heldOut: number;
  accuracy: number;
  /** What was left out, one line each with the reason: skipped files and links, and broken pictures. */
  skipped: string[];
}

const ROTATION_TRAINING = 'self-supervised: tells rotations of pictures apart (Gidaris et al. 2018)';
const MAX_BYTES = 2 ** 31;
const DECODED_AT_ONCE = 8;

/**
 * Trains a classifier whose features gan-eval can compare pictures by.
 * @throws InputError if the pictures have no classes, are too many or too few, or an option does not fit
 * @throws the signal's reason when it is aborted
 */
export async function trainFeatures(options: FeatureTraining): Promise<TrainedFeatures> {
  const { dataset, imageSize, width, batchSize, seed, device = 'cpu' } = options;
  checked(options);
  const classes = classesOf(options);
  const assumed = [...(dataset.assumed ?? []), ...assumedOfClassifier(imageSize)];
  options.assumed?.(assumed);
  const pictures = new ReadablePictures(dataset, options.strict);
  const set = await readPictures(pictures, options);
  const order = Random.derived(seed, 'held-out').shuffled(set.labels.length);
  const heldOut = Math.max(1, Math.round(order.length * options.heldOut));
  const [testing, training] = [order.subarray(0, heldOut), order.subarray(heldOut)];
  if (training.length < batchSize) {
    throw new InputError({
      name: 'batchSize',
      expected: `at most ${training.length}, the pictures to train on`,
      got: batchSize,
    });
  }
  const model = classifierModel({ imageSize, width, seed, classes: classes.length });
  const step = await ClassifierStep.create(model, batchSize, { device });
  try {
    await trainOn(training, set, step, options);
    withState(model, step.state());
    const exported = exportedModel(model, {
      name: 'classifier',
      inputName: 'image',
      outputs: { logits: LOGITS, features: FEATURES },
      metadata: new Map([
        ['Image.NominalPixelRange', 'Normalized_1_1'],
        ['Image.BitmapPixelFormat', 'Rgb8'],
        ['names', JSON.stringify(classes)],
        ...(options.selfSupervised ? [['training', ROTATION_TRAINING] as const] : []),
        ['assumed', JSON.stringify(assumed)],
      ]),
    });
    const bytes = modelBytes(exported);
    const accuracy = await measuredAccuracy(bytes, testing, set, batchSize, options.selfSupervised);
    const features = model.getLayer(FEATURES).outputShape.at(-1) as number;
    const { skipped } = pictures;
    return { bytes, classes, features, trained: training.length, heldOut, accuracy, skipped };
  } finally {
    model.dispose();
    await step.dispose();
  }
}

/** @throws InputError if there are none to learn */
function classesOf({ dataset, selfSupervised }: FeatureTraining): readonly string[] {
  if (selfSupervised) return QUARTERS.map((quarter) => `${90 * quarter} degrees`);
  const { labels } = dataset;
  if (labels !== undefined && labels.classes.length >= 2) return labels.classes;
  throw new InputError({
    name: 'data',
    expected: 'pictures of at least two classes, such as class folders, or `selfSupervised`, which needs none',
    got: dataset.name,
  });
}

function checked({ imageSize, width, epochs, batchSize, lr, heldOut }: FeatureTraining): void {
  const integer = (option: string, value: number, least: number, most: number) => {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InputError({ name: option, expected: `an integer of ${least}…${most}`, got: value });
    }
  };
  if (![16, 32, 64, 128, 256].includes(imageSize)) {
    throw new InputError({ name: 'imageSize', expected: 'one of 16, 32, 64, 128, 256', got: imageSize });
  }
  integer('width', width, 1, 512);
  integer('epochs', epochs, 1, 100_000);
  integer('batch-size', batchSize, 2, 4096);
  if (!(lr > 0 && lr <= 1)) throw new InputError({ name: 'lr', expected: 'a number above 0 and at most 1', got: lr });
  if (!(heldOut > 0 && heldOut < 1)) {
    throw new InputError({ name: 'heldOut', expected: 'a number above 0 and below 1', got: heldOut });
  }
}

async function readPictures(
  readable: ReadablePictures,
  { imageSize, progress_callback, signal }: FeatureTraining,
): Promise<LabelledPictures> {
  const { length, labels } = readable.dataset;
  readable.checkNoneSkipped();
  if (3 * imageSize ** 2 * length > MAX_BYTES) {
    throw new InputError({
      name: 'imageSize',
      expected: `a size at which ${length} pictures fit into 2 GiB`,
      got: imageSize,
    });
  }
  const set = new LabelledPictures(imageSize, length);
  const size = { width: imageSize, height: imageSize, channels: 3, resize: 'crop' } as const;
  for (let start = 0; start < length; start += DECODED_AT_ONCE) {
    signal?.throwIfAborted();
    const indices = Array.from({ length: Math.min(DECODED_AT_ONCE, length - start) }, (_, i) => start + i);
    const pictures = await Promise.all(indices.map((index) => readable.picture(index)));
    pictures.forEach((picture, i) => {
      if (picture) set.add(resizedPicture(picture, size), labels?.indices[start + i] ?? 0);
    });
    progress_callback?.({ phase: 'reading', done: start + indices.length, total: length });
    if (start % 64 === 0) await nextTurn();
  }
  if (set.labels.length === 0) throw readable.allBroken();
  return set;
}

async function trainOn(
  training: Uint32Array,
  set: LabelledPictures,
  step: ClassifierStep,
  { epochs, batchSize, lr, seed, selfSupervised, progress_callback, signal }: FeatureTraining,
): Promise<void> {
  const perEpoch = Math.floor(training.length / batchSize);
  const total = epochs * perEpoch;
  let order = training;
  for (let done = 0; done < total; done++) {
    signal?.throwIfAborted();
    if (done % perEpoch === 0) {
      const shuffle = Random.derived(seed, `shuffle/${done / perEpoch}`).shuffled(training.length);
      order = shuffle.map((index) => training[index] as number);
    }
    const start = (done % perEpoch) * batchSize;
    const indices = order.subarray(start, start + batchSize);
    const chance = Random.derived(seed, `rotation/${done}`);
    const turns = selfSupervised && Array.from(indices, () => chance.integer(QUARTERS.length));
    const labels = turns || Array.from(indices, (index) => set.labels[index] as number);
    const upright = set.batch(indices);
    const pictures = turns ? rotated(upright, set.imageSize, turns) : upright;
    const rate = (lr / 2) * (1 + Math.cos((Math.PI * done) / total));
    const loss = await step.run({ pictures, labels }, rate);
    if (!Number.isFinite(loss))
      throw new InputError(`step ${done + 1}: the loss is no longer finite: try a lower \`lr\``);
    progress_callback?.({ phase: 'training', done: done + 1, total, loss });
  }
}

/** Accuracy: the fraction of pictures whose largest logit is that of their class. */
async function measuredAccuracy(
  bytes: Uint8Array,
  testing: Uint32Array,
  set: LabelledPictures,
  batchSize: number,
  selfSupervised = false,
): Promise<number> {
  const session = await createSession(bytes);
  const { imageSize } = set;
  let right = 0;
  for (let start = 0; start < testing.length; start += batchSize) {
    const indices = testing.subarray(start, start + batchSize);
    const upright = set.batch(indices);
    // Each held-out picture is turned by another quarter than the one before it.
    const turns = Array.from(indices, (_, row) => (start + row) % QUARTERS.length);
    const seen = selfSupervised ? rotated(upright, imageSize, turns) : upright;
    const image = new Tensor('float32', seen, [indices.length, 3, imageSize, imageSize]);
    const logits = (await session.run({ image }, ['logits']))['logits']?.data as Float32Array;
    const classes = logits.length / indices.length;
    indices.forEach((index, row) => {
      const own = logits.subarray(row * classes, (row + 1) * classes);
      if (own.indexOf(Math.max(...own)) === (selfSupervised ? turns[row] : set.labels[index])) right++;
    });
  }
  await session.release();
  return right / testing.length;
}
