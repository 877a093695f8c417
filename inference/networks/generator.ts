/** @file A generator's .onnx file, ready to make pictures. */
import { resolveDevice } from '#devices';
import { openSession } from '#runtime';
import { InputError } from '../../onnx/errors.js';
import { namingFile } from '../../onnx/graph/naming.js';
import { expectAffordable } from '../../onnx/upgrade/affordable.js';
import type { Model } from '../../onnx/graph/graph.js';
import { interpolatedLatents, type PathOptions } from '../latent/interpolate.js';
import { normalLatents } from '../latent/latents.js';
import { readGanMetadata, type GanMetadata } from './metadata.js';
import { modelFrom, sourceName, type ModelSource, type NetworkOptions } from './model-source.js';
import type { Picture } from '../pictures/pictures.js';
import type { OutputRange, PictureSize } from '../pictures/pixels.js';
import { samplePictures, type GeneratorRunner, type SampleOptions } from './sample.js';
import type { Levels } from '../runtime/levels.js';
import { sessionTensor, type DeviceChoice, type Session, type SessionTensors } from '../runtime/session.js';

/** Latents per run: many enough that threads that share them are never out of work. */
const BATCH = 64;

/** How pictures are asked for. */
export type PictureOptions = Pick<SampleOptions, 'progress_callback' | 'signal'>;

/** What numbers of 0…255 mean: x/255 in the picture's 0…1. */
const BYTES: OutputRange = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };

/** A generator's input: its name, its sizes after the batch, and the batch where the file fixes it. */
interface LatentInput {
  name: string;
  /** [Z] or [Z, 1, 1]. */
  dims: number[];
  batch: number | undefined;
}

/**
 * A generator on ONNX Runtime. Any model with one float32 input [N, Z] or [N, Z, 1, 1] and pictures [N, C, H, W] as its
 * first output will do. Where the file does not say what its numbers mean, −1 is black and 1 is white.
 *
 * In Node it runs in threads of its own, on a CPU one per core for large batches; calls may overlap.
 */
export class Generator implements GeneratorRunner, PictureSize, AsyncDisposable {
  readonly latentDim: number;
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
  /** What the output's numbers mean. */
  readonly range: OutputRange;
  /** What the file says about its training; undefined for models that are not ours. */
  readonly metadata: GanMetadata | undefined;
  /** Where it runs, and why. */
  readonly choice: DeviceChoice;
  readonly #session: Session;
  readonly #input: LatentInput;
  readonly #name: string;

  private constructor(
    session: Session,
    input: LatentInput,
    size: PictureSize & { bytes: boolean },
    metadata: GanMetadata | undefined,
    choice: DeviceChoice,
    name: string,
  ) {
    this.#name = name;
    this.#session = session;
    this.#input = input;
    this.latentDim = input.dims[0] as number;
    this.channels = size.channels;
    this.height = size.height;
    this.width = size.width;
    this.metadata = metadata;
    this.range = size.bytes ? BYTES : metadata?.outputRange === 'normalization' ? metadata.normalization : 'tanh';
    this.choice = choice;
  }

  /**
   * Opens a generator. Dispose of it when done, or declare it with `await using`.
   * @throws InputError if the file cannot be read or is no generator, or the device cannot be had
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
  static async load(source: ModelSource, options: NetworkOptions = {}): Promise<Generator> {
    const { device = 'auto', threads = 0, signal } = options;
    const name = sourceName(source);
    const model = await modelFrom(source, options);
    namingFile(name, () => expectAffordable(model));
    const metadata = readGanMetadata(model.metadata);
    if (metadata?.role === 'discriminator')
      throw new InputError({ name: name, expected: 'a generator', got: 'a discriminator' });
    const input = latentInput(model, name, metadata);
    const choice = await resolveDevice(device);
    signal?.throwIfAborted();
    const eachRow = input.batch === undefined && (choice.device === 'cpu' || choice.device === 'wasm');
    const session = await namingFile(name, () => openSession(model, { device: choice.device, threads, eachRow }));
    try {
      return new Generator(session, input, await pictureSize(session, input, name), metadata, choice, name);
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /** @throws InputError if `latents` is no whole number of latents */
  async run(latents: Float32Array): Promise<Float32Array> {
    const pictures = new Float32Array(this.#outputLength(latents));
    await this.#runBatches(latents, pictures, async (batch) => (await runOnce(this.#session, this.#input, batch)).data);
    return pictures;
  }

  /** As `run`, as 8-bit levels [N, H, W, C], which are made where the network runs. @throws as `pictures` */
  async runLevels(latents: Float32Array, levels: Levels): Promise<Uint8Array> {
    const pictures = new Uint8Array(this.#outputLength(latents));
    const [output = ''] = this.#session.outputNames;
    await this.#runBatches(latents, pictures, async (batch) => {
      return (await this.#session.run(latentFeed(this.#input, batch), [output], levels))[output]?.data as Uint8Array;
    });
    return pictures;
  }

  /** @throws InputError if `latents` is no whole number of latents */
  #outputLength(latents: Float32Array): number {
    const { latentDim, channels, height, width } = this;
    if (latents.length % latentDim !== 0) {
      throw new InputError({ name: 'latents', expected: `a multiple of ${latentDim} numbers`, got: latents.length });
    }
    return (latents.length / latentDim) * channels * height * width;
  }

