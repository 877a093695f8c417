/** @file Self-explaining models as files, compared with `Explainer` before they are written. */
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tensor, type InferenceSession } from '../../inference/runtime/onnxruntime/library.node.js';
import { channelsLast } from '../../inference/pictures/layout.js';
import { Random } from '../../inference/numeric/random.js';
import { asInputError } from '../../inference/runtime/runtime-error.js';
import { createSession } from '../../inference/runtime/session.node.js';
import { namingFile } from '../../onnx/graph/naming.js';
import { loadModel, modelBytes, type Model } from '../../onnx/index.js';
import { urlOf, writeOwnFile } from '../../onnx/files/files.node.js';
import { preparationBeside } from '../../inference/networks/hub-config.js';
import { Explainer, type ExplainOptions } from '../maps/explain.js';
import { averagedMap } from '../maps/shown/normalize.js';
import { selfExplainingModel, type SelfExplainingModel, type SelfExplainingOptions } from './self-explaining.js';

/** The largest accepted difference between the heatmaps of the file and of `Explainer`. */
export const MAX_HEATMAP_DIFFERENCE = 1e-4;

/** A self-explaining model on disk. */
export interface SelfExplainingFile extends Omit<SelfExplainingModel, 'model'> {
  /** Ends in `.failed` where the comparison failed. */
  path: string;
  bytes: number;
  /** Largest absolute difference from `Explainer`'s normalised map of a random picture. */
  difference: number;
  passed: boolean;
}

/**
 * Path of a model's self-explaining form, with `-gradcam` after its name.
 * @param source path or URL of the model
 * @param folder for it; by default beside the model, or the working folder for one of http: or https:
 */
export function selfExplainingPath(source: string, folder?: string): string {
  const url = urlOf(source);
  const isRemote = url !== undefined && url.protocol !== 'file:';
  const file = isRemote ? url.pathname : url ? fileURLToPath(url) : source;
  return join(folder ?? (isRemote ? '.' : dirname(file)), `${basename(file, '.onnx')}-gradcam.onnx`);
}

/**
 * Writes a model's self-explaining form. A file whose heatmap differs from `Explainer`'s by more than 1e-4 gets `.failed`
 * after its name, and no earlier file is replaced by it.
 * @param source an .onnx file
 * @param path of the file to write
 * @throws InputError as `selfExplainingModel`
 */
export async function writeSelfExplaining(
  source: string,
  path: string,
  options: SelfExplainingOptions = {},
): Promise<SelfExplainingFile> {
  const original = await loadModel(source);
  const defaults = options.defaults ?? (await preparationBeside(source));
  return namingFile(source, () => written(original, path, { ...options, ...(defaults && { defaults }) }));
}

async function written(original: Model, path: string, options: SelfExplainingOptions): Promise<SelfExplainingFile> {
  const { model, ...names } = selfExplainingModel(original, options);
  const bytes = modelBytes(model);
  const { layers: _layers, method: _method, target: _target, ...reading } = options;
  const explainer = await Explainer.load(original, { device: 'cpu', ...reading });
  const session = await asInputError('load', () => createSession(bytes));
  try {
    const difference = await largestDifference(explainer, session, names);
    const passed = difference <= MAX_HEATMAP_DIFFERENCE;
    const file = passed ? path : `${path}.failed`;
    await writeOwnFile(file, bytes);
    return { ...names, path: file, bytes: bytes.length, difference, passed };
  } finally {
    await session.release();
    await explainer.dispose();
  }
}

/** The largest difference between the two heatmaps of random pictures. A target input gets the default target. */
async function largestDifference(
  explainer: Explainer,
  session: InferenceSession,
  { input, targetInput, explains, heatmap, method, layers }: Omit<SelfExplainingModel, 'model'>,
): Promise<number> {
  const { picture, layout, batch = 1 } = explainer.input;
  const { channels, height, width } = picture;
  const random = new Random(0);
  const count = batch * channels * height * width;
  const pictures = Float32Array.from({ length: count }, () => Math.tanh(random.normal()));
  const fixed = explains === 'input' || explains === 'top' ? {} : { targets: explains };
  const options: ExplainOptions = { layers, methods: [method], ...fixed };
  const maps = (await explainer.explainInput(pictures, options)).filter((map) => map.picture === 0);
  const expected = averagedMap(
    maps.map(({ signed, rawHeight, rawWidth }) => ({ data: signed, height: rawHeight, width: rawWidth })),
    height,
    width,
  );
  const { classes, kind } = explainer.head;
  const fed = classes > 1 ? -1n : kind === 'discriminator' ? 0n : 1n;
  const feeds = {
    [input]:
      layout === 'NCHW'
        ? new Tensor('float32', pictures, [batch, channels, height, width])
        : new Tensor('float32', channelsLast(pictures, picture), [batch, height, width, channels]),
    ...(targetInput && { [targetInput]: new Tensor('int64', new BigInt64Array(batch).fill(fed), [batch]) }),
  };
  const results = await asInputError('run', () => session.run(feeds));
  const found = results[heatmap]?.data as Float32Array;
  return expected.reduce((largest, value, at) => Math.max(largest, Math.abs(value - (found[at] ?? Number.NaN))), 0);
}
