/** @file Where a network comes from: a path or URL, the bytes of a file, or a model in memory. */
import { loadedModel } from '#load';
import type { LoadOptions } from '../onnx/fetch.js';
import type { Model } from '../onnx/graph.js';
import { modelFromBytes } from '../onnx/read.js';
import type { Device } from './session.js';

/** A path (in Node), a URL, the bytes of an .onnx file, or a model in memory. */
export type ModelSource = string | URL | Uint8Array | Model;

/** How networks are loaded; names as in transformers.js. */
export interface NetworkOptions extends LoadOptions {
  /** Where it runs, default `auto`. */
  device?: Device;
  /** Threads of CPU operators; 0, the default, lets ONNX Runtime take one per core. */
  threads?: number;
}

/** The model. @throws as `loadedModel` */
export async function modelFrom(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  if (source instanceof Uint8Array) return modelFromBytes(source);
  if (typeof source === 'string' || source instanceof URL) return loadedModel(source, options);
  return source;
}

/** What to call it in errors. */
export function sourceName(source: ModelSource): string {
  return typeof source === 'string' || source instanceof URL ? String(source) : 'model';
}
