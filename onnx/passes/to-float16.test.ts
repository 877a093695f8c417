/** @file Networks in half precision. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { firstFeatureDirections } from '../../inference/generators/first-features.js';
import { loadModel } from '../files/load.node.js';
import { normalLatents, seedsFrom } from '../../inference/latent/latents.js';
import { createSession } from '../../inference/runtime/session.node.js';
import {
  float,
  modelFromBytes,
  modelOfGraph,
  GraphBuilder,
  float32Tensor,
  saveModel,
  upgradedModel,
  type Graph,
  type Model,
} from '../index.js';
import { foldedBatchNorm } from './fold-batch-norm.js';
import { toFloat16 } from './to-float16.js';
import { uint8Generator } from './uint8.js';

const tiny = async (role: string): Promise<Model> =>
  upgradedModel(
    modelFromBytes(await readFile(fileURLToPath(new URL(`../../../fixtures/tiny/${role}.onnx`, import.meta.url)))),
  );

async function outputs(model: Model, data: Float32Array, dims: number[]) {
  const session = await createSession(model);
  const results = await session.run({ [session.inputNames[0] as string]: new Tensor('float32', data, dims) });
  await session.release();
  return new Map(
    Object.entries(results).map(([name, { type, data: values, dims: sizes }]) => [
      name,
      { type, values: values as Float32Array, sizes },
    ]),
  );
}

const latents = normalLatents(seedsFrom(0, 8), 128);
const halved = (model: Model, graph: Graph = model.graph): Model => ({ ...model, graph: toFloat16(graph) });
const largest = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

describe('toFloat16(graph)', () => {
  it.each([true, false])(
    'gives the pictures of the generator with half the weights, batch norms folded: %s',
    async (fold) => {
      const model = await tiny('generator');
      const half = halved(model, fold ? foldedBatchNorm(model.graph) : model.graph);
      expect(half.graph.inputs).toEqual(model.graph.inputs);
      const [one, other] = [await outputs(model, latents, [8, 128]), await outputs(half, latents, [8, 128])];
      expect(other.get('image')?.type).toBe('float32');
      const difference = largest(one.get('image')?.values ?? latents, other.get('image')?.values ?? latents);
      expect(difference).toBeLessThan(2e-2);
      expect(difference).toBeGreaterThan(1e-6);
      const kinds = [...half.graph.initializers].filter(([, { data }]) => data.length > 64).map(([, { type }]) => type);
      expect(new Set(kinds)).toEqual(new Set(['float16']));
      const ops = new Set(half.graph.nodes.map(({ op }) => op));
      expect(ops.has('BatchNormalization')).toBe(!fold);
    },
  );

  it('keeps logits and probabilities of the discriminator', async () => {
    const model = await tiny('discriminator');
    const pictures = (await outputs(await tiny('generator'), latents, [8, 128])).get('image')?.values as Float32Array;
    const half = halved(model, foldedBatchNorm(model.graph));
    const [one, other] = [
      await outputs(model, pictures, [8, 3, 32, 32]),
      await outputs(half, pictures, [8, 3, 32, 32]),
    ];
    for (const name of ['logit', 'probability']) {
      expect(other.get(name)?.type).toBe('float32');
      expect(largest(one.get(name)?.values ?? latents, other.get(name)?.values ?? latents)).toBeLessThan(5e-2);
    }
  });

  it('has the principal directions of the generator', async () => {
    const model = await tiny('generator');
    const folder = await mkdtemp(join(tmpdir(), 'ganscope-half-'));
    const [whole, half] = await Promise.all(
      Object.entries({ 'whole.onnx': model, 'half.onnx': halved(model, foldedBatchNorm(model.graph)) }).map(
        async ([name, each]) => {
          await saveModel(join(folder, name), each);
          return (await firstFeatureDirections(await loadModel(join(folder, name)), 128, 1))[0]
            ?.direction as Float32Array;
        },
      ),
    );
    await rm(folder, { recursive: true });
    expect(largest(whole as Float32Array, half as Float32Array)).toBeLessThan(2e-3);
  });

  it('keeps statistics in float32, whose ε float16 cannot tell from zero', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['batch', 2, 1, 1]);
    const vector = (name: string, ...values: number[]) => b.initializer(name, float32Tensor(values, [2]));
    const [scale, shift, mean, variance] = [
      vector('s', 1, 1),
      vector('b', 0, 0),
      vector('m', 0, 0),
      vector('v', 1e-9, 4e-9),
    ];
    b.output(b.op('BatchNormalization', [b.op('Relu', [x]), scale, shift, mean, variance], { epsilon: float(1e-10) }));
    const model = modelOfGraph(b.graph);
    const data = Float32Array.of(1e-4, 1e-4);
    const [one, other] = [await outputs(model, data, [1, 2, 1, 1]), await outputs(halved(model), data, [1, 2, 1, 1])];
    const [a, c] = [[...one.values()][0]?.values, [...other.values()][0]?.values] as [Float32Array, Float32Array];
    a.forEach((value, i) => expect(Math.abs((c[i] as number) / value - 1)).toBeLessThan(2e-3));
  });

  it.each<[string, (b: GraphBuilder) => string]>([
    ['suppresses boxes', suppressed],
    ['quantises', (b) => b.op('DequantizeLinear', [b.op('QuantizeLinear', ['x', b.scalar(0.125)]), b.scalar(0.125)])],
    [
      'counts',
      (b) =>
        b.mul(
          'x',
          b.op('Range', [
            b.scalar(0),
            b.op('ReduceMax', [b.op('Ceil', [b.op('Abs', ['x'])])], { keepdims: 0 }),
            b.scalar(1),
          ]),
        ),
    ],
    [
      'names its type',
      (b) => b.mul(b.reshape('x', [2, 2]), b.op('EyeLike', [b.reshape(b.op('Neg', ['x']), [2, 2])], { dtype: 1 })),
    ],
    [
      'bounds by the largest number',
      (b) => b.op('Clip', [b.op('Neg', ['x']), b.scalar(0), b.scalar(3.4028234663852886e38)]),
    ],
    ['masks by −∞', (b) => b.op('Softmax', [masked(b, -Infinity)])],
    ['masks by the least number', (b) => b.op('Softmax', [masked(b, -3.4028234663852886e38)])],
    ['scales by a large number', (b) => b.mul(b.mul(b.op('Neg', ['x']), b.scalar(1e6)), b.scalar(1e-6))],
    [
      'adds an ε',
      (b) => b.div(b.op('Relu', ['x']), b.op('Sqrt', [b.add(b.op('Floor', [b.op('Abs', ['x'])]), b.scalar(1e-8))])),
    ],
  ])('gives a graph that runs, and what the original gives, where it %s', async (_what, build) => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [4]);
    b.output(build(b));
    const data = Float32Array.of(0.5, -0.25, 0.75, -0.125);
    const model = modelOfGraph(b.graph);
    const [one, other] = [await outputs(model, data, [4]), await outputs(halved(model), data, [4])].map(
      (each) => [...each.values()][0]?.values ?? new Float32Array(),
    );
    expect(one?.length).toBeGreaterThan(0);
    expect(Array.from(other ?? [], Number)).toEqual(
      Array.from(one ?? [], (value) => (Number.isFinite(Number(value)) ? expect.closeTo(Number(value), 2) : value)),
    );
  });

  it('refuses weights that float16 cannot hold, by name', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['batch', 1]);
    b.output(b.matMul(x, b.initializer('w', float32Tensor([70_000], [1, 1]))));
    expect(() => toFloat16(b.graph)).toThrow(/^weight "w": expected numbers of at most 65504 for float16; got 70000$/);
  });
});

/** What is positive, and a number in the place of the others. */
function masked(b: GraphBuilder, number: number): string {
  const value = b.op('Neg', ['x']);
  return b.op('Where', [b.op('Greater', ['x', b.scalar(0)]), value, b.scalar(number)]);
}

