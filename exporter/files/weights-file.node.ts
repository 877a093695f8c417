/** @file The weights of a model.json: shards beside it, bounded and checked against their manifest. */
import { dirname, join } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { joinedBytes } from '../../onnx/files/bytes.js';
import { readSource } from '../../onnx/files/files.node.js';
import { elementCount } from '../../onnx/graph/graph.js';
import type { tf } from '../tf.js';
import { isRecord } from '../../inference/parse/json.js';

/** All weights together, as they lie in the shards. */
const MAX_WEIGHT_BYTES = 2 ** 31 - 1;

const bytesOf: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

/** A weight's entry in the manifest. */
export type WeightSpec = Parameters<typeof tf.io.decodeWeights>[1][number];

export interface StoredWeights {
  specs: WeightSpec[];
  data: ArrayBuffer;
}

/**
 * Reads the shards that a manifest names.
 * @param source path or URL of the model.json
 * @throws InputError for a manifest that is damaged, and shards that are missing, of another size or outside the folder
 */
export async function readWeights(
  manifest: unknown,
  source: string | URL,
  signal?: AbortSignal,
): Promise<StoredWeights> {
  const name = `${String(source)}: weightsManifest`;
  const groups = Array.isArray(manifest) ? manifest.filter(isRecord) : [];
  if (groups.length === 0) throw new InputError({ name, expected: 'the shards of the weights', got: 'none' });
  const specs: WeightSpec[] = [];
  const parts: Uint8Array[] = [];
  let total = 0;
  for (const group of groups) {
    const [own, paths] = [group['weights'], group['paths']];
    if (!Array.isArray(own) || !Array.isArray(paths)) throw new InputError({ name, expected: 'paths and weights' });
    const checked = own.map((spec: unknown) => checkedSpec(spec, name));
    const bytes = checked.reduce((sum, spec) => sum + storedBytes(spec), 0);
    total += bytes;
    if (total > MAX_WEIGHT_BYTES)
      throw new InputError({ name, expected: `at most ${MAX_WEIGHT_BYTES} bytes`, got: total });
    let left = bytes;
    for (const path of paths as unknown[]) {
      const shard = await readSource(placeOf(source, path), Math.max(left, 1), signal ? { signal } : {});
      left -= shard.length;
      parts.push(shard);
    }
    if (left !== 0) throw new InputError({ name, expected: `shards of ${bytes} bytes`, got: bytes - left });
    specs.push(...checked);
  }
  return { specs, data: joinedBytes(parts, total).buffer };
}

function checkedSpec(spec: unknown, manifest: string): WeightSpec {
  const { name, shape, dtype, quantization } = isRecord(spec) ? spec : {};
  const label = `${manifest}: weight "${String(name)}"`;
  if (typeof name !== 'string') throw new InputError({ name: manifest, expected: 'weights with names' });
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new InputError({ name: label, expected: 'a shape of sizes', got: JSON.stringify(shape) });
  }
  const stored = isRecord(quantization) ? quantization['dtype'] : dtype;
  const types = isRecord(quantization) ? ['uint8', 'uint16', 'float16'] : ['float32', 'int32', 'bool'];
  if (typeof stored !== 'string' || !types.includes(stored)) {
    throw new InputError({ name: label, expected: `one of ${types.join(', ')}`, got: JSON.stringify(stored) });
  }
  return spec as WeightSpec;
}

function storedBytes({ shape, dtype, quantization }: WeightSpec): number {
  return elementCount(shape) * (bytesOf[quantization?.dtype ?? dtype] as number);
}

/** @throws InputError unless the path is one of a file in the model's own folder, or in one below it */
function placeOf(source: string | URL, path: unknown): string | URL {
  const parts = typeof path === 'string' ? path.split(/[\\/]/) : [];
  const fits = parts.length > 0 && parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (!fits || parts.some((part) => /[:\0]/.test(part))) {
    throw new InputError(
      `${String(source)}: the shard ${JSON.stringify(path)} must be a file in the model's own folder`,
    );
  }
  if (typeof source === 'string') return join(dirname(source), ...parts);
  return new URL(parts.map(encodeURIComponent).join('/'), new URL('.', source));
}
