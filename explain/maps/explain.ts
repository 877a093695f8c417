/** @file Explaining pictures: a model with its sessions, reused from call to call. */
import { resolveDevice } from '#devices';
import { preparationBeside } from '../../inference/networks/hub-config.js';
import { modelFrom, sourceName, type ModelSource } from '../../inference/networks/model-source.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { assumedOfRasters } from '../../inference/rasters/assumed.js';
import { Queue } from '../../inference/runtime/queue.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import type { DeviceChoice } from '../../inference/runtime/session.js';
import { InputError } from '../../onnx/errors.js';
import { namingFile } from '../../onnx/graph/naming.js';
import type { Model, Tensor } from '../../onnx/graph/graph.js';
import { upgradedModel } from '../../onnx/upgrade/upgrade.js';
import { LayerCut } from '../network/layer-cut.js';
import type { ExplainerOptions, ExplainOptions } from './explain-options.js';
import { explainedPictures } from './explained-pictures.js';
import type { Explanation } from './explanation.js';
import type { Assumption } from '../../inference/graphs/assumption.js';
import { assumedOfLayers, assumedOfSkipped } from './assumptions.js';
import { chosenLayers, listedLayers, type Layer, type LayerChoice, type TokenGrid } from '../network/layers.js';
import { weightedLayers } from '../../onnx/passes/random-weights.js';
import { suitedMethods, type MethodName } from '../methods/table.js';
import { Network } from '../network/network.js';
import type { LayerMaps } from '../network/one-picture.js';
import type { Stage } from '../network/sessions.js';
import { networkView, preparedPictures, type NetworkInput } from '../../inference/networks/network-input.js';
import { featuresOf, scoredModel } from './scored-model.js';
import { randomizedWeights } from '../network/random-weights.js';
import { classScores, type ClassScore } from '../targets/class-scores.js';
import { choicePerPicture, expectMaskFits } from '../targets/target-choice.js';

export type { ExplainerOptions, ExplainOptions };

/** Classes that `Explainer.look` returns. */
const MOST_CLASSES = 5;

/** What a network makes of a picture. */
export interface Look {
  /** The classes with the largest scores, largest first, or the only score; none where scores have positions. */
  classes: ClassScore[];
  maps: LayerMaps[];
}

/**
 * Explains the scores of a discriminator or classifier. Sessions are made once; a picture that was explained before is not
 * run again for another target or method, only what depends on them. Calls that overlap are answered one after the other.
 *
 * @example
 * import { Explainer } from 'ganscope/explain';
 * import { decodePicture } from 'ganscope/inference';
 *
 * const explainer = await Explainer.load('runs/latest/onnx/discriminator.onnx', { device: 'cpu' });
 * const picture = await decodePicture('bird.png');
 * for (const { layer, method, score } of await explainer.explain([picture], { layers: 'all-convs', targets: 'fake' })) {
 *   console.log(layer.name, method, score);
 * }
 * await explainer.dispose();
 */
export class Explainer implements AsyncDisposable {
  /** How the network takes pictures. */
  readonly input: NetworkInput;
  /** Where its scores are. */
  readonly head: ScoreHead;
  /** As it was loaded, in our dialect. */
  readonly #source: Model;
  readonly #options: ExplainerOptions;
  readonly #model: Model;
  readonly #network: Network;
  readonly #labels: readonly string[] | undefined;
  /** Where it runs, and why. */
  readonly choice: DeviceChoice;
  readonly #queue = new Queue();

  /** What was assumed of its inputs and its output, each with the options that change it. */
  readonly assumptions: readonly Assumption[];

  private constructor(
    source: Model,
    choice: DeviceChoice,
    options: ExplainerOptions,
    readonly name: string,
    concept?: Float32Array,
  ) {
    this.#source = source;
    this.#options = options;
    this.choice = choice;
    const { model, input, head, labels, assumptions, mixesBatch } = scoredModel(source, options, concept);
    this.#model = model;
    this.input = input;
    this.head = head;
    this.#labels = labels;
    this.assumptions = assumptions;
    const { threads = 0, sharesCores = false } = options;
    const running = { device: choice.device, threads, ...(sharesCores && { spinning: 'never' as const }) };
    this.#network = new Network(model, input, head, running, mixesBatch ? 1 : undefined);
  }

  /**
   * @param source of any opset
   * @throws InputError if it takes no picture or gives no scores, or holds operators that are not supported; or the device
   *   cannot be had
   * @throws the signal's reason when it is aborted
   */
  static async load(source: ModelSource, options: ExplainerOptions = {}): Promise<Explainer> {
    const name = sourceName(source);
    const loaded = await modelFrom(source, options);
    const model = namingFile(name, () => upgradedModel(loaded));
    const { device = 'auto', randomWeights, signal } = options;
    const choice = await resolveDevice(device);
    signal?.throwIfAborted();
    const weighted = randomWeights === undefined ? model : randomizedWeights(model, randomWeights);
    const defaults = options.defaults ?? (await preparationBeside(source));
    return Explainer.#made(weighted, choice, { ...options, ...(defaults && { defaults }) }, name);
  }

