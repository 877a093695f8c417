/** @file A generator on ONNX Runtime: makes pictures from latents. */
import { resolveDevice } from '#devices';
import { InputError } from '../../onnx/errors.js';
import type { Model } from '../../onnx/graph/graph.js';
import { namingFile } from '../../onnx/graph/naming.js';
import { expectAffordable } from '../../onnx/upgrade/affordable.js';
import { upgradedModel } from '../../onnx/upgrade/upgrade.js';
import { generatorInputs, type InputOptions, type LatentInput } from '../generators/generator-inputs.js';
import { withGivenNumbers, type GivenNumbers } from '../generators/given-numbers.js';
import { labelsOf } from '../generators/labels.js';
import type { Label } from '../labels/meant-class.js';
import { assumedOfDistribution, assumedOfGenerator } from '../generators/assumptions.js';
import { GeneratorRuns } from '../generators/generator-runs.js';
import { assumedOfMixer, latentMixer } from '../generators/mixing.js';
import { openGenerator, type OpenedGenerator } from '../generators/open-generator.js';
import { rangeOfGenerator, type PictureRangeOptions } from '../generators/read-generator.js';
import type { Assumption } from '../graphs/assumption.js';
import { featureLayers, withFeatureMaps, type FeatureLayer, type FeatureMaps } from '../graphs/feature-maps.js';
import { interpolatedLatents, type PathOptions } from '../latent/interpolate.js';
import { checkDistribution, type LatentDistribution } from '../latent/distribution.js';
import { drawnLatents } from '../latent/latents.js';
import { readGanMetadata, type GanMetadata } from './metadata.js';
import { modelFrom, sourceName, type ModelSource, type NetworkOptions } from './model-source.js';
import type { Picture } from '../pictures/pictures.js';
import { picturesFromOutput, type OutputRange, type PictureSize } from '../pictures/pixels.js';
import { samplePictures, type GeneratorRunner, type SampleOptions } from './sample.js';
import type { Levels } from '../runtime/levels.js';
import type { DeviceChoice } from '../runtime/session.js';

/** Latents per run: enough to keep all threads busy. */
const BATCH = 64;

/** Options of sampling. */
export interface PictureOptions extends Pick<SampleOptions, 'progress_callback' | 'signal'> {
  /** The class, instead of the one that a conditional generator was loaded with. */
  label?: number;
}

/** Options of loading a generator. */
export interface GeneratorOptions extends NetworkOptions, InputOptions, PictureRangeOptions {
  /** Keep the outputs of the layers too, for `look`: how many channels of each are shown. Default none. */
  channelsShown?: number;
}

/**
 * A generator on ONNX Runtime: a model with a float input [N, Z] or [N, Z, 1, 1], with a class input if it is conditional,
 * and an output of pictures [N, C, H, W] or [N, H, W, C] in 1 or 3 channels. Other inputs, such as a truncation or noise, need
 * numbers (`inputs`). Refused are pictures of other numbers of channels, and models whose metadata say that they are
 * discriminators, and batch normalization in training mode. The value range comes from the options, the file's metadata or the last nodes; the default is −1 for black and 1 for white.
 *
 * In Node it runs in its own threads, on a CPU one per core for large batches. Calls may overlap.
 */
export class Generator implements GeneratorRunner, PictureSize, AsyncDisposable {
  readonly latentDim: number;
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
  /** The value range of the output. */
  readonly range: OutputRange;
  /** The class of a conditional generator. */
  readonly label: Label | undefined;
  /** How many classes a conditional generator has, where its file tells, and their names. */
  readonly classes: { count: number | undefined; names: readonly string[] | undefined } | undefined;
  /** What the latents of seeds are drawn from. */
  readonly latentDistribution: LatentDistribution;
  /** The numbers of further inputs that it was loaded with. */
  readonly inputs: GivenNumbers;
  /** The training metadata of the file; undefined for models that were not exported by this package. */
  readonly metadata: GanMetadata | undefined;
  /** Assumptions about its inputs and pictures. */
  readonly assumptions: readonly Assumption[];
  /** Where it runs, and why. */
  readonly choice: DeviceChoice;
  /** The layers that `look` shows. */
  readonly layers: readonly FeatureLayer[];
  readonly #runs: GeneratorRuns;
  readonly #input: LatentInput;

