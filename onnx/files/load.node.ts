/** @file Models on disk: loading with external data kept inside the model's folder, and saving without half-written files. */
import { rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { externalFiles, readExternalData } from './external.node.js';
import { externalParts } from './external.js';
import { fetchModel, type LoadOptions } from './fetch.js';
import { writeAt, writeAtomically } from './disk/atomic-file.node.js';
import { parsedLargeFile } from './large-file.node.js';
import { LARGE_FILE } from './disk/stored-part.node.js';
import { fileSize, readBoundedFile, readSource, urlOf, writeFileAtomic } from './files.node.js';
import type { ModelProto } from '../proto/onnx_pb.js';
import { namingFile } from '../graph/naming.js';
import type { Model } from '../graph/graph.js';
import { MAX_MODEL_BYTES, modelFromBytes, modelOf, parsedModelProto } from './read.js';
import { modelBytes, type StoredWeight } from './write.js';

/**
 * Reads a model file and the external data it names.
 * @param source path, or a URL of file:, http: or https:
 * @throws InputError if a file is missing, too large, truncated, not ONNX, or its external data lies outside the model's folder
 * @throws the signal's reason when it is aborted
 */
export async function loadModel(source: string | URL, options: LoadOptions = {}): Promise<Model> {
  const url = urlOf(source);
  if (url && url.protocol !== 'file:') return fetchModel(url, options);
  const path = url ? fileURLToPath(url) : String(source);
  const proto = await modelProtoAt(path, options);
  await readExternalData(proto, path);
  return namingFile(path, () => modelOf(proto));
}

/** The files of external data that a model file names, by their locations in it. @throws as `loadModel` */
export async function filesOfModel(path: string): Promise<Map<string, string>> {
  return externalFiles(await modelProtoAt(path, {}), path);
}

/** Where a model file says that its external data are, relative to it; these need not be there. @throws InputError if it is no model */
export async function dataLocationsOf(path: string): Promise<string[]> {
  return [...externalParts(await modelProtoAt(path, {})).keys()];
}

/** The message in a file; large weights of a large file stay there. */
async function modelProtoAt(path: string, options: LoadOptions): Promise<ModelProto> {
  const size = await fileSize(path, MAX_MODEL_BYTES);
  if (size < LARGE_FILE) return parsedModelProto(await readSource(path, MAX_MODEL_BYTES, options), path);
  options.signal?.throwIfAborted();
  const proto = parsedLargeFile(path);
  options.progress_callback?.({ status: 'progress', file: path, loaded: size, total: size, progress: 100 });
  return proto;
}

/** Largest text beside a model that is read. */
const MAX_TEXT_BYTES = 2 ** 20;

/**
 * A text beside a model on disk, or in the folder above where the model's own is called onnx; undefined where there is none.
 * @throws InputError if it cannot be read or is larger than 1 MiB
 */
export async function textBeside(
  source: string | URL,
  name: string,
): Promise<{ path: string; text: string } | undefined> {
  const url = urlOf(source);
  if (url && url.protocol !== 'file:') return undefined;
  const folder = dirname(url ? fileURLToPath(url) : String(source));
  const above = basename(resolve(folder)) === 'onnx' ? [join(folder, '..')] : [];
  for (const path of [folder, ...above].map((each) => join(each, name))) {
    if (await stat(path).catch(() => undefined))
      return { path, text: new TextDecoder().decode(await readBoundedFile(path, MAX_TEXT_BYTES)) };
  }
  return undefined;
}

/**
 * Writes a model file.
 * @param model a model, or the bytes of a model file
 * @param externalData whether initializers of 1 KiB and more go to `<file>.data` beside it, as models over 2 GiB need; to
 *   `<file>.1.data` where the model that is replaced has its own in the former, so that a stop leaves one of the models whole
 */
export async function saveModel(path: string, model: Model | Uint8Array, { externalData = false } = {}): Promise<void> {
  const given = model instanceof Uint8Array;
  if (!externalData) return writeFileAtomic(path, given ? model : modelBytes(model));
  const folder = dirname(path);
  const held = await dataLocationsOf(path).catch(() => [] as string[]);
  const own = ['', ...held.map((_, index) => `.${index + 1}`)].map((number) => `${basename(path)}${number}.data`);
  const location = own.find((name) => !held.includes(name)) as string;
  const parts: { offset: number; weight: StoredWeight }[] = [];
  let size = 0;
  const bytes = modelBytes(given ? modelFromBytes(model, path) : model, (weight) => {
    if (weight.length < 1024) return undefined;
    const offset = Math.ceil(size / 64) * 64;
    parts.push({ offset, weight });
    size = offset + weight.length;
    return { location, offset };
  });
  await writeAtomically(join(folder, location), async (handle) => {
    for (const { offset, weight } of parts) await writeAt(handle, weight.bytes(), offset);
  });
  await writeFileAtomic(path, bytes);
  for (const name of own) if (held.includes(name)) await rm(join(folder, name), { force: true });
}
