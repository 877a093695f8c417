import { describe, expect, test } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { DataType, Model } from '../../onnx/graph/graph.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { Generator, type GeneratorOptions } from '../networks/generator.js';
import { drawnClass } from './labels.js';
import { meantClass } from '../labels/meant-class.js';

/** Pictures [N, 3, 2, 2] of latents [N, 12], after what `ending` appends. */
function generatorModel(
  ending: (b: GraphBuilder, pictures: string, latents: string) => readonly string[],
  { type = 'float32' as DataType, metadata = new Map<string, string>(), size = 12 as number | string } = {},
): Model {
  const b = new GraphBuilder();
  const latents = b.input('z', type, ['N', size]);
  const pictures = b.op('Reshape', [latents, b.ints([-1, 3, 2, 2])], {}, 'shaped');
  for (const output of ending(b, pictures, latents)) b.output(output);
  return modelOfGraph(b.graph, metadata);
}

async function made(model: Model, options: GeneratorOptions = {}, latents = new Float32Array(12)) {
  const generator = await Generator.load(model, { device: 'cpu', ...options });
  try {
    const [picture] = await generator.pictures(latents);
    return { generator, data: [...(picture?.data ?? [])] };
  } finally {
    await generator.dispose();
  }
}

const all = (value: number) => Array.from({ length: 12 }, () => value);

