import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { Model, Tensor } from '../../onnx/graph/graph.js';
import { loadModel, upgradedModel } from '../../onnx/index.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { weightedLayers } from '../../onnx/passes/random-weights.js';
import { randomizedWeights } from './random-weights.js';

/** conv with a computed kernel (as in the light models of the ONNX zoo) → batch norm → gemm, and a factor of no role. */
function lightModel() {
  const b = new GraphBuilder(emptyGraph('light'));
  const x = b.input('image', 'float32', [1, 16, 4, 4]);
  const kernel = b.op('ConstantOfShape', [b.ints([64, 16, 3, 3])], { value: float32Tensor([0.02], [1]) }, 'kernel');
  const bias = b.initializer('bias', float32Tensor(new Float32Array(64).fill(7), [64]));
  const conv = b.op('Conv', [x, kernel, bias], { pads: [1, 1, 1, 1] });
  const norm = ['scale', 'shift', 'mean', 'variance'].map((name) =>
    b.initializer(name, float32Tensor(new Float32Array(64).fill(5), [64])),
  );
  const flat = b.op('Flatten', [b.op('GlobalAveragePool', [b.op('BatchNormalization', [conv, ...norm])])], { axis: 1 });
  const matrix = b.initializer('matrix', float32Tensor(new Float32Array(640).fill(1), [10, 64]));
  const factor = b.initializer('factor', float32Tensor([3], [1]));
  b.output(b.mul(b.op('Gemm', [flat, matrix], { transB: 1 }), factor));
  return modelOfGraph(b.graph);
}

const deviation = ({ data }: Tensor) =>
  Math.sqrt((data as Float32Array).reduce((sum, value) => sum + value ** 2, 0) / data.length);

describe('randomizedWeights(model, seed)', () => {
  const { graph } = randomizedWeights(lightModel(), 1);
  const weight = (name: string) => graph.initializers.get(name) as Tensor;

  test('draws kernels and matrices with variance 2 / fan-in, within 5 %', () => {
    expect(weight('kernel').dims).toEqual([64, 16, 3, 3]);
    expect(deviation(weight('kernel')) / Math.sqrt(2 / 144)).toBeCloseTo(1, 1);
    expect(Math.abs(deviation(weight('matrix')) / Math.sqrt(2 / 64) - 1)).toBeLessThan(0.05);
  });

  test('sets biases to 0 and batch norms to the identity, and leaves other constants', () => {
    const values = ['bias', 'scale', 'shift', 'mean', 'variance', 'factor'].map((name) => weight(name).data[0]);
    expect(values).toEqual([0, 1, 0, 0, 1, 3]);
  });

  test('replaces computed weights by initializers', () => {
    expect(graph.nodes.map(({ op }) => op)).not.toContain('ConstantOfShape');
  });

  test('the same seed gives the same weights, another seed others', () => {
    expect(randomizedWeights(lightModel(), 1).graph.initializers.get('kernel')).toEqual(weight('kernel'));
    expect(randomizedWeights(lightModel(), 2).graph.initializers.get('kernel')).not.toEqual(weight('kernel'));
    expect(() => randomizedWeights(lightModel(), -1)).toThrow('seed: expected an integer');
  });
});

