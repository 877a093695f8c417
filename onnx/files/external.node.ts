/** @file External data on disk: each tensor's part is read on its own, from files in the model's folder only. */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { InputError } from '../errors.js';
import type { ModelProto, TensorProto } from '../proto/onnx_pb.js';
import { deferElements } from '../graph/deferred.js';
import { fileState, LARGE_FILE, LARGE_WEIGHT, readPart, readSyncAt } from './disk/stored-part.node.js';
import { convertedTensors, externalParts, fillExternal, placesOf, type ExternalPart } from './external.js';

/**
 * Loads the tensors whose bytes are in other files. Large weights of large files are left there until they are read.
 * @param path of the model
 * @throws InputError if a file is missing, too short, not a regular file, or outside the model's folder
 */
export async function readExternalData(proto: ModelProto, path: string): Promise<void> {
  const converted = convertedTensors(proto);
  // Several locations, such as w.bin and ./w.bin, may be one file.
  const files = new Map<string, ExternalPart[]>();
  for (const [location, parts] of externalParts(proto)) {
    const file = await pathBeside(path, location);
    const known = files.get(file);
    if (known) known.push(...parts);
    else files.set(file, parts);
  }
  for (const [file, parts] of files) await readParts(file, parts, path, converted);
}

/**
 * The files in which a model has tensors, by their locations in it.
 * @throws as `readExternalData`
 */
export async function externalFiles(proto: ModelProto, path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const location of externalParts(proto).keys()) files.set(location, await pathBeside(path, location));
  return files;
}

/** @param converted tensors whose bytes can stay on disk */
async function readParts(
  path: string,
  parts: readonly ExternalPart[],
  model: string,
  converted: ReadonlySet<TensorProto>,
): Promise<void> {
  // Without O_NONBLOCK, opening a named pipe waits for a writer.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
    (error: NodeJS.ErrnoException) => {
      throw new InputError(`${model}: external data "${path}" cannot be read (${error.code ?? error.message})`);
    },
  );
  try {
    const info = await file.stat();
    if (!info.isFile()) throw new InputError({ name: path, expected: 'a file', got: 'a folder or device' });
    for (const { offset, length, tensors } of placesOf(parts, info.size)) {
      const isLarge = info.size >= LARGE_FILE && length >= LARGE_WEIGHT;
      const stored = { path, offset, length, state: fileState(info) };
      let bytes: Uint8Array | undefined;
      for (const tensor of tensors) {
        if (isLarge && converted.has(tensor)) {
          fillExternal(tensor, new Uint8Array());
          deferElements(tensor, { part: stored, read: () => readPart(stored) });
          continue;
        }
        if (!bytes) readSyncAt(file.fd, (bytes = new Uint8Array(length)), offset, path);
        fillExternal(tensor, bytes);
      }
    }
  } finally {
    await file.close();
  }
}

/**
 * The real path of an external data file: inside the model's folder, or, where the model is a link into a download cache,
 * beside the file that it leads to.
 */
async function pathBeside(model: string, location: string): Promise<string> {
  const refuse = () => new InputError(`${model}: external data "${location}" must be a file in the model's own folder`);
  if (location === '' || isAbsolute(location) || location.split(/[\\/]/).includes('..')) throw refuse();
  const root = await realpath(dirname(model));
  const found = await firstReal([join(root, location), join(root, location.replaceAll('\\', '/'))]);
  if (found === undefined) throw new InputError(`${model}: external data file "${location}" is missing`);
  const roots = [root, dirname(await realpath(model))];
  if (roots.some((folder) => isInside(folder, found))) return found;
  throw refuse();
}

async function firstReal(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const real = await realpath(path).catch(() => undefined);
    if (real !== undefined) return real;
  }
  return undefined;
}

function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== '' && !isAbsolute(inside) && inside.split(/[\\/]/)[0] !== '..';
}
