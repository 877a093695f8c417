import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { evaluated, exemplars, filesOf, surroundings, type LeafLatents } from '../latent/arithmetic.js';
import { parsedExpression } from './expression.js';

/** Seed s is [s, 1]; z.npy holds [10, 0] and [20, 0], one.npy [7, 7]. */
const leaves: LeafLatents = {
  latentDim: 2,
  seed: (seed) => Float32Array.of(seed, 1),
  file: (path) => (path === 'z.npy' ? Float32Array.of(10, 0, 20, 0) : Float32Array.of(7, 7)),
};

describe('evaluated(parsedExpression(text))', () => {
  it.each<[string, number[]]>([
    ['3', [3, 1]],
    ['mean(1,2,3) - mean(4,5,6) + mean(7,8,9)', [2 - 5 + 8, 1]],
    ['mean( 1 , 3 )-8', [-6, 0]],
    ['-5 + 2', [-3, 0]],
    ['8 - 3 - 2', [3, -1]],
    ['8 - (3 - 2)', [7, 1]],
    ['2 * 3', [6, 2]],
    ['0.5 * mean(2, 4) * 3', [4.5, 1.5]],
    ['mean(2,4) / 2', [1.5, 0.5]],
    ['6 / 4', [1.5, 0.25]],
    ['1 + 2 * 3', [7, 3]],
    ['mean(1 + 2, 5)', [4, 1.5]],
    ['mean(mean(2,4), 5)', [4, 1]],
    ['file:one.npy', [7, 7]],
    ['file:z.npy#1 - file:z.npy#0', [10, 0]],
    ['mean(file:z.npy)', [15, 0]],
    ['mean(file:z.npy, 6)', [12, 1 / 3]],
    ['file:"one.npy"*2', [14, 14]],
  ])('%s', (text, expected) => {
    const latent = evaluated(parsedExpression(text), leaves);
    expected.forEach((value, i) => expect(latent[i]).toBeCloseTo(value, 6));
  });

  it.each<[string, RegExp]>([
    ['', /^arithmetic: expected a seed, file:…, mean\(…\) or \(; got the end$/],
    ['1 +', /got the end$/],
    ['1 2', /expected \+, -, \* or \/ or the end; got "2" at position 3$/],
    ['mean 1', /expected \(; got "1" at position 6$/],
    ['mean(1,2', /expected \); got the end$/],
    ['median(1)', /expected seeds, file:…, mean\(…\), \+ - \* \/ and parentheses; got "median\(1\)"$/],
    ['mean(1) * mean(2)', /expected a plain number in a product; got two latents$/],
    ['1 / mean(2)', /expected a plain number other than 0 after \/; got a latent$/],
    ['1 / 0', /other than 0 after \/; got 0$/],
    ['1.5 + 2', /expected a seed, an integer of 0…2\^53 − 1; got 1\.5$/],
    ['9007199254740993', /expected a seed/],
    ['('.repeat(60), /expected at most 50 nested parentheses$/],
    ['1+'.repeat(6000), /expected at most 10000 characters$/],
  ])('refuses %s', (text, message) => {
    expect(() => parsedExpression(text)).toThrow(InputError);
    expect(() => parsedExpression(text)).toThrow(message);
  });

  it('asks for a row where a file has several, and for one it has', () => {
    expect(() => evaluated(parsedExpression('file:z.npy'), leaves)).toThrow(
      /^file:z\.npy: expected one latent, or a row/,
    );
    expect(() => evaluated(parsedExpression('file:z.npy#2'), leaves)).toThrow(/^z\.npy: expected row 0…1; got 2$/);
  });

  it('knows its files, the members of its means, and its terms as they were written', () => {
    const expression = parsedExpression('2 * mean(4, file:z.npy) - file:one.npy + mean(file:z.npy#1,3)');
    expect(filesOf(expression)).toEqual(['z.npy', 'one.npy']);
    expect(expression.kind === 'sum' && expression.terms.map(({ sign, text }) => [sign, text])).toEqual([
      [1, '2 * mean(4, file:z.npy)'],
      [-1, 'file:one.npy'],
      [1, 'mean(file:z.npy#1,3)'],
    ]);
    const labels =
      expression.kind === 'sum' &&
      expression.terms.map(({ value }) => exemplars(value, leaves).map(({ label }) => label));
    expect(labels).toEqual([['4', 'row 0', 'row 1'], [], ['row 1', '3']]);
  });
});

describe('surroundings(latent, scale, seed)', () => {
  it('has the latent in the middle and uniform noise around', () => {
    const latent = new Float32Array(1000).fill(2);
    const around = surroundings(latent, 0.25, 1);
    expect(around.slice(4000, 5000)).toEqual(latent);
    const noise = [...around.slice(0, 4000), ...around.slice(5000)].map((value) => value - 2);
    expect(Math.max(...noise.map(Math.abs))).toBeLessThanOrEqual(0.25);
    const variance = noise.reduce((sum, value) => sum + value * value, 0) / noise.length;
    expect(Math.abs(variance - 0.25 ** 2 / 3)).toBeLessThan(0.001);
    expect(surroundings(latent, 0.25, 1)).toEqual(around);
  });
});
