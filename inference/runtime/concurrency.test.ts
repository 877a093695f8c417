import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Explainer } from '../../explain/index.js';
import { Generator } from '../index.js';

const tiny = (role: string) => fileURLToPath(new URL(`../../../fixtures/tiny/${role}.onnx`, import.meta.url));

describe('generators and explainers', () => {
  let generator: Generator;
  let explainer: Explainer;
  beforeAll(async () => {
    generator = await Generator.load(tiny('generator'), { device: 'cpu' });
    explainer = await Explainer.load(tiny('discriminator'), { device: 'cpu' });
  });
  afterAll(() => Promise.all([generator.dispose(), explainer.dispose()]));

  it('answer overlapping calls as they answer single ones', async () => {
    const pictures = await generator.sample([1, 2, 3, 4]);
    const alone = await explainer.explain([pictures[2]!], { methods: ['gradcam'], layers: 0 });
    const [again, , maps] = await Promise.all([
      Promise.all([1, 2, 3, 4].map((seed) => generator.sample([seed]))),
      explainer.explain(pictures, { methods: ['gradcam++'] }),
      explainer.explain([pictures[2]!], { methods: ['gradcam'], layers: 0 }),
    ]);
    expect(again.flat()).toEqual(pictures);
    expect(maps).toEqual(alone);
  });

  it('leave the event loop to others while they run', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await generator.sample(Array.from({ length: 1000 }, (_, i) => i));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
  });

  it('end what they were asked before they go, and do no more afterwards', async () => {
    const own = await Generator.load(tiny('generator'), { device: 'cpu' });
    const asked = own.sample([5]);
    await own[Symbol.asyncDispose]();
    expect((await asked).length).toBe(1);
    await expect(own.sample([5])).rejects.toThrow('has been disposed');
    await own.dispose();
  });
});
