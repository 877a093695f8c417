/** @file External data is read from the model's folder only, wherever in a model it is named. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
import { InputError } from '../errors.js';
import { float32Tensor } from '../graph/tensor.js';
import { ModelProtoSchema } from '../proto/onnx_pb.js';
import { loadModel, saveModel } from './load.node.js';
import { modelBytes } from './write.js';

const folder = () => mkdtemp(join(tmpdir(), 'ganscope-'));

describe('loadModel and saveModel with external data', () => {
  it('round trip, data in a file beside the model', async () => {
    const path = join(await folder(), 'model.onnx');
    const model = largeModel();
    await saveModel(path, model, { externalData: true });
    expect(readFileSync(path).length).toBeLessThan(1024);
    expect((await loadModel(path)).graph.initializers.get('w')?.data).toEqual(model.graph.initializers.get('w')?.data);
  });

  it('replaces a model that stays whole until the new one is', async () => {
    const path = join(await folder(), 'model.onnx');
    const weightAt = async (file: string) => (await loadModel(file)).graph.initializers.get('w')?.data[1];
    await saveModel(path, largeModel(1), { externalData: true });
    const interrupted = join(await folder(), 'model.onnx');
    for (const end of ['', '.data']) await copyFile(`${path}${end}`, `${interrupted}${end}`);
    await saveModel(path, largeModel(2), { externalData: true });
    expect(await readdir(dirname(path))).toEqual(['model.onnx', 'model.onnx.1.data']);
    expect(await weightAt(path)).toBe(2);
    // As after a stop between its two files: the model before, and what is written anew.
    await copyFile(`${path}.1.data`, `${interrupted}.1.data`);
    expect(await weightAt(interrupted)).toBe(1);
    for (const at of [path, interrupted]) await saveModel(at, largeModel(3), { externalData: true });
    expect(await readdir(dirname(path))).toEqual(['model.onnx', 'model.onnx.data']);
    expect(await readdir(dirname(interrupted))).toEqual(['model.onnx', 'model.onnx.1.data']);
    expect([await weightAt(path), await weightAt(interrupted)]).toEqual([3, 3]);
  });

  it.each(['../secret', '/etc/passwd', 'a/../../secret', ''])('refuses data at "%s"', async (location) => {
    const path = join(await folder(), 'model.onnx');
    await writeFile(
      path,
      modelBytes(largeModel(), () => ({ location, offset: 0 })),
    );
    await expect(loadModel(path)).rejects.toThrow(InputError);
    await expect(loadModel(path)).rejects.toThrow("must be a file in the model's own folder");
  });

  it('reads data whose length the file leaves out', async () => {
    const path = join(await folder(), 'model.onnx');
    await saveModel(path, largeModel(), { externalData: true });
    const proto = fromBinary(ModelProtoSchema, readFileSync(path));
    const tensor = proto.graph?.initializer[0] as { externalData: { key: string }[] };
    tensor.externalData = tensor.externalData.filter(({ key }) => key !== 'length');
    await writeFile(path, toBinary(ModelProtoSchema, proto));
    await truncate(`${path}.data`, 5000);
    expect((await loadModel(path)).graph.initializers.get('w')?.data).toEqual(
      largeModel().graph.initializers.get('w')?.data,
    );
  });

  it('refuses negative sizes whose length the file leaves out', async () => {
    const path = join(await folder(), 'model.onnx');
    await saveModel(path, largeModel(), { externalData: true });
    const proto = fromBinary(ModelProtoSchema, readFileSync(path));
    const tensor = proto.graph?.initializer[0] as { dims: bigint[]; externalData: { key: string }[] };
    tensor.externalData = tensor.externalData.filter(({ key }) => key !== 'length');
    tensor.dims = [-3n];
    await writeFile(path, toBinary(ModelProtoSchema, proto));
    await expect(loadModel(path)).rejects.toThrow(`${path}: tensor "w": expected non-negative sizes; got [-3]`);
  });

  it('reads data that a branch of If names, and refuses a branch that names a file elsewhere', async () => {
    const path = join(await folder(), 'model.onnx');
    const withBranch = (location: string) => {
      const data = {
        name: 'w',
        dataType: 1,
        dims: [2n],
        dataLocation: 1,
        externalData: [{ key: 'location', value: location }],
      };
      const branch = {
        type: 5,
        g: {
          name: 'b',
          initializer: [data],
          node: [{ opType: 'Identity', input: ['w'], output: ['v'] }],
          output: [{ name: 'v' }],
        },
      };
      const attribute = [
        { name: 'then_branch', ...branch },
        { name: 'else_branch', ...branch },
      ];
      const graph = {
        name: 'g',
        input: [{ name: 'c' }],
        node: [{ opType: 'If', input: ['c'], output: ['y'], attribute }],
        output: [{ name: 'y' }],
      };
      return toBinary(
        ModelProtoSchema,
        create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ version: 17n }], graph }),
      );
    };
    await writeFile(path, withBranch('w.bin'));
    await expect(loadModel(path)).rejects.toThrow('external data file "w.bin" is missing');
    await writeFile(join(dirname(path), 'w.bin'), Float32Array.of(3, 4));
    const [node] = (await loadModel(path)).graph.nodes;
    const branch = node?.attributes['then_branch'];
    const tensor = branch?.kind === 'opaque' ? branch.value.g?.initializer[0] : undefined;
    expect(tensor?.externalData).toEqual([]);
    expect(tensor?.rawData).toEqual(new Uint8Array(Float32Array.of(3, 4).buffer));
    for (const location of ['../w.bin', 'etc/passwd', '/etc/passwd']) {
      await writeFile(path, withBranch(location));
      await expect(loadModel(path)).rejects.toThrow(InputError);
    }
  });

  it('follows links inside a download cache, and reads names that Windows wrote', async () => {
    const cache = await folder();
    await saveModel(join(cache, 'blobs', 'model.onnx'), largeModel(), { externalData: true });
    await rename(join(cache, 'blobs', 'model.onnx'), join(cache, 'blobs', '1111'));
    await rename(join(cache, 'blobs', 'model.onnx.data'), join(cache, 'blobs', '2222'));
    const snapshot = join(cache, 'snapshots', 'abc');
    await mkdir(snapshot, { recursive: true });
    await symlink('../../blobs/1111', join(snapshot, 'model.onnx'));
    await symlink('../../blobs/2222', join(snapshot, 'model.onnx.data'));
    const weights = largeModel().graph.initializers.get('w')?.data;
    expect((await loadModel(join(snapshot, 'model.onnx'))).graph.initializers.get('w')?.data).toEqual(weights);
    const windows = join(await folder(), 'model.onnx');
    await mkdir(join(dirname(windows), 'weights'));
    const bytes = modelBytes(largeModel(), () => ({ location: 'weights\\w.bin', offset: 0 }));
    await writeFile(windows, bytes);
    await writeFile(join(dirname(windows), 'weights', 'w.bin'), weights as Float32Array);
    expect((await loadModel(windows)).graph.initializers.get('w')?.data).toEqual(weights);
  });

  it('reads bytes that several tensors share once, and refuses tensors that overlap', async () => {
    const path = join(await folder(), 'model.onnx');
    const withWeights = (parts: readonly (readonly [location: string, offset: number])[]) => {
      const initializer = parts.map(([location, offset], index) => ({
        name: `w${index}`,
        dataType: 1,
        dims: [512n],
        dataLocation: 1,
        externalData: [
          { key: 'location', value: location },
          { key: 'offset', value: `${offset}` },
        ],
      }));
      const graph = { name: 'g', initializer };
      const proto = create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ version: 17n }], graph });
      return writeFile(path, toBinary(ModelProtoSchema, proto));
    };
    await writeFile(
      join(dirname(path), 'w.bin'),
      Float32Array.from({ length: 1024 }, (_, at) => at),
    );
    const shared = [...Array<number>(50).fill(0), ...Array<number>(50).fill(2048)];
    await withWeights(shared.map((offset, index) => [index % 2 ? 'w.bin' : './w.bin', offset]));
    const weights = [...(await loadModel(path)).graph.initializers.values()].map(({ data }) => data as Float32Array);
    expect(weights.map((data) => data[0])).toEqual(shared.map((offset) => offset / 4));
    expect(new Set(weights.map(({ buffer }) => buffer)).size).toBe(2);
    const shifted = [0, 4, 8].map((offset) => ['w.bin', offset] as const);
    await withWeights(shifted);
    await expect(loadModel(path)).rejects.toThrow(
      'expected tensors that do not overlap in external data file "w.bin"; got 6144 of its 4096 bytes',
    );
  });

  it.skipIf(process.platform === 'win32')('refuses a named pipe', async () => {
    const path = join(await folder(), 'model.onnx');
    const bytes = modelBytes(largeModel(), () => ({ location: 'pipe', offset: 0 }));
    await writeFile(path, bytes);
    execFileSync('mkfifo', [join(dirname(path), 'pipe')]);
    await expect(loadModel(path)).rejects.toThrow('pipe: expected a file; got a folder or device');
  });

  it('refuses a link that leads out of the folder, a missing file and one that is too short', async () => {
    const inside = await folder();
    const path = join(inside, 'model.onnx');
    const outside = join(await folder(), 'data');
    await writeFile(outside, new Uint8Array(8192));
    await symlink(outside, join(inside, 'link'));
    await writeFile(
      path,
      modelBytes(largeModel(), () => ({ location: 'link', offset: 0 })),
    );
    await expect(loadModel(path)).rejects.toThrow("must be a file in the model's own folder");
    await writeFile(
      path,
      modelBytes(largeModel(), () => ({ location: 'nowhere', offset: 0 })),
    );
    await expect(loadModel(path)).rejects.toThrow('external data file "nowhere" is missing');
    await saveModel(path, largeModel(), { externalData: true });
    await truncate(`${path}.data`, 100);
    await expect(loadModel(path)).rejects.toThrow(
      /expected 4096 bytes at 0 of external data file "model.onnx.data"; got a file of 100 bytes/,
    );
  });
});

/** @param factor of its weights, 0 to 1023 */
function largeModel(factor = 1) {
  const b = new GraphBuilder();
  b.input('x', 'float32', [1, 32]);
  b.initializer(
    'w',
    float32Tensor(
      Float32Array.from({ length: 1024 }, (_, at) => factor * at),
      [32, 32],
    ),
  );
  b.output(b.matMul('x', 'w'), 'y');
  return modelOfGraph(b.graph);
}