  /** Runs all latents, in batches of the size that the file fixes; a batch that is not full is filled up with zeros. */
  async #runBatches<T extends Float32Array | Uint8Array>(
    latents: Float32Array,
    pictures: T,
    run: (batch: Float32Array) => Promise<T>,
  ): Promise<void> {
    const { latentDim } = this;
    const count = latents.length / latentDim;
    const batch = this.#input.batch ?? Math.max(count, 1);
    const stride = pictures.length / Math.max(count, 1);
    for (let start = 0; start < count; start += batch) {
      const padded = new Float32Array(batch * latentDim);
      padded.set(latents.subarray(start * latentDim, (start + batch) * latentDim));
      const made = await namingFile(this.#name, () => run(padded));
      pictures.set(made.subarray(0, Math.min(batch, count - start) * stride), start * stride);
    }
  }

  /**
   * One picture per latent, in order. On a CPU latents run one by one, which takes no longer and makes a picture depend
   * on its own latent alone, to the last bit.
   * @param latents [N, Z]
   * @throws InputError if `latents` is no whole number of latents, or the network gives numbers that are not finite
   * @throws the signal's reason when it is aborted
   */
  pictures(latents: Float32Array, options: PictureOptions = {}): Promise<Picture[]> {
    const batchSize = this.#input.batch ?? BATCH;
    return samplePictures(this, latents, { ...options, batchSize, range: this.range });
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
    return this.pictures(normalLatents(seeds, this.latentDim, options.truncation), options);
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
    const keyframes = seeds.map((seed) => normalLatents([seed], this.latentDim));
    return this.pictures(interpolatedLatents(keyframes, path), options);
  }

  /** Ends runs under way, then frees the network and its thread. */
  async dispose(): Promise<void> {
    await this.#session.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

const oneLine = (text: string) => text.trim().replaceAll(/\s+/g, ' ');

/** The model's one input. @throws InputError if it is not [N, Z] or [N, Z, 1, 1] of float32 */
function latentInput(model: Model, source: string, metadata: GanMetadata | undefined): LatentInput {
  const { inputs } = model.graph;
  const [input] = inputs;
  const [batch, size, ...rest] = input?.value?.shape ?? [];
  const latentDim = typeof size === 'number' ? size : metadata?.latentDim;
  const fits =
    inputs.length === 1 &&
    input?.value?.type === 'float32' &&
    (rest.length === 0 || (rest.length === 2 && rest.every((dim) => dim === 1)));
  if (!fits || latentDim === undefined || latentDim < 1 || batch === 0) {
    const shown = inputs.map(({ name, value }) => `${name} ${value?.type ?? '?'} [${value?.shape?.join(', ') ?? '?'}]`);
    throw new InputError({
      name: source,
      expected: 'a generator with one float32 input [N, Z] or [N, Z, 1, 1]',
      got: shown.join('; ') || 'no input',
    });
  }
  return {
    name: input.name,
    dims: [latentDim, ...rest.map(() => 1)],
    batch: typeof batch === 'number' ? batch : undefined,
  };
}

/** Size of the pictures, from a run on zeros: what a file states of its output may be incomplete. */
async function pictureSize(session: Session, input: LatentInput, source: string) {
  const batch = input.batch ?? 1;
  const { dims, bytes } = await runOnce(session, input, new Float32Array(batch * (input.dims[0] as number))).catch(
    (error: Error) => {
      throw new InputError({
        name: source,
        expected: `a generator; it cannot be run on a latent (${oneLine(error.message)})`,
      });
    },
  );
  const [count, channels, height, width] = dims;
  if (dims.length !== 4 || count !== batch || !(channels === 1 || channels === 3) || !height || !width) {
    throw new InputError({
      name: source,
      expected: `pictures [${batch}, 1 or 3, H, W] as first output`,
      got: `[${dims.join(', ')}]`,
    });
  }
  return { channels, height, width, bytes } as const;
}

/** The first output for a batch of latents; bytes as numbers of 0…255. */
async function runOnce(session: Session, input: LatentInput, latents: Float32Array) {
  const [output = ''] = session.outputNames;
  const result = (await session.run(latentFeed(input, latents), [output]))[output];
  if (result?.data instanceof Float32Array) return { dims: result.dims, data: result.data, bytes: false };
  if (result?.data instanceof Uint8Array && result.type === 'uint8') {
    return { dims: result.dims, data: Float32Array.from(result.data), bytes: true };
  }
  throw new InputError({
    name: `output "${output}"`,
    expected: 'float32 or uint8 numbers',
    got: result?.type ?? 'nothing',
  });
}

function latentFeed({ name, dims }: LatentInput, latents: Float32Array): SessionTensors {
  return { [name]: sessionTensor(latents, [latents.length / (dims[0] as number), ...dims]) };
}
