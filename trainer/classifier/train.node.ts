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
import { ClassifierStep } from './step.node.js';
import { classesTask, selfSupervisedTasks, type SelfSupervision, type Task } from './tasks.js';

export interface FeatureTraining {
  dataset: Dataset;
  /**
   * What it learns instead of the classes of the data, which are not needed then: `rotations` tells by how many quarters each picture
   * was turned (Gidaris et al. 2018, "Unsupervised representation learning by predicting image rotations"), `views` recognises
   * pictures in random views (Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations").
   */
  selfSupervised?: SelfSupervision | undefined;
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
  /**
   * An .onnx file: `image` [batch, 3, S, S] → `logits` [batch, classes] and `features` [batch, D]; with `views`, `embedding`
   * [batch, 64] instead of `logits`.
   */
  bytes: Uint8Array;
  /** Names of the classes, or rotations; none with `views`. */
  classes: readonly string[];
  features: number;
  /**
   * Pictures trained on, held out, and the accuracy of the file on the latter: the share of pictures whose largest logit is that of
   * their class; with `views`, of views to which, of two views of each picture of a batch, that of the same picture is nearest.
   */
  trained: number;
  heldOut: number;
  accuracy: number;
  /** What was left out, one line each with the reason: skipped files and links, and broken pictures. */
  skipped: string[];
}

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
  const task = taskOf(options);
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
  const model = classifierModel({ imageSize, width, seed, classes: task.outputs });
  const { compares, perPicture } = task;
  const step = await ClassifierStep.create(model, perPicture * batchSize, { device, compares });
  try {
    await trainOn(training, set, task, step, options);
    withState(model, step.state());
    const exported = exportedModel(model, {
      name: 'classifier',
      inputName: 'image',
      outputs: { [task.outputName]: LOGITS, features: FEATURES },
      metadata: new Map([
        ['Image.NominalPixelRange', 'Normalized_1_1'],
        ['Image.BitmapPixelFormat', 'Rgb8'],
        ...(task.classes.length > 0 ? [['names', JSON.stringify(task.classes)] as const] : []),
        ...(task.training === undefined ? [] : [['training', task.training] as const]),
        ['assumed', JSON.stringify(assumed)],
      ]),
    });
    const bytes = modelBytes(exported);
    const accuracy = await measuredAccuracy(bytes, testing, set, task, options);
    const features = model.getLayer(FEATURES).outputShape.at(-1) as number;
    const { skipped } = pictures;
    return { bytes, classes: task.classes, features, trained: training.length, heldOut, accuracy, skipped };
  } finally {
    model.dispose();
    await step.dispose();
  }
}

/** @throws InputError if there are none to learn */
function taskOf({ dataset, imageSize, selfSupervised }: FeatureTraining): Task {
  if (selfSupervised !== undefined) {
    if (Object.hasOwn(selfSupervisedTasks, selfSupervised)) return selfSupervisedTasks[selfSupervised](imageSize);
    const names = Object.keys(selfSupervisedTasks).join(' or ');
    throw new InputError({ name: 'selfSupervised', expected: names, got: String(selfSupervised) });
  }
  const { labels } = dataset;
  if (labels !== undefined && labels.classes.length >= 2) return classesTask(labels.classes);
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
  task: Task,
  step: ClassifierStep,
  { epochs, batchSize, lr, seed, progress_callback, signal }: FeatureTraining,
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
    const examples = task.examples(...set.batch(indices), Random.derived(seed, `examples/${done}`));
    const rate = (lr / 2) * (1 + Math.cos((Math.PI * done) / total));
    const loss = await step.run(examples, rate);
    if (!Number.isFinite(loss))
      throw new InputError(`step ${done + 1}: the loss is no longer finite: try a lower \`lr\``);
    progress_callback?.({ phase: 'training', done: done + 1, total, loss });
  }
}

/** The share of examples of pictures that the file is right about. */
async function measuredAccuracy(
  bytes: Uint8Array,
  testing: Uint32Array,
  set: LabelledPictures,
  { outputName, examples, right }: Task,
  { batchSize, seed }: FeatureTraining,
): Promise<number> {
  const session = await createSession(bytes);
  const { imageSize } = set;
  let [correct, total] = [0, 0];
  for (let start = 0; start < testing.length; start += batchSize) {
    const batch = set.batch(testing.subarray(start, start + batchSize));
    const { pictures, labels } = examples(...batch, Random.derived(seed, `held-out/${start}`));
    const image = new Tensor('float32', pictures, [labels.length, 3, imageSize, imageSize]);
    const found = (await session.run({ image }, [outputName]))[outputName]?.data as Float32Array;
    correct += right(found, labels);
    total += labels.length;
  }
  await session.release();
  return correct / total;
}
