/** @file A generator's .onnx file, ready to make pictures. */
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { InputError } from '../onnx/errors.js';
import type { Model } from '../onnx/graph.js';
import { loadedModel } from '../onnx/load.node.js';
import { resolvedDevice, type Device, type DeviceChoice } from './devices.node.js';
import { readGanMetadata, type GanMetadata } from './metadata.js';
import type { Picture } from './pictures.js';
import type { OutputRange, PictureSize } from './pixels.js';
import { sampledPictures, type GeneratorRunner, type SampleOptions } from './sample.js';
import { createdSession } from './session.node.js';

/** Latents per run on a GPU. */
const GPU_BATCH = 16;

export interface GeneratorOptions {
  /** Where it runs, default `auto`. */
  device?: Device;
  /** Threads of CPU operators; 0, the default, lets ONNX Runtime take one per core. */
  threads?: number;
}

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
 * @example
 * const generator = await Generator.load('runs/latest/onnx/generator.onnx', { device: 'cpu' });
 * const pictures = await generator.pictures(normalLatents([0, 1, 2], generator.latentDim));
 * await generator.dispose();
 */
export class Generator implements GeneratorRunner, PictureSize {
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
  readonly #session: InferenceSession;
  readonly #input: LatentInput;

  private constructor(
    session: InferenceSession,
    input: LatentInput,
    size: PictureSize,
    metadata: GanMetadata | undefined,
    choice: DeviceChoice,
  ) {
    this.#session = session;
    this.#input = input;
    this.latentDim = input.dims[0] as number;
    this.channels = size.channels;
    this.height = size.height;
    this.width = size.width;
    this.metadata = metadata;
    this.range = metadata?.outputRange === 'normalization' ? metadata.normalization : 'tanh';
    this.choice = choice;
  }

  /**
   * Opens a generator. Dispose of it when done.
   * @param path an .onnx file
   * @throws InputError if the file cannot be read or is no generator, or the device cannot be had
   */
  static async load(path: string, { device = 'auto', threads = 0 }: GeneratorOptions = {}): Promise<Generator> {
    const model = await loadedModel(path);
    const metadata = readGanMetadata(model.metadata);
    if (metadata?.role === 'discriminator') throw new InputError(`${path}: expected a generator; got a discriminator`);
    const input = latentInput(model, path, metadata);
    const choice = await resolvedDevice(device);
    const session = await createdSession(model, { device: choice.device, threads }).catch((error: Error) => {
      throw new InputError(`${path}: ONNX Runtime cannot load it (${oneLine(error.message)})`);
    });
    try {
      return new Generator(session, input, await pictureSize(session, input, path), metadata, choice);
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /** @throws InputError if `latents` is no whole number of latents */
  async run(latents: Float32Array): Promise<Float32Array> {
    const { latentDim } = this;
    if (latents.length % latentDim !== 0) {
      throw new InputError(`latents: expected a multiple of ${latentDim} numbers; got ${latents.length}`);
    }
    const count = latents.length / latentDim;
    const batch = this.#input.batch ?? Math.max(count, 1);
    const stride = this.channels * this.height * this.width;
    const pictures = new Float32Array(count * stride);
    for (let start = 0; start < count; start += batch) {
      const padded = new Float32Array(batch * latentDim);
      padded.set(latents.subarray(start * latentDim, (start + batch) * latentDim));
      const { data } = await runOnce(this.#session, this.#input, padded);
      pictures.set(data.subarray(0, Math.min(batch, count - start) * stride), start * stride);
    }
    return pictures;
  }

  /**
   * One picture per latent, in order. On a CPU latents run one by one, which takes no longer and makes a picture depend
   * on its own latent alone, to the last bit.
   * @param latents [N, Z]
   * @throws InputError if `latents` is no whole number of latents, or the network gives numbers that are not finite
   * @throws the signal's reason when it is aborted
   */
  pictures(
    latents: Float32Array,
    options: Pick<SampleOptions, 'progress_callback' | 'signal'> = {},
  ): Promise<Picture[]> {
    const batchSize = this.#input.batch ?? (this.choice.device === 'cpu' ? 1 : GPU_BATCH);
    return sampledPictures(this, latents, { ...options, batchSize, range: this.range });
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

const oneLine = (text: string) => text.trim().replaceAll(/\s+/g, ' ');

/** The model's one input. @throws InputError if it is not [N, Z] or [N, Z, 1, 1] of float32 */
function latentInput(model: Model, path: string, metadata: GanMetadata | undefined): LatentInput {
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
    throw new InputError(
      `${path}: expected a generator with one float32 input [N, Z] or [N, Z, 1, 1]; got ${shown.join('; ') || 'no input'}`,
    );
  }
  return {
    name: input.name,
    dims: [latentDim, ...rest.map(() => 1)],
    batch: typeof batch === 'number' ? batch : undefined,
  };
}

/** Size of the pictures, from a run on zeros: what a file states of its output may be incomplete. */
async function pictureSize(session: InferenceSession, input: LatentInput, path: string): Promise<PictureSize> {
  const batch = input.batch ?? 1;
  const { dims } = await runOnce(session, input, new Float32Array(batch * (input.dims[0] as number))).catch(
    (error: Error) => {
      throw new InputError(`${path}: expected a generator; it cannot be run on a latent (${oneLine(error.message)})`);
    },
  );
  const [count, channels, height, width] = dims;
  if (dims.length !== 4 || count !== batch || !(channels === 1 || channels === 3) || !height || !width) {
    throw new InputError(
      `${path}: expected pictures [${batch}, 1 or 3, H, W] as first output; got [${dims.join(', ')}]`,
    );
  }
  return { channels, height, width };
}

/** The first output for a batch of latents. */
async function runOnce(session: InferenceSession, { name, dims }: LatentInput, latents: Float32Array) {
  const [output = ''] = session.outputNames;
  const feed = new Tensor('float32', latents, [latents.length / (dims[0] as number), ...dims]);
  const result = (await session.run({ [name]: feed }, [output]))[output];
  if (!(result?.data instanceof Float32Array)) {
    throw new InputError(`output "${output}": expected float32 numbers; got ${result?.type ?? 'nothing'}`);
  }
  return { dims: result.dims, data: result.data };
}
