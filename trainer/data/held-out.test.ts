/** @file Held-out pictures: a draw of the seed, in none of the batches that are trained on. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { batches, loaderConfig, numbered, numbersIn } from './data.test.helper.js';
import { partsOf } from './held-out.js';
import { Loader } from './loader.node.js';

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i);
const config = { ...loaderConfig, heldOut: 0.25 };

describe('partsOf(length, { heldOut, seed })', () => {
  it.each([
    [12, 0.25, 3],
    [11, 0.1, 1],
    [2903, 0.1, 290],
    [2, 0.5, 1],
  ])('holds out of %i pictures a share of %d: %i', (length, heldOut, count) => {
    const parts = partsOf(length, { heldOut, seed: 7 });
    expect(parts.heldOut).toHaveLength(count);
    const all = [...parts.trained, ...parts.heldOut].toSorted((a, b) => a - b);
    expect(all).toEqual(upTo(length));
    expect([...parts.trained]).toEqual([...parts.trained].toSorted((a, b) => a - b));
    expect(partsOf(length, { heldOut, seed: 7 })).toEqual(parts);
  });

  it('depends on the seed; a change here breaks the resuming of older runs', () => {
    expect([...partsOf(20, { heldOut: 0.25, seed: 1 }).heldOut]).toEqual([3, 7, 8, 12, 18]);
    expect([...partsOf(20, { heldOut: 0.25, seed: 2 }).heldOut]).not.toEqual([3, 7, 8, 12, 18]);
  });

  it('holds out every picture as often as others', () => {
    const counts = new Map<number, number>();
    for (const seed of upTo(2000))
      for (const index of partsOf(10, { heldOut: 0.3, seed }).heldOut) counts.set(index, (counts.get(index) ?? 0) + 1);
    // 600 of 2,000 each; the standard deviation is 20.
    for (const index of upTo(10)) expect(Math.abs((counts.get(index) ?? 0) - 600), `${index}`).toBeLessThan(100);
  });

  it('holds out none by default', () => {
    expect(partsOf(3, { heldOut: 0, seed: 1 })).toEqual({
      trained: Uint32Array.of(0, 1, 2),
      heldOut: new Uint32Array(),
    });
  });

  it.each([
    [4, 0.1],
    [1, 0.5],
  ])('refuses, of %i pictures, a share of %d', (length, heldOut) => {
    const made = () => partsOf(length, { heldOut, seed: 1 });
    expect(made).toThrow(InputError);
    expect(made).toThrow(
      new RegExp(
        `^heldOut: expected a share that holds out at least one of ${length} pictures? and .*; got ${heldOut}$`,
      ),
    );
  });
});

describe('new Loader(dataset, { heldOut })', () => {
  const { heldOut, trained } = partsOf(22, config);

  it('deals both parts in batches, epoch after epoch, and no picture of the other', async () => {
    const loader = new Loader(numbered(22).dataset, { ...config, batchSize: 2 });
    expect(loader.batchesPerEpoch).toBe(8);
    expect([loader.length, loader.heldOut?.length]).toEqual([16, 6]);
    const seen = new Set((await batches(loader, upTo(24))).flat());
    expect([...seen].toSorted((a, b) => a - b)).toEqual([...trained]);
    const judged: number[][] = [];
    for (const step of upTo(9)) judged.push(numbersIn((await loader.heldOut?.batch(step)) as Float32Array));
    for (const epoch of [0, 3, 6])
      expect(
        judged
          .slice(epoch, epoch + 3)
          .flat()
          .toSorted((a, b) => a - b),
      ).toEqual([...heldOut]);
    expect(judged.slice(0, 3)).not.toEqual(judged.slice(3, 6));
    const other = new Loader(numbered(22).dataset, { ...config, batchSize: 2 });
    expect(numbersIn((await other.heldOut?.batch(7)) as Float32Array)).toEqual(judged[7]);
  });

  it('fills a batch with a few held-out pictures again and again', async () => {
    const loader = new Loader(numbered(12).dataset, { ...config, batchSize: 8 });
    const judged = numbersIn((await loader.heldOut?.batch(0)) as Float32Array);
    expect(judged.slice(0, 3).toSorted((a, b) => a - b)).toEqual([...partsOf(12, config).heldOut]);
    expect(judged).toEqual(upTo(8).map((at) => judged[at % 3]));
  });

  it('replaces a broken picture by one of the same part', async () => {
    const broken = [heldOut[0], heldOut[2], trained[1], trained[5]] as number[];
    const loader = new Loader(numbered(22, broken).dataset, { ...config, batchSize: 2 });
    await loader.decodeAll();
    expect([loader.length, loader.heldOut?.length]).toEqual([14, 4]);
    const seen = new Set((await batches(loader, upTo(24))).flat());
    const judged = new Set<number>();
    for (const step of upTo(9))
      numbersIn((await loader.heldOut?.batch(step)) as Float32Array).forEach((number) => judged.add(number));
    expect([...seen].toSorted((a, b) => a - b)).toEqual([...trained].filter((index) => !broken.includes(index)));
    expect([...judged].toSorted((a, b) => a - b)).toEqual([...heldOut].filter((index) => !broken.includes(index)));
  });

  it.each([
    ['heldOut', 'heldOut: expected at least one of the 6 held-out pictures', heldOut],
    ['data', 'data: expected at least one of the 16 remaining pictures', trained],
  ])('refuses a set of which one part is broken: %s', async (_, message, broken) => {
    const loader = new Loader(numbered(22, [...broken]).dataset, config);
    await expect(loader.decodeAll()).rejects.toThrow(message);
  });

  it('gives each process of a group its rows of the same batch', async () => {
    const whole = (await new Loader(numbered(22).dataset, config).heldOut?.batch(5)) as Float32Array;
    const halves: number[] = [];
    for (const index of [0, 1]) {
      const loader = new Loader(numbered(22).dataset, config, { share: { index, count: 2 } });
      halves.push(...numbersIn((await loader.heldOut?.batch(5)) as Float32Array));
    }
    expect(halves).toEqual(numbersIn(whole));
  });
});
