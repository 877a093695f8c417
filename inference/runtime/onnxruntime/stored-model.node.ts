/** @file Models for ONNX Runtime: large weights stand beside the file, those that are on disk in the user's own file. */
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse, relative } from 'node:path';
import { writeAt } from '../../../onnx/files/disk/atomic-file.node.js';
import { expectUnchanged } from '../../../onnx/files/disk/stored-part.node.js';
import { forgetTemporary, removeLeftoversOf, temporaryBeside } from '../../../onnx/files/disk/temporary.node.js';
import { modelBytes, type StoredWeight } from '../../../onnx/files/write.js';
import { elementCount, type Model } from '../../../onnx/graph/graph.js';
import { isLazy, storedPart } from '../../../onnx/graph/stored.js';

/** An .onnx file in memory, with the places of its large weights. */
export interface StoredModel {
  bytes: Uint8Array;
  /** Files in memory that hold weights. */
  weights: readonly { path: string; data: Uint8Array }[];
  /** Files on disk that hold weights, relative to a folder: ONNX Runtime maps them into memory. */
  disk?: { folder: string; paths: readonly string[] };
  /** Bytes of the file and all weights together. */
  size: number;
  /** Whether ONNX Runtime is not to pack weights: packed copies of large ones take as much memory again. */
  unpacked: boolean;
}

/** A stored model that may have a file of its own on disk. */
export interface OwnStoredModel extends StoredModel {
  /** Removes that file. Call it when all sessions are open: they keep what they have mapped. */
  dispose(): Promise<void>;
}

/** Elements of all weights from which on they stand beside the file. */
const MANY = 2 ** 26;
/** Bytes of a weight that stands beside the file in memory. */
const LARGE = 2 ** 20;
/** Bytes of a weight that stands beside the file on disk. */
const LARGE_ON_DISK = 2 ** 16;

/**
 * The model's file. Weights in memory that stand beside it are not copied. If some of its weights are on disk, large ones that
 * were made for this model (rotated kernels) are written to a temporary file.
 * @throws InputError if a file that holds weights has changed since the model was read
 */
export async function storedModel(model: Model | Uint8Array): Promise<OwnStoredModel> {
  if (model instanceof Uint8Array) return { ...whole, bytes: model, size: model.length };
  const tensors = [...model.graph.initializers.values()];
  const elements = tensors.reduce((sum, { dims }) => sum + elementCount(dims), 0);
  const common = { ...whole, size: 4 * elements, unpacked: elements >= MANY };
  if (tensors.some(isLazy)) return { ...common, ...(await storedOnDisk(model)) };
  if (!common.unpacked) return { ...common, bytes: modelBytes(model) };
  const weights: { path: string; data: Uint8Array }[] = [];
  const bytes = modelBytes(model, ({ length, bytes: data }) => {
    if (length < LARGE) return undefined;
    const path = `weights-${weights.length}`;
    weights.push({ path, data: data() });
    return { location: path, offset: 0 };
  });
  return { ...common, bytes, weights };
}

const whole = { weights: [], unpacked: false, dispose: async () => {} };

async function storedOnDisk(model: Model): Promise<Pick<OwnStoredModel, 'bytes' | 'disk' | 'dispose'>> {
  const tensors = [...model.graph.initializers.values()];
  const files = new Map(tensors.flatMap((tensor) => storedPart(tensor) ?? []).map((part) => [part.path, part]));
  for (const part of files.values()) expectUnchanged(part);
  const own = temporaryBeside(join(tmpdir(), 'ganscope-weights'));
  const { root } = parse(own);
  const made: { weight: StoredWeight; offset: number }[] = [];
  let end = 0;
  const paths = new Set<string>();
  const locationOf = (path: string) => {
    const location = relative(root, path);
    paths.add(location);
    return location;
  };
  const bytes = modelBytes(model, (weight) => {
    const part = storedPart(weight.tensor);
    if (part && parse(part.path).root === root) return { location: locationOf(part.path), offset: part.offset };
    if (weight.length < LARGE_ON_DISK) return undefined;
    const offset = Math.ceil(end / 64) * 64;
    made.push({ weight, offset });
    end = offset + weight.length;
    return { location: locationOf(own), offset };
  });
  if (made.length > 0) await writeWeights(own, made);
  const dispose = async () => {
    // Where open sessions keep the file from being removed, the next process removes it.
    if (made.length > 0) await rm(own, { force: true }).catch(() => undefined);
    forgetTemporary(own);
  };
  return { bytes, disk: { folder: root, paths: [...paths] }, dispose };
}

async function writeWeights(path: string, weights: readonly { weight: StoredWeight; offset: number }[]): Promise<void> {
  await removeLeftoversOf(join(tmpdir(), 'ganscope-weights'));
  const file = await open(path, 'wx', 0o600);
  try {
    for (const { weight, offset } of weights) await writeAt(file, weight.bytes(), offset);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
