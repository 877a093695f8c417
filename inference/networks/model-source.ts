/** @file Sources of a network: a path or URL, the bytes of a file, or a model in memory. */
import { loadModel } from '#load';
import type { LoadOptions } from '../../onnx/files/fetch.js';
import { InputError } from '../../onnx/errors.js';
import type { Model } from '../../onnx/graph/graph.js';
import { modelFromBytes } from '../../onnx/files/read.js';
import type { Device } from '../runtime/session.js';

/** A path (in Node), a URL, the bytes of an .onnx file, or a model in memory. */
export type ModelSource = string | URL | Uint8Array | Model;

/** How networks are loaded; names as in transformers.js. */
export interface NetworkOptions extends LoadOptions {
  /** Where it runs, default `auto`. */
  device?: Device;
  /**
   * Precision of the exported file, default `fp32`: the named file. `fp16`: the file in half precision in the same folder,
   * as written by `gan-export --fp16` (`generator-fp16.onnx` for `generator.onnx`).
   */
  dtype?: 'fp32' | 'fp16';
  /** Threads of CPU operators; 0, the default, lets ONNX Runtime take one per core. */
  threads?: number;
}

/** The model. @throws as `loadModel`; InputError for another dtype if the source is not a file */
export async function modelFrom(source: ModelSource, options: NetworkOptions = {}): Promise<Model> {
  const { dtype = 'fp32' } = options;
  if (dtype !== 'fp32' && dtype !== 'fp16') {
    throw new InputError({ name: 'dtype', expected: 'fp32 or fp16', got: JSON.stringify(dtype) });
  }
  if (typeof source === 'string' || source instanceof URL) {
    return loadModel(dtype === 'fp16' ? String(source).replace(/(\.onnx)?(?=$|[?#])/i, '-fp16.onnx') : source, options);
  }
  if (dtype === 'fp16')
    throw new InputError({ name: 'dtype fp16', expected: 'the path or URL of a file', got: 'a model' });
  return source instanceof Uint8Array ? modelFromBytes(source) : source;
}

/** What to call it in errors. */
export function sourceName(source: ModelSource): string {
  return typeof source === 'string' || source instanceof URL ? String(source) : 'model';
}
