/** @file Batches: their order, their numbers, and what happens to broken pictures. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import type { Dataset } from './sets/dataset.js';
import type { DecodeProgress } from './cache/decoded.node.js';
import { batches, loaderConfig as config, numbered, numbersIn } from './data.test.helper.js';
import { Loader, type LoaderOptions } from './loader.node.js';

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i);
const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

describe('loader.batch(step)', () => {
  it('is [N, C, H, W], normalised per channel', async () => {
    const dataset: Dataset = {
      name: 'one',
      length: 1,
      skipped: [],
      picture: () =>
        Promise.resolve({ width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 51, 255, 255, 102, 0) }),
    };
    const normalization = { mean: [0.5, 0.2, 0], std: [0.5, 0.1, 1] };
    const loader = new Loader(dataset, { ...config, channels: 3, batchSize: 2, normalization, resize: 'squash' });
    const batch = await loader.batch(0);
    expect(batch).toHaveLength(2 * 3 * 64);
    // The left and the right end of each channel's first row.
    const ends = [0, 64, 128].flatMap((plane) => [batch[plane], batch[plane + 7]]);
    [-1, 1, 0, 2, 1, 0].forEach((x, i) => expect(ends[i]).toBeCloseTo(x, 6));
    expect(batch.slice(192)).toEqual(batch.slice(0, 192));
  });

  it('shows every picture once an epoch, in another order each time', async () => {
    const loader = new Loader(numbered(12).dataset, config);
    expect(loader.batchesPerEpoch).toBe(3);
    const [first, second] = [await batches(loader, [0, 1, 2]), await batches(loader, [3, 4, 5])];
    expect(sorted(first.flat())).toEqual(upTo(12));
    expect(sorted(second.flat())).toEqual(upTo(12));
    expect(first).not.toEqual(second);
  });

  it('leaves out the rest that does not fill a batch, a different one each epoch', async () => {
    const loader = new Loader(numbered(11).dataset, config);
    expect(loader.batchesPerEpoch).toBe(2);
    const epochs = [await batches(loader, [0, 1]), await batches(loader, [2, 3])].map((epoch) => sorted(epoch.flat()));
    for (const epoch of epochs) expect(new Set(epoch).size).toBe(8);
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it('repeats a set that is smaller than a batch', async () => {
    const loader = new Loader(numbered(3).dataset, { ...config, batchSize: 8 });
    expect(loader.batchesPerEpoch).toBe(1);
    const [batch = []] = await batches(loader, [0]);
    expect(sorted(batch.slice(0, 3))).toEqual([0, 1, 2]);
    expect(batch).toEqual(upTo(8).map((i) => batch[i % 3]));
  });

  it('depends on seed and step alone: a resumed run goes on with the same batches', async () => {
    const whole = await batches(new Loader(numbered(11).dataset, config), upTo(10));
    expect(await batches(new Loader(numbered(11).dataset, config), [5, 6, 7, 8, 9])).toEqual(whole.slice(5));
    expect(await batches(new Loader(numbered(11).dataset, config), [9, 3, 4, 3, 0])).toEqual(
      [9, 3, 4, 3, 0].map((step) => whole[step]),
    );
    expect(await batches(new Loader(numbered(11).dataset, { ...config, seed: 2 }), upTo(10))).not.toEqual(whole);
    // Orders of seed 1; a change here breaks the resuming of older runs.
    expect(whole.slice(0, 3)).toEqual([
      [4, 2, 1, 5],
      [0, 9, 6, 3],
      [1, 6, 9, 7],
    ]);
  });

  it('does not depend on the memory for decoded pictures', async () => {
    const [cached, uncached] = [numbered(11, [2, 3]), numbered(11, [2, 3])];
    const steps = upTo(6);
    expect(await batches(new Loader(uncached.dataset, config, { memoryBytes: 64 }), steps)).toEqual(
      await batches(new Loader(cached.dataset, config), steps),
    );
    expect(Math.max(...cached.decoded)).toBe(1);
    expect(Math.max(...uncached.decoded)).toBeGreaterThan(1);
  });

  it('mirrors half of the pictures with flip, others in each epoch, the same after a resume', async () => {
    const pictures = 64;
    const dataset: Dataset = {
      ...numbered(pictures).dataset,
      picture: async (index) => ({
        width: 8,
        height: 8,
        channels: 1,
        data: Uint8Array.from({ length: 64 }, (_, i) => (i % 8) + 8 * (index % 16)),
      }),
    };
    const flipping = { ...config, batchSize: pictures, flip: true };
    const batch = async (epoch: number, loader = new Loader(dataset, flipping)) => [...(await loader.batch(epoch))];
    const mirrored = (values: readonly number[]) =>
      Array.from({ length: pictures }, (_, i) => Math.round((values[64 * i] ?? 0) % 8) === 7);
    const [first, second] = [await batch(0), await batch(1)];
    for (const [i, flag] of mirrored(first).entries()) {
      const row = first.slice(64 * i, 64 * i + 8).map((value) => Math.round(value % 8));
      expect(row).toEqual(flag ? [7, 6, 5, 4, 3, 2, 1, 0] : [0, 1, 2, 3, 4, 5, 6, 7]);
    }
    const share = mirrored(first).filter(Boolean).length / pictures;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.2);
    const orderOf = (values: readonly number[]) =>
      Array.from({ length: pictures }, (_, i) => (values[64 * i] ?? 0) >> 3);
    expect(orderOf(first)).not.toEqual(orderOf(second));
    expect(mirrored(first)).not.toEqual(mirrored(second));
    const loader = new Loader(dataset, flipping);
    await loader.batch(0);
    expect(await batch(1, loader)).toEqual(second);
    const plain = await batch(0, new Loader(dataset, { ...flipping, flip: false }));
    expect(mirrored(plain)).not.toContain(true);
    expect(orderOf(plain)).toEqual(orderOf(first));
  });

  it('has the next batch decoded while the step runs', async () => {
    const { dataset, decoded } = numbered(12);
    const loader = new Loader(dataset, config);
    const first = numbersIn(await loader.batch(0));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const ahead = upTo(12).filter((index) => decoded[index] === 1 && !first.includes(index));
    expect(ahead).toHaveLength(4);
    const [second = []] = await batches(loader, [1]);
    expect(sorted(second)).toEqual(ahead);
  });

  it('is a new array each time', async () => {
    const loader = new Loader(numbered(12).dataset, config);
    const first = await loader.batch(0);
    const before = numbersIn(first);
    first.fill(0);
    expect(numbersIn(await loader.batch(0))).toEqual(before);
  });

  it('puts the next picture in the place of a broken one, and lists it', async () => {
    const sound = await batches(new Loader(numbered(12).dataset, config), upTo(3));
    const loader = new Loader(numbered(12, [11, 0, 5]).dataset, config);
    const replaced = new Map([
      [11, 1],
      [0, 1],
      [5, 6],
    ]);
    expect(await batches(loader, upTo(3))).toEqual(sound.map((batch) => batch.map((i) => replaced.get(i) ?? i)));
    expect(loader.skipped).toEqual([
      'link.png: a link that leads nowhere',
      '0.png: expected a picture',
      '5.png: expected a picture',
      '11.png: expected a picture',
    ]);
  });

  it('gives each picture its own class, mirrored or not, also of what stands in for a broken one, and in shares', async () => {
    const indices = Uint16Array.from({ length: 12 }, (_, index) => index % 5);
    const labelled = (options: LoaderOptions = {}) => {
      const { dataset } = numbered(12, [3]);
      const labels = { classes: ['a', 'b', 'c', 'd', 'e'], indices };
      return new Loader({ ...dataset, labels }, { ...config, flip: true }, options);
    };
    const loader = labelled();
    const halves = [0, 1].map((index) => labelled({ share: { index, count: 2 } }));
    for (const step of [0, 1, 2, 3]) {
      const { pictures, classes } = await loader.labelledBatch(step);
      expect([...classes]).toEqual(numbersIn(pictures).map((number) => number % 5));
      const parts = await Promise.all(halves.map(async (half) => [...(await half.labelledBatch(step)).classes]));
      expect(parts.flat()).toEqual([...classes]);
    }
  });

  it('refuses a set of broken pictures, at every call', async () => {
    const loader = new Loader(numbered(3, [0, 1, 2]).dataset, config);
    await expect(loader.batch(0)).rejects.toThrow(InputError);
    await expect(loader.batch(1)).rejects.toThrow(/^3 numbers: expected at least one that can be decoded; got none \(/);
  });

  it.each([-1, 0.5, Number.NaN])('refuses step %s', async (step) => {
    await expect(new Loader(numbered(4).dataset, config).batch(step)).rejects.toThrow(RangeError);
  });

  it('passes on an error that is no broken picture', async () => {
    const dataset: Dataset = { ...numbered(4).dataset, picture: () => Promise.reject(new TypeError('a bug')) };
    await expect(new Loader(dataset, config).batch(0)).rejects.toThrow(TypeError);
  });
});

describe('loader.decodeAll(options)', () => {
  it('decodes every picture once, tells how far it is and what it skipped', async () => {
    const { dataset, decoded } = numbered(12, [3]);
    const loader = new Loader(dataset, config);
    const seen: DecodeProgress[] = [];
    await loader.decodeAll({ progress_callback: (progress) => seen.push(progress) });
    expect(decoded).toEqual(upTo(12).map(() => 1));
    expect(seen.map(({ loaded }) => loaded)).toEqual(upTo(13).slice(1));
    expect(seen.at(-1)).toEqual({ status: 'progress', loaded: 12, total: 12, progress: 100 });
    expect(loader.skipped).toHaveLength(2);
    await batches(loader, upTo(6));
    expect(decoded).toEqual(upTo(12).map(() => 1));
  });

  it('does nothing where the set does not fit into memory', async () => {
    const { dataset, decoded } = numbered(12);
    await new Loader(dataset, config, { memoryBytes: 12 * 64 - 1 }).decodeAll();
    expect(decoded).toEqual(upTo(12).map(() => 0));
  });

  it('refuses a set of broken pictures', async () => {
    await expect(new Loader(numbered(2, [0, 1]).dataset, config).decodeAll()).rejects.toThrow(/got none \(0\.png/);
  });

  it('stops when it is aborted', async () => {
    const { dataset, decoded } = numbered(100);
    const controller = new AbortController();
    const progress_callback = ({ loaded }: DecodeProgress) => {
      if (loaded === 5) controller.abort();
    };
    const done = new Loader(dataset, config).decodeAll({ progress_callback, signal: controller.signal });
    await expect(done).rejects.toThrow(/abort/);
    expect(decoded.filter((times) => times > 0).length).toBeLessThan(15);
  });
});