/** Which of two boxes are left. */
function suppressed(b: GraphBuilder): string {
  const box = b.op('Abs', [b.reshape('x', [1, 1, 4])]);
  const scores = b.reshape(b.op('ReduceMax', [box], { axes: [2], keepdims: 1 }), [1, 1, 1]);
  return b.op('NonMaxSuppression', [box, scores, b.scalar(3, 'int64'), b.scalar(0.5), b.scalar(0.125)]);
}

describe('uint8Generator(graph, normalization)', () => {
  it('gives the bytes that pictures are rounded to', async () => {
    const model = await tiny('generator');
    const normalization = { mean: [0.5, 0.4, 0.5], std: [0.5, 0.5, 0.6] };
    const bytes = await outputs({ ...model, graph: uint8Generator(model.graph, normalization) }, latents, [8, 128]);
    const { type, values, sizes } = bytes.get('pictures') as {
      type: string;
      values: Float32Array;
      sizes: readonly number[];
    };
    expect([type, sizes]).toEqual(['uint8', [8, 3, 32, 32]]);
    const floats = (await outputs(model, latents, [8, 128])).get('image')?.values as Float32Array;
    let off = 0;
    floats.forEach((x, i) => {
      const channel = Math.floor(i / 1024) % 3;
      const exact = 255 * (x * (normalization.std[channel] as number) + (normalization.mean[channel] as number));
      const byte = Math.min(255, Math.max(0, Math.round(exact)));
      if (byte !== values[i]) off += Math.abs(byte - (values[i] as number));
    });
    // Only where float32 falls on the other side of a half.
    expect(off).toBeLessThan(5);
  });

  it('repeats grey in three channels', async () => {
    const b = new GraphBuilder();
    const x = b.input('z', 'float32', ['batch', 4]);
    b.output(b.reshape(x, ['batch', 1, 2, 2]), 'image');
    const graph = uint8Generator(b.graph, { mean: [0], std: [1] });
    const made = await outputs(modelOfGraph(graph), Float32Array.of(0, 0.25, 1, 2), [1, 4]);
    expect([...(made.get('pictures')?.values ?? [])]).toEqual([0, 64, 255, 255, 0, 64, 255, 255, 0, 64, 255, 255]);
    expect(() => uint8Generator(graph, { mean: [0], std: [1] })).toThrow(/^generator: expected pictures/);
    const colours = { mean: [0, 0, 0], std: [1, 1, 1] };
    // Its names are taken.
    expect(uint8Generator(graph, colours).outputs.map(({ name }) => name)).toEqual(['pictures_1']);
  });
});
