/** @file Models on disk: loading with external data kept inside the model's folder, and saving without half-written files. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../errors.js';
import { fetchModel, type LoadOptions } from './fetch.js';
import { readBoundedFile, readSource, urlOf, writeFileAtomic } from './files.node.js';
import type { Model } from '../graph/graph.js';
import { externalLocations, MAX_MODEL_BYTES, modelFromBytes, modelOf, parsedModelProto } from './read.js';
import { modelBytes } from './write.js';

/** Largest external data file that is read: Node reads no more than this at once. */
const MAX_EXTERNAL_BYTES = 2 ** 31 - 1;

/**
 * Reads a model file and the external data it names.
 * @param source path, or a URL of file:, http: or https:
 * @throws InputError if a file is missing, too large, truncated, not ONNX, or lies outside the model's folder
 * @throws the signal's reason when it is aborted
 */
export async function loadModel(source: string | URL, options: LoadOptions = {}): Promise<Model> {
  const url = urlOf(source);
  if (url && url.protocol !== 'file:') return fetchModel(url, options);
  const path = url ? fileURLToPath(url) : String(source);
  const proto = parsedModelProto(await readSource(path, MAX_MODEL_BYTES, options), path);
  const folder = dirname(path);
  const files = new Map<string, Uint8Array>();
  for (const location of externalLocations(proto)) {
    files.set(location, await readBoundedFile(await pathInside(folder, location, path), MAX_EXTERNAL_BYTES));
  }
  return modelOf(proto, files);
}

/**
 * Writes a model file.
 * @param model a model, or the bytes of a model file
 * @param externalData whether initializers of 1 KiB and more go to `<file>.data` beside it, as models over 2 GiB need
 */
export async function saveModel(path: string, model: Model | Uint8Array, { externalData = false } = {}): Promise<void> {
  const given = model instanceof Uint8Array;
  if (!externalData) return writeFileAtomic(path, given ? model : modelBytes(model));
  const location = `${basename(path)}.data`;
  const chunks: Uint8Array[] = [];
  let size = 0;
  const bytes = modelBytes(given ? modelFromBytes(model, path) : model, (_name, data) => {
    if (data.length < 1024) return undefined;
    const padding = (64 - (size % 64)) % 64;
    chunks.push(new Uint8Array(padding), data);
    const offset = size + padding;
    size = offset + data.length;
    return { location, offset };
  });
  await writeFileAtomic(join(dirname(path), location), Buffer.concat(chunks));
  return writeFileAtomic(path, bytes);
}

async function pathInside(folder: string, location: string, model: string): Promise<string> {
  const refuse = () => new InputError(`${model}: external data "${location}" must be a file in the model's own folder`);
  if (location === '' || isAbsolute(location) || location.split(/[\\/]/).includes('..')) throw refuse();
  const root = await realpath(folder);
  const path = await realpath(join(root, location)).catch(() => {
    throw new InputError(`${model}: external data file "${location}" is missing`);
  });
  const inside = relative(root, path);
  if (isAbsolute(inside) || inside.startsWith('..')) throw refuse();
  return path;
}
