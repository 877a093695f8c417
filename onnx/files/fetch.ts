/** @file Loads models and other files from URLs, up to a size limit. */
import { InputError } from '../errors.js';
import { joinedBytes } from './bytes.js';
import type { Model } from '../graph/graph.js';
import { externalParts, fillExternal, placesOf } from './external.js';
import { namingFile } from '../graph/naming.js';
import { MAX_MODEL_BYTES, modelOf, parsedModelProto } from './read.js';

/** Largest external data file that is fetched. */
const MAX_EXTERNAL_BYTES = 2 ** 31 - 1;

/** How far a file has been read; field names as in transformers.js. */
export interface LoadProgress {
  status: 'progress';
  /** The file's path or URL. */
  file: string;
  /** Bytes so far. */
  loaded: number;
  /** Total bytes, if the server states them. */
  total?: number;
  /** Percent done, 0…100, if the server states the total. */
  progress?: number;
}

/** How files are loaded. */
export interface LoadOptions {
  /** Called as bytes arrive. */
  progress_callback?: (progress: LoadProgress) => void;
  /** Stops loading. */
  signal?: AbortSignal;
}

/**
 * The bytes behind a URL.
 * @param maxBytes largest accepted size in bytes, whatever the server announces
 * @throws InputError if there is no such file, or it is larger than `maxBytes`
 * @throws the signal's reason when it is aborted
 */
export async function fetchBytes(url: URL, maxBytes: number, options: LoadOptions = {}): Promise<Uint8Array> {
  const { progress_callback, signal } = options;
  const file = url.href;
  const unreachable = (error: unknown): never => {
    signal?.throwIfAborted();
    throw new InputError(`${file}: cannot be read (${error instanceof Error ? error.message : String(error)})`);
  };
  const response = await fetch(url, { ...(signal && { signal }) }).catch(unreachable);
  if (!response.ok || !response.body) throw new InputError(`${file}: cannot be read (HTTP ${response.status})`);
  // For a compressed response, Content-Length counts the compressed bytes.
  const stated = response.headers.has('content-encoding') ? null : response.headers.get('content-length');
  const total = stated === null ? undefined : Number(stated);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(unreachable);
    if (done) break;
    loaded += value.length;
    if (loaded > maxBytes || (total ?? 0) > maxBytes) {
      await reader.cancel();
      throw new InputError({
        name: file,
        expected: `at most ${maxBytes} bytes`,
        got: `${Math.max(loaded, total ?? 0)} or more`,
      });
    }
    chunks.push(value);
    progress_callback?.({
      status: 'progress',
      file,
      loaded,
      ...(total && { total, progress: Math.min(100, (100 * loaded) / total) }),
    });
  }
  return joinedBytes(chunks, loaded);
}

/**
 * The model behind a URL, with the external data it names.
 * @throws InputError if a file is missing, too large, truncated, not ONNX, or lies outside the model's folder
 * @throws the signal's reason when it is aborted
 */
export async function fetchModel(url: URL, options: LoadOptions = {}): Promise<Model> {
  const proto = parsedModelProto(await fetchBytes(url, MAX_MODEL_BYTES, options), url.href);
  for (const [location, parts] of externalParts(proto)) {
    const bytes = await fetchBytes(urlBeside(url, location), MAX_EXTERNAL_BYTES, options);
    for (const { offset, length, tensors } of placesOf(parts, bytes.length)) {
      const own = bytes.slice(offset, offset + length);
      for (const tensor of tensors) fillExternal(tensor, own);
    }
  }
  return namingFile(url.href, () => modelOf(proto));
}

/** @throws InputError unless `location` is a file in the model's own folder, or in one below it */
function urlBeside(model: URL, location: string): URL {
  const folder = new URL('.', model);
  const url = new URL(location.split(/[\\/]/).map(encodeURIComponent).join('/'), folder);
  if (location === '' || location.split(/[\\/]/).includes('..') || !url.href.startsWith(folder.href)) {
    throw new InputError(`${model.href}: external data "${location}" must be a file in the model's own folder`);
  }
  return url;
}