  /** Finds the features of the picture to compare with, if there is one. */
  static async #made(model: Model, choice: DeviceChoice, options: ExplainerOptions, name: string): Promise<Explainer> {
    const { similarTo, output, ...others } = options;
    const made = (given: ExplainerOptions, concept?: Float32Array) =>
      namingFile(name, () => new Explainer(model, choice, given, name, concept));
    if (!similarTo) return made(options);
    if (options.labels) throw new InputError({ name: 'labels', conflictsWith: 'similarTo' });
    const features = output ?? namingFile(name, () => featuresOf(model, { ...others, afterSoftmax: false }));
    await using own = made({ ...others, output: features, afterSoftmax: false });
    const concept = await own.logits(preparedPictures([similarTo], own.input));
    return made({ ...options, output: features }, concept);
  }

  /** The same network with random weights (`randomizedWeights`). */
  async withRandomWeights(seed: number, top?: number, drawn?: Map<string, Tensor>): Promise<Explainer> {
    return Explainer.#made(randomizedWeights(this.#source, seed, top, drawn), this.choice, this.#options, this.name);
  }

  /** How many layers `withRandomWeights` counts. */
  get weightedLayers(): number {
    return weightedLayers(this.#source);
  }

  /** How often each stage of the network has run. */
  get runs(): Readonly<Record<Stage, number>> {
    return this.#network.runs;
  }

  /** The network's convolutions with their indices and activations, what enters pooling, and a transformer's normalized tokens. */
  layers(tokens?: ExplainOptions['tokens']): Layer[] {
    return listedLayers(this.#model.graph, this.#grid(tokens));
  }

  /** The methods that explain the network, at one layer or another. */
  methods(tokens?: ExplainOptions['tokens']): MethodName[] {
    return suitedMethods({ graph: this.#model.graph, head: this.head, grid: this.#grid(tokens) });
  }

  /** The layers that a choice means, in groups that are averaged. @throws InputError for layers that have no map */
  chosenLayers(choice?: LayerChoice, tokens?: ExplainOptions['tokens']): Layer[][] {
    return chosenLayers(this.#model.graph, choice, this.#grid(tokens), this.head).groups;
  }

  /** What is assumed of layers where they are not named. */
  layerAssumptions(choice?: LayerChoice, tokens?: ExplainOptions['tokens']): Assumption[] {
    return assumedOfLayers(chosenLayers(this.#model.graph, choice, this.#grid(tokens), this.head));
  }

  /** What is assumed of files that may hold the network's channels as they are, and which files were skipped, if any. */
  fileAssumptions(paths: readonly string[], skipped: readonly string[] = []): Assumption[] {
    return [...assumedOfSkipped(skipped), ...assumedOfRasters(paths, this.input.picture)];
  }

  /** What the network sees of a picture, large enough to look at; maps belong on this, not on the whole picture. */
  view(picture: Picture, minSide?: number): Picture {
    return networkView(picture, this.input, minSide);
  }

  /** Logits [M, scores] of prepared pictures [M, C, H, W], run in batches. */
  async logits(pictures: Float32Array): Promise<Float32Array> {
    return this.#queue.run(() => namingFile(this.name, () => this.#network.logits(pictures)));
  }

  /** The network cut at a layer, of `layers()`. */
  cut(layer: Layer): LayerCut {
    return new LayerCut(this.#network, layer, (work) => this.#queue.run(() => namingFile(this.name, work)));
  }

  /**
   * What the network makes of a picture: its largest scores, and what layers give.
   * @param layers of `layers()`
   * @param shown how many channels of each layer
   * @param whole the value of a layer of which all channels are wanted
   */
  async look(picture: Picture, layers: readonly Layer[], shown: number, whole?: string): Promise<Look> {
    const input = preparedPictures([picture], this.input);
    const looked = () => namingFile(this.name, () => this.#network.onePicture.look(input, layers, shown, whole));
    const { logits, maps } = await this.#queue.run(looked);
    return { classes: classScores(this.head, logits, MOST_CLASSES, this.#labels), maps };
  }

  /** What it was given that neither its model nor its assumptions tell. */
  get given(): Pick<ExplainerOptions, 'inputs' | 'labels' | 'similarTo'> {
    return this.#options;
  }

  /** The names of the classes, if known. */
  get labels(): readonly string[] | undefined {
    return this.#labels;
  }

  /**
   * Maps of pictures of any size, prepared as the network wants them.
   * @returns one for each picture, layer and method, in that order of loops; those of the picture itself after its layers'
   * @throws InputError for no pictures, or layers, methods or targets that do not fit the network
   */
  async explain(pictures: readonly Picture[], options: ExplainOptions = {}): Promise<Explanation[]> {
    const choices = choicePerPicture(options.targets, pictures.length);
    pictures.forEach((picture, at) => expectMaskFits(choices[at], picture, 'the picture'));
    return this.explainInput(preparedPictures(pictures, this.input), options);
  }

  /**
   * The same for numbers that are already prepared.
   * @param batch [N, C, H, W] of the network's input size, whatever its layout
   */
  async explainInput(batch: Float32Array, options: ExplainOptions = {}): Promise<Explanation[]> {
    const { channels, height, width } = this.input.picture;
    const count = batch.length / (channels * height * width);
    if (count === 0 || !Number.isInteger(count)) {
      throw new InputError({
        name: 'pictures',
        expected: `at least one of ${channels}×${height}×${width} numbers`,
        got: `${batch.length} numbers`,
      });
    }
    const job = { grid: this.#grid(options.tokens), labels: this.#labels };
    return this.#queue.run(() => namingFile(this.name, () => explainedPictures(this.#network, batch, job, options)));
  }

  #grid(tokens?: ExplainOptions['tokens']): TokenGrid {
    const { height, width } = this.input.picture;
    return { picture: { height, width }, logits: this.head.logits, ...(tokens && { tokens }) };
  }

  /** Frees the sessions once the calls under way are done. */
  async dispose(): Promise<void> {
    await this.#queue.run(() => this.#network.dispose());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
