/** @file From a tfjs layers model that someone else made to an .onnx file that is known to compute the same. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { urlOf, writeOwnFile } from '../../onnx/files/files.node.js';
import { modelBytes } from '../../onnx/files/write.js';
import type { Shape } from '../../onnx/graph/graph.js';
import { outputDifferences } from './compare.node.js';
import type { OutputDifference } from './output-difference.js';
import type { InputSize } from './input-size.js';
import { layersGraph } from './layers-graph.js';
import { loadLayersFile } from './load-layers-model.node.js';

/** Largest difference that passes, as a share of the output's largest number: of 1000 classes each may have only 0.001. */
const MAX_SHARE = 1e-4;
/** What rounding alone makes of numbers near 1 inside a network whose outputs are near 0. */
const ROUNDING = 1e-6;

export interface LayersExportOptions {
  /** Folder or name of the .onnx file; the model's name in the folder of its model.json if not given, here for a URL. */
  out?: string | undefined;
  /** 13…21; 17 if not given. */
  opset?: number | undefined;
  /** Merge each batch norm into the convolution before it. */
  foldBatchNorm?: boolean | undefined;
  /** Height and width of picture inputs that the model leaves open. */
  size?: InputSize | undefined;
  /** Stops reading. */
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
 * Converts a tfjs layers model and compares the outputs of both.
 * @param source path of a model.json or of its folder, or a URL
 * @throws InputError for models that cannot be read or exported
 */
export async function exportLayersFile(source: string, options: LayersExportOptions = {}): Promise<LayersExport> {
  const { out, opset, foldBatchNorm, signal, size } = options;
  const model = await loadLayersFile(source, { signal, size });
  try {
    const graph = layersGraph(model, {
      ...(opset !== undefined && { opset }),
      ...(foldBatchNorm !== undefined && { foldBatchNorm }),
    });
    const bytes = modelBytes(graph.model);
    signal?.throwIfAborted();
    const differences = await outputDifferences(model, graph, bytes);
    const limits = differences.map(({ magnitude }) => Math.max(ROUNDING, MAX_SHARE * magnitude));
    const passed = differences.every(({ difference }, index) => difference <= (limits[index] as number));
    const path = `${pathOf(source, out, model.name)}${passed ? '' : '.failed'}`;
    await writeOwnFile(path, bytes);
    const { inputs, outputs } = graph.model.graph;
    const ports = (values: typeof inputs, sizes: readonly { sizes: readonly number[] }[]) =>
      values.map(({ name, value }, index) => port(name, value?.shape ?? [], sizes[index]?.sizes ?? []));
    return {
      path,
      bytes: bytes.length,
      layers: model.layers.length,
      inputs: ports(inputs, graph.inputs),
      outputs: ports(outputs, graph.outputs).map((made, index) => {
        const { difference, magnitude } = differences[index] as OutputDifference;
        return { ...made, difference, magnitude, limit: limits[index] as number };
      }),
      passed,
    };
  } finally {
    model.dispose();
  }
}

function port(name: string, shape: Shape, sizes: readonly number[]): ExportedPort {
  const tfjsShape = ['batch', ...sizes];
  return { name, shape, ...(tfjsShape.join() !== shape.join() && { tfjsShape }) };
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
