/** @file Principal directions of networks whose components are known. */
import { describe, expect, it } from 'vitest';
import { float32Tensor, GraphBuilder, modelOfGraph, type Model } from '../../onnx/index.js';
import { Random } from '../numeric/random.js';
import { firstFeatureDirections } from './first-features.js';

const Z = 6;
const FEATURES = 48;
/** What each number of the latent contributes: number 3 most, then 0, 5, … */
const scales = [4, 0.5, 1, 8, 0.25, 2];

/** Orthogonal rows times `scales`: the component of rank k is the latent's number with the k-th largest scale. */
function weights(): Float32Array {
  const random = new Random(3);
  const rows: number[][] = [];
  for (const scale of scales) {
    let row = Array.from({ length: FEATURES }, () => random.normal());
    for (const other of rows) {
      const [along, length] = [dot(row, other), dot(other, other)];
      row = row.map((value, i) => value - (along / length) * (other[i] as number));
    }
    const norm = Math.sqrt(dot(row, row));
    rows.push(row.map((value) => (value * scale) / norm));
  }
  return Float32Array.from(rows.flat());
}
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

function generator(batch: number | string): Model {
  const b = new GraphBuilder();
  const latent = b.input('latent', 'float32', [batch, Z]);
  const first = b.matMul(latent, b.initializer('w', float32Tensor(weights(), [Z, FEATURES])));
  b.output(b.reshape(first, [batch, 3, 4, 4]), 'image');
  return modelOfGraph(b.graph);
}

describe('firstFeatureDirections(generator, latentDim, count)', () => {
  it.each(['batch', 7])('finds what moves a linear layer most, with batch %s', async (batch) => {
    const found = await firstFeatureDirections(generator(batch), Z, 4);
    const total = scales.reduce((sum, scale) => sum + scale * scale, 0);
    // 2,000 samples: correlations between the latent's numbers are of order 1/√2000.
    [3, 0, 5, 2].forEach((number, k) => {
      const { direction, share } = found[k] as (typeof found)[number];
      expect(direction[number]).toBeGreaterThan(0.95);
      direction.forEach((value, i) => i !== number && expect(Math.abs(value)).toBeLessThan(0.12));
      expect(Math.abs(share - (scales[number] as number) ** 2 / total)).toBeLessThan(0.02);
    });
  });

  it.each([
    ['before', 'int64'],
    ['after', 'float32'],
  ] as const)('takes the class of an input %s the latents, %s, as a constant', async (place, type) => {
    const b = new GraphBuilder();
    const label = () => b.input('label', type, type === 'int64' ? ['N'] : ['N', 2]);
    const first = place === 'before' ? label() : '';
    const latent = b.input('latent', 'float32', ['N', Z]);
    const chosen = first || label();
    // Class 1 leaves the latent as it is, class 0 nothing of it.
    const table = b.initializer(
      'table',
      float32Tensor(Float32Array.from([...Array(Z).fill(0), ...Array(Z).fill(1)]), [2, Z]),
    );
    const factors = type === 'int64' ? b.op('Gather', [table, chosen], { axis: 0 }) : b.matMul(chosen, table);
    const w = b.initializer('w', float32Tensor(weights(), [Z, FEATURES]));
    b.output(b.reshape(b.op('Tanh', [b.matMul(b.mul(latent, factors), w)]), ['N', 3, 4, 4]), 'image');
    const model = modelOfGraph(b.graph);
    const [direction] = await firstFeatureDirections(model, Z, 1, { label: 1 });
    expect(Math.abs(direction!.direction[3]!)).toBeGreaterThan(0.9);
    await expect(firstFeatureDirections(model, Z, 1)).rejects.toThrow(/^label: expected a class of 0…1 .* got none$/);
    await expect(firstFeatureDirections(model, Z, 1, { label: 'random' })).rejects.toThrow(
      /^label: expected one class/,
    );
  });

  it('looks at what is computed from latents, not at an activation of the class before it', async () => {
    const b = new GraphBuilder();
    const latent = b.input('latent', 'float32', ['N', Z]);
    const label = b.input('label', 'float32', ['N', 2]);
    const table = b.initializer('table', float32Tensor([0.01, 0.02, 0.03, 0.04, 0.05, 0.06], [2, 3]));
    const first = b.op('Relu', [b.matMul(label, table)]);
    const w = b.initializer('w', float32Tensor(weights(), [Z, FEATURES]));
    const made = b.add(b.matMul(latent, w), b.reduceMean(first, [1], true));
    b.output(b.reshape(b.op('Tanh', [made]), ['N', 3, 4, 4]), 'image');
    const [found] = await firstFeatureDirections(modelOfGraph(b.graph), Z, 1, { label: 1 });
    expect(Math.abs(found!.direction[3]!)).toBeGreaterThan(0.9);
  });

  it('refuses features that are the same for all latents', async () => {
    const b = new GraphBuilder();
    const latent = b.input('latent', 'float32', ['N', Z]);
    const w = b.initializer('w', float32Tensor(new Float32Array(Z * FEATURES), [Z, FEATURES]));
    const bias = b.initializer('bias', float32Tensor(new Float32Array(FEATURES).fill(0.1), [FEATURES]));
    b.output(b.reshape(b.op('Relu', [b.add(b.matMul(latent, w), bias)], {}, 'dead'), ['N', 3, 4, 4]), 'image');
    await expect(firstFeatureDirections(modelOfGraph(b.graph), Z, 1)).rejects.toThrow(
      /^generator: expected first features that differ from latent to latent; got "dead", which is the same for all$/,
    );
  });

  it.each(['float16', 'float64'] as const)('takes latents of %s', async (type) => {
    const b = new GraphBuilder();
    const latent = b.input('latent', type, ['N', Z]);
    const wide = b.op('Cast', [latent], { to: 1 });
    b.output(b.reshape(b.matMul(wide, b.initializer('w', float32Tensor(weights(), [Z, FEATURES]))), ['N', 3, 4, 4]));
    const [found] = await firstFeatureDirections(modelOfGraph(b.graph), Z, 1);
    expect(Math.abs(found!.direction[3]!)).toBeGreaterThan(0.9);
  });

  it('refuses more directions than there are', async () => {
    await expect(firstFeatureDirections(generator('batch'), Z, 49)).rejects.toThrow(
      /^principal directions: expected at most 48; got 49$/,
    );
  });
});
