/** @file Weights of large files stay on disk until they are read. */
import { create, toBinary } from '@bufbuild/protobuf';
import { appendFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../graph/graph.js';
import { isLazy, storedPart } from '../graph/stored.js';
import { numbersOf } from '../graph/tensor.js';
import { ModelProtoSchema } from '../proto/onnx_pb.js';
import { LARGE_FILE } from './disk/stored-part.node.js';
import { loadModel, saveModel } from './load.node.js';
import { modelBytes } from './write.js';

/** Float32 elements of the largest weight: more than a large file. */
const COUNT = LARGE_FILE / 4 + 1024;
const numbers = Float32Array.from({ length: COUNT }, (_, at) => Math.sin(at));
const some = numbers.subarray(7, 7 + 2 ** 15);
const raw = (data: Float32Array | Float64Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A file with weights in each form that files have them in; the name moves what follows to odd offsets. */
function fileBytes(name: string, mixed: Record<string, unknown> = { dataType: 1, floatData: [...some] }): Uint8Array {
  const size = [BigInt(some.length)];
  const inBranch = { name: 'inner', dataType: 1, dims: size, rawData: raw(some) };
  const branch = (output: string) => ({
    name: 'branch',
    initializer: [inBranch],
    node: [{ opType: 'Identity', input: ['inner'], output: [output] }],
    output: [{ name: output }],
  });
  const attribute = { name: 'value', type: 4, t: { dataType: 1, dims: size, rawData: raw(some) } };
  const graph = {
    name,
    initializer: [
      { name: 'raw', dataType: 1, dims: [BigInt(COUNT)], rawData: raw(numbers) },
      { name: 'mixed', dims: size, ...mixed },
      { name: 'doubles', dataType: 11, dims: size, doubleData: [...some] },
      { name: 'small', dataType: 1, dims: [2n], floatData: [1, 2] },
    ],
    node: [
      { opType: 'Constant', output: ['constant'], attribute: [attribute] },
      {
        opType: 'If',
        input: ['c'],
        output: ['y'],
        attribute: [
          { name: 'then_branch', type: 5, g: branch('a') },
          { name: 'else_branch', type: 5, g: branch('b') },
        ],
      },
    ],
    input: [{ name: 'c' }],
    output: [{ name: 'y' }],
  };
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ version: 17n }], graph }),
  );
}

describe('loadModel(path) of a large file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ganscope-large-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const weight = ({ graph }: Model, name: string) => graph.initializers.get(name)!;

  it.each(['g', 'g1', 'g12', 'g123'])('finds all elements, whatever their form and offset: "%s"', async (name) => {
    const path = join(folder, `${name}.onnx`);
    await writeFile(path, fileBytes(name));
    const model = await loadModel(path);
    expect(isLazy(weight(model, 'raw'))).toBe(true);
    expect(storedPart(weight(model, 'raw'))?.length).toBe(4 * COUNT);
    expect(numbersOf(weight(model, 'small'))).toEqual([1, 2]);
    expect(weight(model, 'mixed').data).toEqual(some.slice());
    expect(weight(model, 'doubles').data).toEqual(Float64Array.from(some));
    expect(Buffer.compare(raw(weight(model, 'raw').data as Float32Array), raw(numbers))).toBe(0);
    const [constant, choice] = model.graph.nodes;
    const value = constant?.attributes['value'];
    expect(value?.kind === 'tensor' && value.value.data).toEqual(some.slice());
    const then = choice?.attributes['then_branch'];
    const inner = then?.kind === 'opaque' ? then.value.g?.initializer[0]?.rawData : undefined;
    expect(Buffer.compare(inner as Uint8Array, raw(some))).toBe(0);
    await rm(path);
  });

  it('writes the same model again, whole and with external data', async () => {
    const path = join(folder, 'again.onnx');
    await writeFile(path, fileBytes('again'));
    const model = await loadModel(path);
    const copy = join(folder, 'copy.onnx');
    await saveModel(copy, model, { externalData: true });
    const again = await loadModel(copy);
    expect(storedPart(weight(again, 'raw'))?.path.endsWith('copy.onnx.data')).toBe(true);
    for (const [name, { type, dims }] of model.graph.initializers) {
      expect([name, weight(again, name).type, weight(again, name).dims]).toEqual([name, type, dims]);
    }
    expect(Buffer.compare(modelBytes(again), modelBytes(model))).toBe(0);
  });

  it('refuses weights of a file that has changed or is gone, and packed numbers of another type', async () => {
    const path = join(folder, 'changing.onnx');
    await writeFile(path, fileBytes('changing'));
    const model = await loadModel(path);
    await appendFile(path, 'x');
    expect(() => weight(model, 'raw').data).toThrow(`${path}: the file has changed since the model was loaded`);
    await rm(path);
    expect(() => weight(model, 'raw').data).toThrow(`${path}: cannot be read any more (ENOENT)`);
    await writeFile(path, fileBytes('changing', { dataType: 6, floatData: [...some] }));
    await expect(loadModel(path)).rejects.toThrow('tensor "mixed": expected elements of its type; got floats');
  });

  it('refuses a file that is cut, before it reads what is there', async () => {
    const path = join(folder, 'cut.onnx');
    const bytes = fileBytes('cut');
    await writeFile(path, bytes.subarray(0, LARGE_FILE + 8));
    expect((await stat(path)).size).toBeLessThan(bytes.length);
    await expect(loadModel(path)).rejects.toThrow(`${path}: expected an ONNX model; got a truncated or foreign file`);
  });
});