describe('Generator.load(model, options) of other people', () => {
  test('the range is what is stated, what metadata say, or what the last nodes tell', async () => {
    const sigmoid = generatorModel((b, x) => [b.op('Sigmoid', [x])]);
    expect((await made(sigmoid)).data).toEqual(all(128));
    const scaled = generatorModel((b, x) => [b.mul(b.op('Sigmoid', [x]), b.scalar(255))]);
    expect((await made(scaled)).data).toEqual(all(128));
    const halved = generatorModel((b, x) => [b.add(b.mul(b.op('Tanh', [x]), b.scalar(0.5)), b.scalar(0.5))]);
    expect((await made(halved)).data).toEqual(all(128));
    const open = (metadata?: Map<string, string>) =>
      generatorModel((b, x) => [b.op('Identity', [x])], metadata && { metadata });
    expect((await made(open())).data).toEqual(all(128));
    expect((await made(open(new Map([['Image.NominalPixelRange', 'Normalized_0_1']])))).data).toEqual(all(0));
    expect((await made(open(), { range: [-1, 3] })).data).toEqual(all(64));
    const { generator } = await made(sigmoid);
    expect(generator.assumptions).toEqual([
      { about: 'latent', taken: '"z", 12 numbers', because: 'as the model fixes it', options: [] },
      {
        about: 'pictures',
        taken: '"Sigmoid", RGB, 2×2, NCHW',
        because: expect.stringContaining('the only output; colours by default') as string,
        options: [],
      },
      {
        about: 'latents of seeds',
        taken: 'numbers of the normal distribution',
        because: 'default',
        options: ['latentDistribution'],
      },
      {
        about: 'range',
        taken: 'black is 0 and white 1',
        because: expect.stringMatching(/^as the graph shows: Sigmoid/) as string,
        options: ['range'],
      },
    ]);
    for (const range of [[1, 1] as const, [1, -1] as const])
      await expect(made(open(), { range })).rejects.toThrow('range: expected two different numbers');
  });

  test('channels may stand last, in half precision and behind other outputs, and blue first', async () => {
    const latents = Float32Array.from({ length: 12 }, (_, at) => (at < 4 ? 1 : -1));
    const red = [255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0];
    const last = generatorModel((b, x, z) => [
      b.op('Identity', [z]),
      b.transpose(b.op('Clip', [x, b.scalar(-1), b.scalar(1)]), [0, 2, 3, 1]),
    ]);
    expect((await made(last, {}, latents)).data).toEqual(red);
    const half = generatorModel((b, x) => [b.op('Identity', [x])], { type: 'float16' });
    expect((await made(half, {}, latents)).data).toEqual(red);
    const metadata = new Map([['Image.BitmapPixelFormat', 'Bgr8']]);
    const blue = generatorModel((b, x) => [b.op('Identity', [x])], { metadata });
    const told = (await made(blue)).generator.assumptions.find(({ about }) => about === 'pictures');
    expect(told?.taken).toContain('BGR, 2×2, NCHW');
    expect((await made(last)).generator.assumptions[1]?.taken).toContain('RGB, 2×2, NHWC');
    expect((await made(blue, {}, latents)).data).toEqual([0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255]);
  });

  test('a number of pictures that the file states though its latents are open does not count', async () => {
    const model = generatorModel((b, x) => [b.op('Tanh', [x])]);
    const [output] = model.graph.outputs;
    const stated = { ...output, name: output?.name ?? '', value: { type: 'float32' as const, shape: [2, 3, 2, 2] } };
    const exported = { ...model, graph: { ...model.graph, outputs: [stated] } };
    expect((await made(exported, {}, new Float32Array(36))).data).toEqual(all(128));
  });

  test('an open latent size is stated', async () => {
    const open = generatorModel((b, x) => [b.op('Identity', [x])], { size: 'Z' });
    await expect(made(open)).rejects.toThrow('latentDim: expected the size of a latent');
    expect((await made(open, { latentDim: 12 })).generator.latentDim).toBe(12);
    const fixed = generatorModel((b, x) => [b.op('Identity', [x])]);
    await expect(made(fixed, { latentDim: 3 })).rejects.toThrow('latentDim: expected 12, which the model fixes; got 3');
  });

  test('a conditional generator takes a class, or draws one of each latent', async () => {
    const conditional = (type: DataType, dims: number[]) => {
      const b = new GraphBuilder();
      const latents = b.input('z', 'float32', ['N', 12]);
      const label = b.input('label', type, ['N', ...dims]);
      const table = b.initializer('table', float32Tensor([-1, 0, 1], [3, 1]));
      const row =
        type === 'float32' ? b.op('MatMul', [label, table]) : b.op('Gather', [table, label], { axis: 0 }, 'embedding');
      const flat = b.op('Reshape', [row, b.ints([-1, 1])]);
      b.output(b.op('Reshape', [b.add(latents, flat), b.ints([-1, 3, 2, 2])]));
      return modelOfGraph(b.graph);
    };
    for (const model of [conditional('int64', []), conditional('int32', [1]), conditional('float32', [3])]) {
      expect((await made(model, { label: 2 })).data).toEqual(all(255));
      const latents = new Float32Array(12).fill(0);
      const expected = [0, 128, 255][drawnClass(latents, 3)] as number;
      expect((await made(model, { label: 'random' }, latents)).data).toEqual(all(expected));
      await expect(made(model)).rejects.toThrow('label: expected a class of 0…2 or random');
      await expect(made(model, { label: 3 })).rejects.toThrow('got 3');
    }
    const plain = generatorModel((b, x) => [b.op('Identity', [x])]);
    await expect(made(plain, { label: 1 })).rejects.toThrow('label: expected it for conditional generators only');
  });

  test('latents of seeds are normal, or uniform where that is stated', async () => {
    const model = generatorModel((b, x) => [b.op('Identity', [x])]);
    const seeds = Array.from({ length: 500 }, (_, seed) => seed);
    const spread = async (options: GeneratorOptions) => {
      const { generator } = await made(model, options);
      const latents = generator.latents(seeds);
      expect(generator.latents([7])).toEqual(latents.subarray(7 * 12, 8 * 12));
      const largest = latents.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
      const square = latents.reduce((sum, number) => sum + number ** 2, 0) / latents.length;
      return { largest, square };
    };
    const normal = await spread({});
    expect(normal.largest).toBeGreaterThan(3);
    expect(normal.square).toBeCloseTo(1, 1);
    const uniform = await spread({ latentDistribution: 'uniform' });
    expect(uniform.largest).toBeLessThanOrEqual(1);
    expect(uniform.largest).toBeGreaterThan(0.99);
    expect(uniform.square).toBeCloseTo(1 / 3, 1);
    const { generator } = await made(model, { latentDistribution: 'uniform' });
    expect(generator.assumptions.find(({ about }) => about === 'latents of seeds')).toMatchObject({
      taken: 'uniform numbers of -1…1',
      because: 'as stated',
    });
    expect(() => generator.latents([1], 0.5)).toThrow('truncation and latentDistribution cannot be combined');
    await expect(made(model, { latentDistribution: 'sphere' as 'uniform' })).rejects.toThrow(
      'latentDistribution: expected normal or uniform; got sphere',
    );
  });

  test('further inputs have numbers: of their sizes, one for all, or none where they have none', async () => {
    const b = new GraphBuilder();
    const noise = b.input('noise', 'float16', [1, 1, 2, 2]);
    const latents = b.input('z', 'float32', ['N', 12]);
    const scale = b.input('scale', 'float32', []);
    const classes = b.input('c', 'float32', ['N', 0]);
    const flat = b.op('Concat', [b.mul(latents, scale), classes], { axis: 1 });
    const pictures = b.op('Reshape', [flat, b.ints([-1, 3, 2, 2])]);
    b.output(b.add(pictures, b.op('Cast', [noise], { to: 1 })));
    const model = modelOfGraph(b.graph);
    const ones = new Float32Array(24).fill(1);
    const inputs = { scale: { data: [0.5] }, noise: { dims: [1, 1, 2, 2], data: [0, 0.5, -0.5, -1.5] } };
    const { data, generator } = await made(model, { inputs }, ones);
    const levels = [191, 255, 128, 0];
    expect(data).toEqual(levels.flatMap((level) => [level, level, level]));
    expect(generator.latentDim).toBe(12);
    expect(generator.assumptions.slice(1, 3).map(({ taken }) => taken)).toEqual(['"scale", 0.5', '"noise", 4 numbers']);
    const filled = await made(model, { inputs: { ...inputs, noise: { data: [0.5] } } }, ones);
    expect(filled.data).toEqual(all(255));
    await expect(made(model)).rejects.toThrow(
      'numbers for its other inputs (`input`, such as NAME=0.7); got further inputs noise float16 [1, 1, 2, 2]; scale float32 []',
    );
    await expect(made(model, { inputs: { ...inputs, psi: { data: [1] } } })).rejects.toThrow('got "psi"');
    await expect(made(model, { inputs: { ...inputs, noise: { data: [1, 2] } } })).rejects.toThrow(
      'input "noise": expected float16 numbers [1, 1, 2, 2]; got 2 numbers',
    );
    await expect(made(model, { inputs: { ...inputs, z: { data: [1] } } })).rejects.toThrow(
      'one input less, for latents',
    );
  });

  test('a class is meant by number, by name or by a part of it; what means two is refused', async () => {
    const meant = (given: number | string, names?: readonly string[]) =>
      meantClass(given, 'label', { classes: 3, ...(names && { names }) });
    const birds = ['002.Crow', '003.Jay', '001.Owl'];
    expect([meant(2), meant('2'), meant('random'), meant('all')]).toEqual([2, 2, 'random', 'all']);
    expect([meant('jay', birds), meant('003.jay', birds), meant('3', birds)]).toEqual([1, 1, 1]);
    expect([meant('name:2', birds), meant('number:2', birds), meant(2, birds)]).toEqual([0, 2, 2]);
    expect(() => meant('2', birds)).toThrow(
      'label: expected one that means one class, such as name:2 or number:2; got 2, the name of class 0, 002.Crow and the number of class 2, 001.Owl',
    );
    expect(() => meant('magpie', birds)).toThrow(
      'label: expected a class of 0…2, a name such as 002.Crow, or random, or all for a grid, for input label; got magpie',
    );
    expect(() => meantClass('random', 'label', {})).toThrow(
      'label: expected a class number for input label; got random',
    );
  });

  test('classes that are drawn differ between latents', () => {
    const drawn = Array.from({ length: 60 }, (_, seed) => drawnClass(Float32Array.of(seed, seed / 7), 3));
    expect(new Set(drawn).size).toBe(3);
  });
});
