/** @file What a network of features learns: the classes of its pictures, or, without labels, to tell how they were turned or to recognise them. */
import type { Random } from '../../inference/numeric/random.js';
import { LOGITS } from '../step/tfjs/classifier.js';
import { QUARTERS, rotated } from './rotations.js';
import { cosines } from './similarities.js';
import { viewsOf } from './views.js';

/** What a step learns from. */
export interface ClassifierBatch {
  /** Normalised pictures [N, 3, S, S]. */
  pictures: Float32Array;
  /** One class per picture, or, where examples are compared, the number of its other view. */
  labels: ArrayLike<number>;
}

/** What is learnt, and how well. */
export interface Task {
  /** Names of the classes; none without labels. */
  readonly classes: readonly string[];
  /** Numbers per picture that the last layer gives, and what the file calls them. */
  readonly outputs: number;
  readonly outputName: string;
  /** What the file says of its training, if it needs no labels. */
  readonly training?: string;
  /** Whether examples are compared with each other (`similarities`). */
  readonly compares: boolean;
  /** Examples that a picture becomes. */
  readonly perPicture: number;
  /** Examples of pictures [N, 3, S, S] with these classes. */
  examples(pictures: Float32Array, classes: readonly number[], random: Random): ClassifierBatch;
  /** How many examples the last layer's numbers [N, outputs] are right about. */
  right(outputs: Float32Array, labels: ArrayLike<number>): number;
}

/** To tell classes apart. */
export function classesTask(classes: readonly string[]): Task {
  return {
    classes,
    outputs: classes.length,
    outputName: LOGITS,
    compares: false,
    perPicture: 1,
    examples: (pictures, labels) => ({ pictures, labels }),
    right: countLargest,
  };
}

/** By how many quarters each picture was turned (Gidaris et al. 2018). */
const rotationsTask = (imageSize: number): Task => ({
  ...classesTask(QUARTERS.map((quarter) => `${90 * quarter} degrees`)),
  training: 'self-supervised: tells rotations of pictures apart (Gidaris et al. 2018)',
  examples(pictures, { length }, random) {
    const labels = Array.from({ length }, () => random.integer(QUARTERS.length));
    return { pictures: rotated(pictures, imageSize, labels), labels };
  },
});

/** Numbers that views are compared by. */
const EMBEDDING = 64;

/** To find the other view of the same picture among all views of a batch (Chen et al. 2020). The second views follow the first. */
const viewsTask = (imageSize: number): Task => ({
  classes: [],
  outputs: EMBEDDING,
  outputName: 'embedding',
  training: 'self-supervised: recognises pictures in random views (Chen et al. 2020)',
  compares: true,
  perPicture: 2,
  examples(pictures, { length }, random) {
    const views = new Float32Array(2 * pictures.length);
    for (const start of [0, pictures.length]) views.set(viewsOf(pictures, imageSize, 3, random), start);
    return { pictures: views, labels: Array.from({ length: 2 * length }, (_, at) => (at + length) % (2 * length)) };
  },
  right: (embeddings, labels) => countLargest(cosines(embeddings, labels.length), labels),
});

/** What can be learnt without labels, by name, for pictures of this size. */
export const selfSupervisedTasks = { rotations: rotationsTask, views: viewsTask } as const;

/** A name of `selfSupervisedTasks`. */
export type SelfSupervision = keyof typeof selfSupervisedTasks;

/** In how many rows of [N, K] the largest number is that of the label. */
function countLargest(numbers: Float32Array, labels: ArrayLike<number>): number {
  const width = numbers.length / labels.length;
  return Array.from(labels).filter((label, row) => {
    const own = numbers.subarray(row * width, (row + 1) * width);
    return own.indexOf(Math.max(...own)) === label;
  }).length;
}