  private constructor(
    { session, size }: OpenedGenerator,
    facts: Pick<
      Generator,
      'inputs' | 'latentDistribution' | 'range' | 'assumptions' | 'metadata' | 'choice' | 'layers'
    > & {
      input: LatentInput;
      name: string;
    },
  ) {
    this.#runs = new GeneratorRuns(session, facts.input, size, facts.name);
    this.#input = facts.input;
    this.latentDim = facts.input.dims[0] as number;
    this.channels = size.channels;
    this.height = size.height;
    this.width = size.width;
    this.inputs = facts.inputs;
    this.latentDistribution = facts.latentDistribution;
    this.metadata = facts.metadata;
    this.range = facts.range;
    const { label } = facts.input;
    this.label = label?.label;
    this.classes = label && { count: label.classes, names: label.names };
    this.assumptions = facts.assumptions;
    this.choice = facts.choice;
    this.layers = facts.layers;
  }

  /**
   * Opens a generator. Dispose of it when done, or declare it with `await using`.
   * @throws InputError if the file cannot be read or is not a generator, or the device is not available
   * @throws the signal's reason when it is aborted
   * @example
   * import { Generator } from 'ganscope/inference';
   *
   * const generator = await Generator.load('runs/latest/onnx/generator.onnx', {
   *   device: 'cpu',
   *   progress_callback: ({ file, progress }) => console.log(`${file}: ${progress} %`),
   * });
   * console.log(generator.latentDim, generator.width, generator.height, generator.choice.device);
   * await generator.dispose();
   */
  static async load(source: ModelSource, options: GeneratorOptions = {}): Promise<Generator> {
    const { device = 'auto', threads = 0, signal } = options;
    const name = sourceName(source);
    const loaded = await modelFrom(source, options);
    const { channelsShown } = options;
    const { inputs = {}, latentDistribution = 'normal' } = options;
    checkDistribution(latentDistribution);
    const model = namingFile(name, () => {
      expectAffordable(loaded);
      // Layers are told apart in our dialect.
      const read = channelsShown === undefined ? loaded : upgradedModel(loaded);
      return withGivenNumbers(read, name, inputs);
    });
    let layers: readonly FeatureLayer[] = [];
    const extended = (read: Model) => {
      if (channelsShown === undefined) return read;
      layers = featureLayers(read.graph);
      return withFeatureMaps(
        read,
        layers.map(({ value }) => value),
        channelsShown,
      );
    };
    const metadata = readGanMetadata(model.metadata);
    if (metadata?.role === 'discriminator')
      throw new InputError({ name, expected: 'a generator', got: 'a discriminator' });
    const input = generatorInputs(model, name, options, metadata);
    const mixer = latentMixer(model, input, name);
    const choice = await resolveDevice(device);
    signal?.throwIfAborted();
    const isCpu = choice.device === 'cpu' || choice.device === 'wasm';
    const eachRow = input.batch === undefined && (isCpu || mixer !== undefined);
    const running = { device: choice.device, threads, eachRow };
    const opened = await openGenerator(model, input, running, name, extended);
    try {
      const { size, bytes, output } = opened;
      const ours = metadata?.outputRange === 'normalization' ? metadata.normalization : metadata && ('tanh' as const);
      const { range, assumption } = rangeOfGenerator(model, output, { channels: size.channels, bytes, ours }, options);
      const assumptions = [
        ...assumedOfGenerator(
          input,
          { outputs: model.graph.outputs.length, inputs, ...opened },
          options.latentDim !== undefined,
        ),
        ...assumedOfDistribution(options.latentDistribution, metadata !== undefined),
        ...(mixer ? [assumedOfMixer(mixer, input.batch)] : []),
        assumption,
      ];
      return new Generator(opened, {
        input,
        inputs,
        latentDistribution,
        range,
        assumptions,
        metadata,
        choice,
        layers,
        name,
      });
    } catch (error) {
      await opened.session.release();
      throw error;
    }
  }

  /** Pictures [N, C, H, W] of latents [N, Z]. @throws InputError if `latents` is no whole number of latents */
  run(latents: Float32Array, label?: number): Promise<Float32Array> {
    return this.#runs.numbers(latents, label);
  }

