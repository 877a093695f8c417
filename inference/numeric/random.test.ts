/** @file Seeded random numbers: known values, saved states, moments. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { Random } from './random.js';

const numbersOf = (random: Random) => [random.uniform(), random.normal(), random.integer(1000), random.normal()];
const correlation = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0) / a.length;
const normals = (random: Random, count: number) => Array.from({ length: count }, () => random.normal());

describe('new Random(seed)', () => {
  it('starts from the published first two words of SplitMix64', () => {
    // 0xe220a8397b1dcdaf and 0x6e789e6aa1b965f4 for seed 0.
    expect(new Random(0).state()).toEqual([0xe220a839, 0x7b1dcdaf, 0x6e789e6a, 0xa1b965f4].map((word) => word | 0));
  });

  it('gives the same numbers on every machine', () => {
    const random = new Random(1);
    expect([random.uniform(), random.uniform()]).toEqual([0.641880635054016, 0.06824309202427037]);
    expect(random.normal()).toBeCloseTo(0.3217399989417843, 14);
    expect(random.normal()).toBeCloseTo(-1.753793178153093, 14);
    expect(random.integer(1000)).toBe(163);
  });

  it('gives unrelated numbers for neighbouring seeds', () => {
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [2 ** 52, 2 ** 52 + 1],
    ] as const) {
      // The standard error of 10,000 products is 0.01.
      expect(Math.abs(correlation(normals(new Random(a), 10_000), normals(new Random(b), 10_000)))).toBeLessThan(0.04);
    }
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN])('refuses seed %s', (seed) => {
    expect(() => new Random(seed)).toThrow(InputError);
    expect(() => Random.derived(seed, 'shuffle')).toThrow(/^seed: expected an integer/);
  });
});

describe('Random.derived(seed, stream)', () => {
  it('is a function of seed and stream', () => {
    expect(Random.derived(3, 'latents').state()).toEqual(Random.derived(3, 'latents').state());
    const states = [0, 1, 2 ** 32].flatMap((seed) =>
      ['', 'a', 'b', 'ab'].map((stream) => String(Random.derived(seed, stream).state())),
    );
    expect(new Set(states).size).toBe(12);
  });

  it('gives independent streams of one seed', () => {
    const [a, b] = [normals(Random.derived(0, 'a'), 10_000), normals(Random.derived(0, 'b'), 10_000)];
    expect(Math.abs(correlation(a, b))).toBeLessThan(0.04);
    expect(Math.abs(correlation(a, normals(new Random(0), 10_000)))).toBeLessThan(0.04);
  });
});

describe('Random.fromState(random.state())', () => {
  it('goes on with the same numbers, in the middle of a pair of normals too, after JSON', () => {
    const random = new Random(5);
    for (let drawn = 0; drawn < 4; drawn++) {
      const restored = Random.fromState(JSON.parse(JSON.stringify(random.state())) as number[]);
      const copy = Random.fromState(random.state());
      expect(numbersOf(restored)).toEqual(numbersOf(copy));
      random.normal();
    }
    random.normal();
    expect(random.state()).toHaveLength(5);
    const restored = Random.fromState(random.state());
    expect(numbersOf(restored)).toEqual(numbersOf(random));
  });

  it.each([
    [[]],
    [[0, 0, 0, 0]],
    [[1, 2, 3]],
    [[1, 2, 3, 4.5]],
    [[1, 2, 3, 4, Number.NaN]],
    [[1, 2, 3, 4, 5, 6]],
    [[2 ** 31, 0, 0, 0]],
  ])('refuses state %j', (state) => {
    expect(() => Random.fromState(state)).toThrow(InputError);
  });
});

describe('distributions', () => {
  const count = 100_000;

  it('uniform() has the moments of U[0, 1)', () => {
    const random = new Random(11);
    const values = Array.from({ length: count }, () => random.uniform());
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = values.reduce((sum, x) => sum + x, 0) / count;
    const variance = values.reduce((sum, x) => sum + (x - 0.5) ** 2, 0) / count;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.004); // 4 standard errors
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.001);
  });

  it('normal() has the moments and tails of N(0, 1)', () => {
    const values = normals(new Random(12), count);
    const moment = (power: number) => values.reduce((sum, x) => sum + x ** power, 0) / count;
    // 4 standard errors of each: √(1, 2, 15, 96 / count).
    expect(Math.abs(moment(1))).toBeLessThan(0.013);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.018);
    expect(Math.abs(moment(3))).toBeLessThan(0.049);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.124);
    const beyondTwo = values.filter((x) => Math.abs(x) > 2).length / count;
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.003);
    // The two of a pair are uncorrelated.
    const [even, odd] = [values.filter((_, i) => i % 2 === 0), values.filter((_, i) => i % 2 === 1)];
    expect(Math.abs(correlation(even, odd))).toBeLessThan(0.018);
  });

  it('integer(n) gives every value equally often, and refuses other n', () => {
    const random = new Random(13);
    const counts = Array.from({ length: 7 }, () => 0);
    for (let i = 0; i < 70_000; i++) {
      const value = random.integer(7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    for (const times of counts) expect(Math.abs(times - 10_000)).toBeLessThan(400);
    expect(random.integer(1)).toBe(0);
    for (const n of [0, -1, 1.5, 2 ** 33]) expect(() => random.integer(n)).toThrow(RangeError);
  });

  it('shuffled(n) is a permutation, every position equally likely', () => {
    expect([...new Random(7).shuffled(10)]).toEqual([8, 7, 6, 0, 9, 5, 4, 1, 2, 3]);
    expect(new Random(0).shuffled(0)).toHaveLength(0);
    const random = new Random(14);
    const positions = Array.from({ length: 5 }, () => 0);
    for (let i = 0; i < 10_000; i++) {
      const order = random.shuffled(5);
      expect([...order].sort()).toEqual([0, 1, 2, 3, 4]);
      const position = order.indexOf(0);
      positions[position] = (positions[position] ?? 0) + 1;
    }
    for (const times of positions) expect(Math.abs(times - 2000)).toBeLessThan(160);
  });
});
