/** @file Sets that are measured part by part: broken pictures are replaced, and KID keeps only what its subsets need. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concatenated } from '../../inference/numeric/concatenated.js';
import { Random } from '../../inference/numeric/random.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { emptyGraph, GraphBuilder, modelOfGraph, saveModel } from '../../onnx/index.js';
import type { BrokenPicture, Candidates } from './candidates.js';
import { frechetDistance } from './distance/frechet.node.js';
import { kernelDistance } from './distance/kernel-distance.node.js';
import { kernelPlan, neededRows } from './distance/kernel-plan.js';
import { manifoldMeasures } from './distance/manifold.node.js';
import { comparedSets } from './distances.node.js';
import { FeatureNetwork } from './feature-network.node.js';

let folder: string;
let network: FeatureNetwork;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-sets-'));
  const b = new GraphBuilder(emptyGraph('colours'));
  const image = b.input('image', 'float32', ['batch', 3, 2, 2]);
  b.output(b.op('GlobalAveragePool', [image]), 'features');
  await saveModel(join(folder, 'colours.onnx'), modelOfGraph(b.graph));
  network = await FeatureNetwork.load(join(folder, 'colours.onnx'), {
    preparation: { normalization: { mean: [0], std: [1] } },
  });
});
afterAll(async () => {
  await network.dispose();
  await rm(folder, { recursive: true });
});

function picture(name: string, position: number): Picture {
  const random = Random.derived(4, `${name}/${position}`);
  return { width: 2, height: 2, channels: 3, data: Uint8Array.from({ length: 12 }, () => random.integer(200)) };
}

/** Random colours; those that are asked for are counted. */
function colours(name: string, length: number | undefined, isBroken = (_position: number) => false) {
  const asked: number[] = [];
  const candidates: Candidates = {
    name,
    length,
    at: (positions) => {
      asked.push(...positions);
      const found = positions.map((position): Picture | BrokenPicture =>
        isBroken(position) ? { position, index: position, reason: `${position}: broken` } : picture(name, position),
      );
      return Promise.resolve(found);
    },
  };
  return { candidates, asked };
}

/** The features of all pictures at some positions. */
async function features(name: string, positions: readonly number[]) {
  const parts: Float32Array[] = [];
  for (let start = 0; start < positions.length; start += 32)
    parts.push(await network.features(positions.slice(start, start + 32).map((position) => picture(name, position))));
  return { size: network.size, data: concatenated(parts) };
}

const range = (end: number, start = 0) => Array.from({ length: end - start }, (_, i) => start + i);

describe('comparedSets(network, sets, options)', () => {
  it.each([
    ['all features are kept', { subsets: 9, subsetSize: 500, manifoldSamples: 0 }],
    ['only those of the subsets are', { subsets: 3, subsetSize: 40, manifoldSamples: 300 }],
  ])('gives the distances of all features at once where %s', async (_, options) => {
    const sets = { real: colours('real', 5000), fake: colours('fake', undefined) };
    const wanted = { real: 4100, fake: 3000 };
    const given = { real: sets.real.candidates, fake: sets.fake.candidates, wanted };
    const { distances, real } = await comparedSets(network, given, options);
    const [a, b] = [await features('real', range(4100)), await features('fake', range(3000))];
    const kernel = await kernelDistance(a, b, options);
    expect([distances.kid, distances.kidStd]).toEqual([kernel.mean, kernel.std]);
    expect(distances.frechet).toBeCloseTo(await frechetDistance(a, b), 12);
    expect(sets.real.asked).toEqual(range(4100));
    const kept = new Set(neededRows(4100, 'real', kernelPlan(4100, 3000, options)));
    const missing = real.missing(Uint32Array.from(range(4100)));
    expect(missing).toHaveLength(4100 - kept.size);
    expect(kept.size < 4100).toBe(options.subsets * options.subsetSize < 4100);
  });

  it('replaces broken pictures, and measures again what its subsets need then', async () => {
    const isBroken = (position: number) => position % 7 === 3 || (position > 2500 && position < 2520);
    const sets = { real: colours('real', 3500, isBroken), fake: colours('fake', undefined) };
    const options = { subsets: 2, subsetSize: 30, manifoldSamples: 20 };
    const given = { real: sets.real.candidates, fake: sets.fake.candidates, wanted: { real: 2500, fake: 2500 } };
    const { distances, real } = await comparedSets(network, given, options);
    const readable = range(3500)
      .filter((position) => !isBroken(position))
      .slice(0, 2500);
    expect(real.count).toBe(2500);
    expect(real.broken.map(({ index }) => index)).toEqual(
      range((readable.at(-1) as number) + 1).filter((position) => isBroken(position)),
    );
    const [a, b] = [await features('real', readable), await features('fake', range(2500))];
    const kernel = await kernelDistance(a, b, options);
    expect([distances.kid, distances.kidStd]).toEqual([kernel.mean, kernel.std]);
    expect(distances.frechet).toBeCloseTo(await frechetDistance(a, b), 12);
    const again = sets.real.asked.length - ((readable.at(-1) as number) + 1);
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThanOrEqual(80);
    const first = (all: typeof a) => ({ ...all, data: all.data.slice(0, 20 * all.size) });
    expect(distances.manifold).toEqual({ ...(await manifoldMeasures(first(a), first(b))), real: 20, fake: 20 });
  });
});