  /** As `run`, but returns 8-bit levels [N, H, W, C], computed in the network's thread. @throws as `pictures` */
  runLevels(latents: Float32Array, levels: Levels, label?: number): Promise<Uint8Array> {
    return this.#runs.levels(latents, levels, label);
  }

  /**
   * The picture of one latent, and what each layer makes of it, in one run.
   * @param latent [Z]
   * @param whole the value of a layer of which all channels are wanted, instead of the first `channelsShown`
   * @param label the class, instead of the one that a conditional generator was loaded with
   * @returns no maps where the generator was loaded without `channelsShown`
   * @throws InputError if `latent` has another size
   */
  async look(latent: Float32Array, whole?: string, label?: number): Promise<{ picture: Picture; maps: FeatureMaps[] }> {
    const { numbers, maps } = await this.#runs.look(latent, this.layers, whole, label);
    const [picture] = picturesFromOutput(numbers, this, this.range);
    return { picture: picture as Picture, maps };
  }

  /**
   * One picture per latent, in order. On a CPU each picture depends only on its own latent, bit for bit (`rowByRow`).
   * @param latents [N, Z]
   * @throws InputError if `latents` is no whole number of latents, or the network gives numbers that are not finite
   * @throws the signal's reason when it is aborted
   */
  pictures(latents: Float32Array, options: PictureOptions = {}): Promise<Picture[]> {
    const { label, ...rest } = options;
    const batchSize = this.#input.batch ?? BATCH;
    const runner: GeneratorRunner = {
      latentDim: this.latentDim,
      channels: this.channels,
      height: this.height,
      width: this.width,
      run: (batch) => this.run(batch, label),
      runLevels: (batch, levels) => this.runLevels(batch, levels, label),
    };
    return samplePictures(runner, latents, { ...rest, batchSize, range: this.range });
  }

  /**
   * The latents of seeds, of the generator's distribution. A seed gives the same latent everywhere.
   * @returns [N, Z]
   * @throws InputError as `drawnLatents`
   */
  latents(seeds: readonly number[], truncation?: number): Float32Array {
    return drawnLatents(seeds, this.latentDim, this.latentDistribution, truncation);
  }

  /**
   * One picture per seed. A seed gives the same picture everywhere.
   * @param seeds integers of 0…2^53 − 1
   * @param options.truncation as for `normalLatents`, default none
   * @throws as `pictures`
   * @example
   * import { Generator, pictureGrid } from 'ganscope/inference';
   *
   * const generator = await Generator.load('runs/latest/onnx/generator.onnx');
   * const pictures = await generator.sample([0, 1, 4, 5]);
   * console.log(pictureGrid(pictures, 2).width);
   * await generator.dispose();
   */
  async sample(seeds: readonly number[], options: PictureOptions & { truncation?: number } = {}): Promise<Picture[]> {
    return this.pictures(this.latents(seeds, options.truncation), options);
  }

  /**
   * The frames of a walk through the latents of seeds.
   * @param seeds at least two key frames
   * @throws as `interpolatedLatents` and `pictures`
   * @example
   * import { Generator } from 'ganscope/inference';
   *
   * const generator = await Generator.load('runs/latest/onnx/generator.onnx');
   * const frames = await generator.interpolate([7, 8, 9], { frames: 12, loop: true });
   * console.log(frames.length);
   * await generator.dispose();
   */
  async interpolate(seeds: readonly number[], options: Partial<PathOptions> & PictureOptions = {}): Promise<Picture[]> {
    const path = { frames: 60, mode: 'slerp', loop: false, ...options } as const;
    const keyframes = seeds.map((seed) => this.latents([seed]));
    return this.pictures(interpolatedLatents(keyframes, path), options);
  }

  /** The number of each latent's class; undefined where the generator has no classes. @throws InputError where it was loaded with `all` */
  labelsOf(latents: Float32Array): number[] | undefined {
    const { label } = this.#input;
    return label && labelsOf(label, label.label, latents, this.latentDim);
  }

  /** Waits for running calls, then frees the network and its threads. */
  async dispose(): Promise<void> {
    await this.#runs.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
