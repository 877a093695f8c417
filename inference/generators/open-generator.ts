/** @file Opens a generator of others: its session, and the size of its pictures from a run on zeros. */
import { openSession } from '#runtime';
import { InputError } from '../../onnx/errors.js';
import type { Model } from '../../onnx/graph/graph.js';
import { namingFile } from '../../onnx/graph/naming.js';
import type { PictureSize } from '../pictures/pixels.js';
import type { Session, SessionOptions } from '../runtime/session.js';
import { generatorFeed, type LatentInput } from './generator-inputs.js';
import type { Label } from '../labels/meant-class.js';
import { readGenerator, type ReadGenerator } from './read-generator.js';

/** A generator whose session gives pictures [N, C, H, W]. */
export interface OpenedGenerator {
  session: Session;
  /** The model's output that holds the pictures. */
  output: string;
  size: PictureSize;
  /** Whether the pictures are bytes. */
  bytes: boolean;
  /** Where the file has the channels, and their order. */
  layout: ReadGenerator['layout'];
  order: ReadGenerator['order'];
}

/**
 * Opens the picture output of a generator. Where the file does not tell the sizes of its outputs, a run does.
 * @param source what to call the file in errors
 * @param extended appends further outputs to the model, whose first one has the pictures
 * @throws InputError if it cannot be run on a latent, or no output has pictures
 */
export async function openGenerator(
  model: Model,
  input: LatentInput,
  running: SessionOptions,
  source: string,
  extended: (model: Model) => Model = (read) => read,
): Promise<OpenedGenerator> {
  const open = (read: ReadGenerator) => opened({ ...read, model: extended(read.model) }, input, running, source);
  const first = await open(readGenerator(model));
  if ('session' in first) return first;
  const found = await open(readGenerator(model, await outputSizes(model, input, source)));
  if ('session' in found) return found;
  throw new InputError({
    name: source,
    expected: 'pictures [N, 1 or 3, H, W] or [N, H, W, 1 or 3] as an output',
    got: `[${found.dims.join(', ')}] as "${found.output}"`,
  });
}

/** The generator, or the sizes of its output where these are not those of pictures. */
async function opened(
  { model, output, layout, order }: ReadGenerator,
  input: LatentInput,
  running: SessionOptions,
  source: string,
): Promise<OpenedGenerator | { output: string; dims: readonly number[] }> {
  const session = await namingFile(source, () => openSession(model, running));
  let found: OpenedGenerator | undefined;
  try {
    const { dims, bytes } = await runGenerator(session, input, zeros(input), 0).catch((error: Error) => {
      throw new InputError({
        name: source,
        expected: `a generator; it cannot be run on a latent (${oneLine(error.message)})`,
      });
    });
    const [count, channels, height, width] = dims;
    const isPicture = dims.length === 4 && count === (input.batch ?? 1) && (channels === 1 || channels === 3);
    if (!isPicture || !height || !width) return { output, dims };
    found = { session, output, size: { channels, height, width }, bytes, layout, order };
    return found;
  } finally {
    if (!found) await session.release();
  }
}

/** The sizes of all outputs, from a run on zeros. */
async function outputSizes(model: Model, input: LatentInput, source: string) {
  const session = await namingFile(source, () => openSession(model, { device: 'cpu' }));
  try {
    const results = await session.run(generatorFeed(input, zeros(input), 0));
    return new Map(Object.entries(results).map(([name, { dims }]) => [name, dims] as const));
  } finally {
    await session.release();
  }
}

/** The smallest batch of latents that the file takes. */
const zeros = ({ batch = 1, dims }: LatentInput) => new Float32Array(batch * (dims[0] as number));

const oneLine = (text: string) => text.trim().replaceAll(/\s+/g, ' ');

/** The pictures of a batch of latents; bytes as numbers of 0…255. @param label as for `generatorFeed` */
export async function runGenerator(session: Session, input: LatentInput, latents: Float32Array, label?: Label) {
  const [output = ''] = session.outputNames;
  const result = (await session.run(generatorFeed(input, latents, label), [output]))[output];
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
