import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modelBytes } from '../../onnx/index.js';
import { brightnessNetwork } from '../networks.test.helper.js';
import { listLayers } from './list-layers.js';

const SOUND = { height: 8, width: 8, weights: [1, -1] };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-layers-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The names of layers. */
const names = (layers: readonly { name: string }[]) => layers.map(({ name }) => name);

describe('listLayers(source, options)', () => {
  test('lists the convolutions with their activation, and those that the choice takes', async () => {
    const { layers, taken, problem } = await listLayers(brightnessNetwork(SOUND), { layers: '0+1' });
    expect(names(layers)).toEqual(['features_conv', 'unused_conv', 'Relu', 'head_conv']);
    expect([names(taken), problem]).toEqual([['features_conv', 'unused_conv'], undefined]);
  });

  test('lists those of a model that cannot be explained; the reason names its file', async () => {
    const path = join(folder, 'batch-0.onnx');
    await writeFile(path, modelBytes(brightnessNetwork({ ...SOUND, batch: 0 })));
    const { layers, taken, problem } = await listLayers(path);
    expect([names(layers).length, taken]).toEqual([4, []]);
    expect(problem?.message).toMatch(/^\S+batch-0\.onnx: expected pictures; got a batch of 0/);
  });

  test('names the file of a model whose layers cannot be told', async () => {
    const path = join(folder, 'no-axes.onnx');
    const model = brightnessNetwork(SOUND);
    const [input, ...others] = model.graph.inputs;
    if (!input) throw new Error('the network has no input');
    const inputs = [{ ...input, value: { type: 'float32' as const, shape: [] } }, ...others];
    await writeFile(path, modelBytes({ ...model, graph: { ...model.graph, inputs } }));
    await expect(listLayers(path)).rejects.toThrow(/no-axes\.onnx: Conv "[^"]*": expected an input of 3 or more axes/);
  });

  test.each([
    [{ layers: 'nowhere' }, 'layer'],
    [{ output: 'nowhere' }, 'output'],
  ])('says what is wrong with %j', async (options, name) => {
    const { layers, taken, assumptions, problem } = await listLayers(brightnessNetwork(SOUND), options);
    expect([layers.length, taken]).toEqual([4, []]);
    expect(problem?.input).toMatchObject({ name });
    expect(assumptions.map(({ about }) => about)).toContain('picture');
  });
});
