/** @file From a tfjs layers model that someone else made to an .onnx file that is known to compute the same. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Thread } from '../../inference/runtime/thread.node.js';
import { InputError } from '../../onnx/errors.js';
import { urlOf, writeOwnFile } from '../../onnx/files/files.node.js';
import type { Shape } from '../../onnx/graph/graph.js';
import type { OutputDifference } from './output-difference.js';
import type { InputSize } from './input-size.js';
import type { ExportRequest, MadeExport } from './layers-export.node.js';
import { readLayersFile } from './stored-model.node.js';

export interface LayersExportOptions {
  /** Folder or name of the .onnx file; the model's name in the folder of its model.json if not given, here for a URL. */
  out?: string | undefined;
  /** 13…21; 17 if not given. */
  opset?: number | undefined;
  /** Merge each batch norm into the convolution before it. */
  foldBatchNorm?: boolean | undefined;
  /** Height and width of picture inputs that the model leaves open. */
  size?: InputSize | undefined;
  /** Stops reading and comparing by throwing its reason. */
  signal?: AbortSignal | undefined;
}

/** An input or output of the file. */
export interface ExportedPort {
  name: string;
  shape: Shape;
  /** Its shape in tfjs, where that is another. */
  tfjsShape?: Shape;
}

export interface LayersExport {
  /** Ends in `.failed` where the comparison failed. */
  path: string;
  bytes: number;
  /** Layers of the original. */
  layers: number;
  inputs: ExportedPort[];
  outputs: (ExportedPort & Omit<OutputDifference, 'output'> & { limit: number })[];
  passed: boolean;
}

/** Whether a model is one of tfjs rather than an .onnx file: a .json file or URL, or a folder. */
export async function isLayersSource(source: string): Promise<boolean> {
  const url = urlOf(source);
  if (/\.json$/i.test(url?.pathname ?? source)) return true;
  if (url && url.protocol !== 'file:') return false;
  const info = await stat(url ?? source).catch(() => undefined);
  return info?.isDirectory() ?? false;
}

/**
 * Converts a tfjs layers model and compares the outputs of both. tfjs computes in a thread of its own, which a stop ends.
 * @param source path of a model.json or of its folder, or a URL
 * @throws InputError for models that cannot be read or exported
 */
export async function exportLayersFile(source: string, options: LayersExportOptions = {}): Promise<LayersExport> {
  const { out, opset, foldBatchNorm, size, signal } = options;
  const stored = await readLayersFile(source, { signal, size });
  const request: ExportRequest = { stored, options: { opset, foldBatchNorm } };
  const { bytes, modelName, ...made } = await madeInThread(request, signal);
  signal?.throwIfAborted();
  const path = `${pathOf(source, out, modelName)}${made.passed ? '' : '.failed'}`;
  await writeOwnFile(path, bytes);
  return { path, bytes: bytes.length, ...made };
}

async function madeInThread(request: ExportRequest, signal: AbortSignal | undefined): Promise<MadeExport> {
  const thread = await Thread.start(new URL('./layers-export-thread.node.js', import.meta.url));
  const end = () => void thread.end();
  signal?.addEventListener('abort', end);
  try {
    signal?.throwIfAborted();
    return await thread.ask<MadeExport>(request, [request.stored.data]);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', end);
    await thread.end();
  }
}

/** The file that is written. */
function pathOf(source: string, out: string | undefined, modelName: string): string {
  if (out !== undefined && /\.onnx$/i.test(out)) return out;
  const url = urlOf(source);
  const isFile = /\.json$/i.test(url?.pathname ?? source);
  // A folder may be given as `.`.
  const name = basename(url?.pathname ?? resolve(source)).replace(/\.json$/i, '');
  const folder = out ?? (url ? '.' : isFile ? dirname(source) : source);
  return join(folder, `${nameOf(name, modelName)}.onnx`);
}

/** The file's name where it says something, else the model's, without what file systems refuse. */
function nameOf(file: string, modelName: string): string {
  const name = file === 'model' || file === '' ? modelName : file;
  const safe = name
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 100);
  if (safe === '') throw new InputError({ name: 'out', expected: 'the name of an .onnx file, as the model has none' });
  return safe;
}
