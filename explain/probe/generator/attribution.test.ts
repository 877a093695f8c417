import { describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';
import { golden, goldenPath, relativeError } from '../../../fixtures/golden.js';
import { Generator } from '../../../inference/networks/generator.js';
import { GeneratorRegion } from './generator-region.js';
import { generatorAttribution } from './attribution.js';
import { strongestDirections } from './jacobian.js';

const path = goldenPath('generator.onnx');
const { info, tensor } = golden<{ box: [number, number, number, number] }>('probe-generator');
const [x, y, width, height] = info.box;
const box = { x, y, width, height };
const latent = tensor('latent').data;

describe('generatorAttribution(source, options)', () => {
  it('agrees with the Jacobian of PyTorch in float64 and its singular values', async () => {
    const found = await generatorAttribution(path, { latent, box, directions: 3, device: 'cpu' });
    expect(relativeError(found.latentEffects, tensor('effects').data)).toBeLessThan(1e-4);
    expect(relativeError(found.features?.maps ?? [], tensor('features').data)).toBeLessThan(1e-4);
    const strengths = found.directions.map(({ strength }) => strength);
    expect(relativeError(strengths, tensor('strengths').data.slice(0, 3))).toBeLessThan(1e-4);
    const shares = found.directions.map(({ insideShare }) => insideShare);
    expect(relativeError(shares, tensor('insideShares').data.slice(0, 3))).toBeLessThan(1e-4);
    found.directions.forEach(({ direction }, k) => {
      const expected = tensor('directions').data.slice(8 * k, 8 * (k + 1));
      const along = direction.reduce((sum, value, at) => sum + value * (expected[at] as number), 0);
      expect(
        relativeError(
          direction,
          expected.map((value) => Math.sign(along) * value),
        ),
      ).toBeLessThan(1e-4);
      const slope = direction.reduce((sum, value, at) => sum + value * (found.latentEffects[at] as number), 0);
      expect(slope).toBeGreaterThan(0);
    });
  });

  it('moves the pictures along a direction, with the picture itself in the middle', async () => {
    const { picture, directions } = await generatorAttribution(path, { latent: 3, box, directions: 1, device: 'cpu' });
    const [first, , middle, , last] = directions[0]?.pictures ?? [];
    expect(middle).toEqual(picture);
    const mean = (data: Uint8Array | undefined) => {
      let sum = 0;
      for (let row = y; row < y + height; row++) {
        for (let at = 3 * (16 * row + x); at < 3 * (16 * row + x + width); at++) sum += data?.[at] ?? Number.NaN;
      }
      return sum;
    };
    expect(mean(last?.data)).toBeGreaterThan(mean(first?.data));
  });

  it('finds as many directions by default as a latent of two numbers has', async () => {
    const b = new GraphBuilder();
    const weights = b.initializer('w', float32Tensor([1, 0, 0, 1, 0, 0, 1, 0], [2, 4]));
    const pictures = b.reshape(b.matMul(b.input('z', 'float32', ['N', 2]), weights), ['N', 1, 2, 2]);
    b.output(b.op('Tanh', [pictures]));
    const whole = { x: 0, y: 0, width: 2, height: 2 };
    const found = await generatorAttribution(modelOfGraph(b.graph), { latent: 1, box: whole, device: 'cpu' });
    expect(found.directions).toHaveLength(2);
  });

  it('refuses a box outside the picture, and a layer that is not there', async () => {
    const outside = generatorAttribution(path, { latent: 1, box: { ...box, x: 12 }, device: 'cpu' });
    await expect(outside).rejects.toThrow(/^box: expected a box inside the picture of 16×16 pixels; got 12,5,6,4$/);
    const missing = generatorAttribution(path, { latent: 1, box, layer: 'conv9', device: 'cpu' });
    await expect(missing).rejects.toThrow(
      /layer: expected a layer of the generator \(0 .* \[12×4×4\], 1 .*got "conv9"/,
    );
  });
});

describe('strongestDirections(product, size, count)', () => {
  it('finds the same by subspace iteration as from the whole matrix', async () => {
    const size = 300;
    const slopes = Float64Array.from({ length: size }, (_, at) => 3 * 0.8 ** at);
    const product = async (rows: readonly Float32Array[]) =>
      rows.map((row) => row.map((value, at) => value * (slopes[(7 * at) % size] as number) ** 2));
    const { directions, how } = await strongestDirections(product, size, 3);
    expect(how).toMatch(/subspace/);
    directions.forEach(({ strength, direction }, k) => {
      expect(strength).toBeCloseTo(3 * 0.8 ** k, 4);
      const place = direction.findIndex((value) => Math.abs(value) > 0.999);
      expect((7 * place) % size).toBe(k);
    });
  });
});

describe('GeneratorRegion.changes(latent, moves)', () => {
  it('is the difference of pictures for a small move', async () => {
    await using generator = await Generator.load(path, { device: 'cpu' });
    await using region = await GeneratorRegion.open(path, generator);
    const move = Float32Array.from({ length: 8 }, (_, at) => Math.sin(at + 1));
    const [change = new Float32Array()] = await region.changes(latent, [move]);
    const at = (t: number) => generator.run(latent.map((value, i) => value + t * (move[i] as number)));
    const [after, before] = [await at(1e-3), await at(-1e-3)];
    const difference = after.map((value, i) => (value - (before[i] as number)) / 2e-3);
    expect(relativeError(change, difference)).toBeLessThan(2e-3);
  });
});
