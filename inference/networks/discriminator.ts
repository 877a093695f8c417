/** @file A discriminator on ONNX Runtime: scores how real pictures look. */
import { resolveDevice } from '#devices';
import { openSession } from '#runtime';
import { GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import { namingFile } from '../../onnx/graph/naming.js';
import { nodeLabel, type Model } from '../../onnx/graph/graph.js';
import { producersOf } from '../../onnx/graph/neighbours.js';
import { prunedGraph } from '../../onnx/graph/order.js';
import { expectAffordable } from '../../onnx/upgrade/affordable.js';
import { Types } from '../../onnx/shapes/types.js';
import { upgradedModel } from '../../onnx/upgrade/upgrade.js';
import { modelFrom, sourceName, type ModelSource, type NetworkOptions } from './model-source.js';
import { inputTensor, preparedPictures, type NetworkInput } from './network-input.js';
import type { Picture } from '../pictures/pictures.js';
import type { Assumption } from '../graphs/assumption.js';
import { batchMixer } from '../graphs/batch-mixing.js';
import { boundedBefore } from '../graphs/detections.js';
import { readNetwork, type ReadOptions } from './read-network.js';
import { scoreHead } from './find-score-head.js';
import { HeadReader } from './head-reader.js';
import { appendScoreRows, scoreCount, type ScoreHead } from './score-head.js';
import type { DeviceChoice, Session } from '../runtime/session.js';

/** Pictures per run of models with an open batch size. */
const MAX_BATCH = 16;

/** How real a picture looks. */
export interface Score {
  /** Before sigmoid: above 0 for "real". */
  logit: number;
  /** D(x), the probability of being real, 0…1. */
  probability: number;
}

/**
 * A discriminator on ONNX Runtime: a model with one score per picture, or one per patch, of which it takes the mean. Refused
 * are models with scores of several classes, detectors, models without a picture input, such as generators, and further
 * inputs that have no value in `inputs`. What a single score means is not checked: it counts as "real" where it is above 0, a mean of
 * probabilities where it is above 0.5.
 *
 * In Node it runs in its own thread. Overlapping calls are answered in order.
 */
export class Discriminator implements AsyncDisposable {
  /** The picture input and its preprocessing. */
  readonly input: NetworkInput;
  /** Where it runs, and why. */
  readonly choice: DeviceChoice;
  /** Assumptions about its preprocessing. */
  readonly assumptions: readonly Assumption[];
  readonly #session: Session;
  /** Pictures per run. */
  readonly #batch: number;

  readonly #name: string;

  private constructor(
    { input, assumptions, batch }: Pick<Discriminator, 'input' | 'assumptions'> & { batch: number },
    choice: DeviceChoice,
    session: Session,
    name: string,
  ) {
    this.input = input;
    this.assumptions = assumptions;
    this.#batch = batch;
    this.choice = choice;
    this.#session = session;
    this.#name = name;
  }

  /**
   * Opens a discriminator. Dispose of it when done, or declare it with `await using`.
   * @throws InputError if the file cannot be read or is not a discriminator, or the device is not available
   * @throws the signal's reason when it is aborted
   * @example
   * import { Discriminator } from 'ganscope/inference';
   *
   * const discriminator = await Discriminator.load('runs/latest/onnx/discriminator.onnx', { device: 'cpu' });
   * console.log(discriminator.input.picture.width, discriminator.choice.device);
   * await discriminator.dispose();
   */
  static async load(source: ModelSource, options: NetworkOptions & ReadOptions = {}): Promise<Discriminator> {
    const { device = 'auto', threads = 0, signal } = options;
    const name = sourceName(source);
    const loaded = await modelFrom(source, options);
    const { read, input, assumptions, scoring } = namingFile(name, () => {
      const found = readNetwork(upgradedModel(loaded), options);
      expectAffordable(found.model);
      return { ...found, read: found.model, scoring: scoringModel(found.model, name) };
    });
    const mixes = batchMixer(read.graph, input.name, scoring.logits) !== undefined;
    const batch = mixes ? 1 : (input.batch ?? MAX_BATCH);
    const choice = await resolveDevice(device);
    signal?.throwIfAborted();
    const running = { device: choice.device, threads };
    const session = await namingFile(name, () => openSession(scoring.model, running));
    return new Discriminator({ input, assumptions, batch }, choice, session, name);
  }

  /**
   * Scores how real pictures look to the network.
   * @param pictures of any size, prepared as the network wants them
   * @returns one per picture, in order
   * @example
   * import { decodePicture, Discriminator } from 'ganscope/inference';
   *
   * const discriminator = await Discriminator.load('runs/latest/onnx/discriminator.onnx');
   * const [score] = await discriminator.score([await decodePicture('bird.png')]);
   * console.log(`D(x) = ${score.probability.toFixed(3)}`);
   * await discriminator.dispose();
   */
  async score(pictures: readonly Picture[], { signal }: Pick<NetworkOptions, 'signal'> = {}): Promise<Score[]> {
    const batch = this.#batch;
    const scores: Score[] = [];
    for (let start = 0; start < pictures.length; start += batch) {
      signal?.throwIfAborted();
      const part = pictures.slice(start, start + batch);
      const prepared = preparedPictures(part, this.input);
      const size = prepared.length / part.length;
      const data = new Float32Array((this.input.batch ?? part.length) * size);
      data.set(prepared);
      // Copies of the last one fill a fixed batch.
      for (let at = prepared.length; at < data.length; at += size)
        data.copyWithin(at, prepared.length - size, prepared.length);
      const feeds = { [this.input.name]: inputTensor(data, this.input) };
      const results = await namingFile(this.#name, () => this.#session.run(feeds));
      const logits = Object.values(results)[0]?.data as Float32Array;
      for (const logit of logits.subarray(0, part.length)) scores.push(scoreOf(logit));
    }
    return scores;
  }

  /** Waits for running calls, then frees the network and its thread. */
  async dispose(): Promise<void> {
    await this.#session.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** The score whose logit this is. */
export function scoreOf(logit: number): Score {
  return { logit, probability: 1 / (1 + Math.exp(-logit)) };
}

/** The head with one score per picture or patch, where other outputs have classes, such as an auxiliary classifier's. */
function verdictHead(model: Model): ScoreHead {
  const reader = new HeadReader(model);
  const single = model.graph.outputs.filter(({ name }) => {
    const found = reader.tryRead(name);
    return found?.head.classes === 1 && found.head.kind !== 'boxes';
  });
  const [only] = single;
  return scoreHead(model, single.length === 1 && model.graph.outputs.length > 1 ? only?.name : undefined);
}

/** Probabilities are held apart from 0 and 1, where log(p / (1 − p)) has no value: 1 less the smallest step of float32. */
const [LEAST, MOST] = [1e-30, 1 - 2 ** -24];

/**
 * The model with the mean of its logits [N] as its only output: a patch discriminator has one logit per patch. Of a network that
 * averages probabilities it is the logit of the mean.
 * @throws InputError if it is not a discriminator, or its scores may be logits as well as probabilities
 */
function scoringModel(model: Model, source: string): { model: Model; logits: string } {
  const head = verdictHead(model);
  const { kind, logits, classes } = head;
  if (kind === 'boxes' || classes !== 1) {
    throw new InputError({
      name: source,
      expected: 'a discriminator with one score per picture',
      got: kind === 'boxes' ? 'scores of boxes, as of a detector' : `${classes} per picture`,
    });
  }
  const isProbability = head.quantity === 'probability';
  const graph = { producers: producersOf(model.graph), types: Types.of(model.graph) };
  const bound = head.activation || isProbability ? undefined : boundedBefore(graph, logits);
  if (bound) {
    throw new InputError({
      name: source,
      expected: 'scores that can be told: either logits, real above 0, or probabilities, real above 0.5',
      got: `"${logits}", computed from ${nodeLabel(bound)}`,
    });
  }
  const b = new GraphBuilder({ ...prunedGraph(model.graph, [logits]), outputs: [] });
  const rows = appendScoreRows(b, head, 'score_rows');
  const score = scoreCount(head) === 1 ? rows : b.op('ReduceMean', [rows], { axes: [1], keepdims: 0 }, 'score');
  b.output(isProbability ? appendLogOdds(b, score) : score);
  return { model: { ...model, graph: b.graph }, logits };
}

/** log p − log(1 − p) */
function appendLogOdds(b: GraphBuilder, probability: string): string {
  const p = b.op('Clip', [probability, b.scalar(LEAST), b.scalar(MOST)], {}, 'probability_held');
  return b.sub(b.op('Log', [p]), b.op('Log', [b.sub(b.scalar(1), p)]), 'log_odds');
}