describe('randomizedWeights(model, seed) of other networks', () => {
  /** The bits of 5 in half precision. */
  const FIVE = 0x4500;

  /** picture − mean → flatten → matrix product + bias → product with itself + 5. */
  function dense(type: 'float32' | 'float16' = 'float32'): Model {
    const b = new GraphBuilder(emptyGraph('dense'));
    const image = b.input('image', type, [1, 3, 2, 2]);
    const constant = (name: string, dims: readonly number[]) => {
      const count = dims.reduce((a, c) => a * c, 1);
      const halves = { type: 'float16', dims, data: new Uint16Array(count).fill(FIVE) } as const;
      return b.initializer(name, type === 'float16' ? halves : float32Tensor(new Float32Array(count).fill(5), dims));
    };
    const flat = b.op('Flatten', [b.sub(image, constant('mean', [1, 3, 1, 1]))], { axis: 1 });
    const value = b.add(b.matMul(flat, constant('matrix', [12, 4])), constant('bias', [4]));
    b.output(b.add(b.mul(value, value), constant('other', [4])));
    return modelOfGraph(b.graph);
  }
  const first = (model: Model, name: string) => model.graph.initializers.get(name)?.data[0];

  test('sets what is added to a matrix product to 0, and no other constant', () => {
    const random = randomizedWeights(dense(), 1);
    expect(['bias', 'mean', 'other'].map((name) => first(random, name))).toEqual([0, 5, 5]);
    expect(weightedLayers(dense())).toBe(1);
  });

  test('gives networks in half precision the weights of those in single precision', () => {
    const half = dense('float16');
    const matrix = ({ graph }: Model) => graph.initializers.get('matrix');
    expect(matrix(half)?.type).toBe('float16');
    expect(matrix(randomizedWeights(half, 1))).toEqual(matrix(randomizedWeights(dense(), 1)));
    expect(weightedLayers(half)).toBe(1);
  });

  test('draws weights that the network transposes or splits', () => {
    const b = new GraphBuilder(emptyGraph('stored'));
    const image = b.input('image', 'float32', [1, 4]);
    const stored = b.initializer('stored', float32Tensor(new Float32Array(24).fill(5), [6, 4]));
    const [left, right] = b.ops('Split', [b.op('Transpose', [stored], { perm: [1, 0] }), b.ints([4, 2])], 2, {
      axis: 1,
    }) as [string, string];
    b.output(b.add(b.reduceSum(right, [0], true), b.op('Gemm', [b.matMul(image, left), b.op('Neg', [right])])));
    const model = modelOfGraph(b.graph);
    const { graph } = randomizedWeights(model, 1);
    expect(weightedLayers(model)).toBe(2);
    // Both matrices, and what is added to the first product.
    expect([...graph.initializers.keys()].filter((name) => !model.graph.initializers.has(name))).toHaveLength(3);
    expect(graph.initializers.get(left)?.dims).toEqual([4, 4]);
    expect(graph.nodes.filter(({ op }) => op === 'Neg')).toEqual([]);
    // What else reads a part of the weights finds it.
    expect(graph.nodes.find(({ op }) => op === 'Split')?.outputs).toEqual([`${left}/stored`, right]);
  });

  test('refuses a network without weights', () => {
    const b = new GraphBuilder(emptyGraph('none'));
    b.output(b.op('Relu', [b.input('image', 'float32', [1, 3, 2, 2])]));
    expect(() => randomizedWeights(modelOfGraph(b.graph), 1)).toThrow(
      'randomWeights: expected a network with constant',
    );
  });
});

describe('randomizedWeights(model, seed, top)', () => {
  const file = fileURLToPath(new URL('../../../fixtures/tiny/discriminator.onnx', import.meta.url));
  const changed = async (top?: number) => {
    const model = upgradedModel(await loadModel(file));
    const random = randomizedWeights(model, 1, top);
    return [...model.graph.initializers.keys()].filter(
      (name) => random.graph.initializers.get(name) !== model.graph.initializers.get(name),
    );
  };

  test('changes the last layers first, and all of them in the end', async () => {
    const model = upgradedModel(await loadModel(file));
    expect(weightedLayers(model)).toBe(4);
    const counts = await Promise.all([1, 2, 3, 4].map(async (top) => (await changed(top)).length));
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(new Set(counts).size).toBe(4);
    const [first, all] = [await changed(1), await changed()];
    expect(
      first.every((name) => /dense|head|logit/i.test(name)),
      first.join(),
    ).toBe(true);
    expect(await changed(4)).toEqual(all);
  });
});
