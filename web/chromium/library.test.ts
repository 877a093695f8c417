/** @file The library in a browser: the same numbers as in Node. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain, Explainer, methods } from '../../explain/index.js';
import { foldedBatchNorm } from '../../onnx/passes/fold-batch-norm.js';
import { toFloat16 } from '../../onnx/passes/to-float16.js';
import { decodePicture, Generator, normalLatents } from '../../inference/index.js';
import { loadModel, modelBytes } from '../../onnx/index.js';
import { chromiumPath, startChromium } from './chromium.test.helper.js';
import type * as Library from '../ganscope.js';
import { testStudio, tinyPath } from '../server/studio.test.helper.js';

const RUN = 'runs/birds%20%26%20bees';

describe.skipIf(chromiumPath === undefined)('the library in Chromium', () => {
  let studio: Awaited<ReturnType<typeof testStudio>>;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    studio = await testStudio();
    browser = await startChromium();
    page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  });
  afterAll(async () => {
    await browser?.close();
    await studio?.dispose();
  });

  describe('the library', () => {
    it('makes the same numbers of a seed, and the same heatmaps of a picture, as in Node, to 1e-3', async () => {
      await page.goto(`${studio.url}${RUN}/samples/step-0000002.png`);
      const library = await page.evaluateHandle<typeof Library>("import('/ganscope.js')");
      const there = await library.evaluate(async (ganscope, run) => {
        const generator = await ganscope.Generator.load(`/${run}/onnx/generator.onnx`);
        const numbers = await generator.run(ganscope.normalLatents([7], generator.latentDim));
        const overlapping = await Promise.all([1, 2, 3].map((seed) => generator.sample([seed])));
        const picture = await ganscope.decodePicture(`/${run}/samples/step-0000002.png`);
        const url = `/${run}/onnx/discriminator.onnx`;
        const maps = await ganscope.explain(url, picture, { methods: 'all', targets: 'fake' });
        const discriminator = await ganscope.Discriminator.load(url);
        const [score] = await discriminator.score([picture]);
        await Promise.all([generator.dispose(), discriminator.dispose()]);
        return {
          numbers: [...numbers],
          firsts: overlapping.map(([each]) => each?.data[1000]),
          picture: [...picture.data],
          maps: maps.map(({ method, normalized }) => ({ method, normalized: [...normalized] })),
          score,
          device: generator.choice,
          isolated: crossOriginIsolated,
        };
      }, RUN);
      expect(there.isolated).toBe(true);
      expect(there.device.device).toBe('wasm');

      const generator = await Generator.load(tinyPath('generator'), { device: 'cpu' });
      const numbers = await generator.run(normalLatents([7], generator.latentDim));
      const firsts = (await generator.sample([1, 2, 3])).map(({ data }) => data[1000]);
      await generator.dispose();
      expect(largestDifference(there.numbers, numbers)).toBeLessThan(1e-3);
      expect(largestDifference(there.firsts as number[], firsts as number[])).toBeLessThanOrEqual(1);

      const picture = await decodePicture(studio.picture);
      expect(there.picture).toEqual([...picture.data]);
      const maps = await explain(tinyPath('discriminator'), picture, {
        device: 'cpu',
        methods: 'all',
        targets: 'fake',
      });
      expect(there.maps.map(({ method }) => method)).toEqual(maps.map(({ method }) => method));
      expect(maps).toHaveLength(await methodCount());
      for (const [i, { method, normalized }] of maps.entries()) {
        expect(largestDifference(there.maps[i]!.normalized, normalized), method).toBeLessThan(1e-3);
      }
    });
  });

  it('takes the network in half precision that dtype asks for, and makes the same numbers of it as Node, to 1e-2', async () => {
    const full = await loadModel(tinyPath('generator'));
    const half = modelBytes({ ...full, graph: toFloat16(foldedBatchNorm(full.graph)) });
    await writeFile(join(studio.run, 'onnx', 'generator-fp16.onnx'), half);
    await page.goto(`${studio.url}${RUN}/samples/step-0000002.png`);
    const library = await page.evaluateHandle<typeof Library>("import('/ganscope.js')");
    const there = await library.evaluate(async (ganscope, run) => {
      const loaded: string[] = [];
      const generator = await ganscope.Generator.load(`/${run}/onnx/generator.onnx`, {
        dtype: 'fp16',
        progress_callback: ({ file }) => loaded.push(file),
      });
      const numbers = await generator.run(ganscope.normalLatents([7], generator.latentDim));
      await generator.dispose();
      return { numbers: [...numbers], file: loaded.at(-1), device: generator.choice.device };
    }, RUN);
    expect(there.file).toMatch(/generator-fp16\.onnx$/);
    expect(there.device).toBe('wasm');
    for (const [source, least] of [
      [half, 0],
      [tinyPath('generator'), 1e-6],
    ] as const) {
      const generator = await Generator.load(source, { device: 'cpu' });
      const numbers = await generator.run(normalLatents([7], generator.latentDim));
      await generator.dispose();
      const difference = largestDifference(there.numbers, numbers);
      expect(difference).toBeGreaterThanOrEqual(least);
      expect(difference).toBeLessThan(1e-2);
    }
  });

  it('has WebGPU compute the same as Node to 1e-3; auto does not take it from a software driver', async () => {
    await page.goto(`${studio.url}${RUN}/samples/step-0000002.png`);
    const library = await page.evaluateHandle<typeof Library>("import('/ganscope.js')");
    const there = await library.evaluate(async (ganscope, run) => {
      const generator = await ganscope.Generator.load(`/${run}/onnx/generator.onnx`, { device: 'webgpu' });
      const numbers = await generator.run(ganscope.normalLatents([7], generator.latentDim));
      await generator.dispose();
      return { numbers: [...numbers], device: generator.choice.device, auto: await ganscope.resolveDevice('auto') };
    }, RUN);
    const generator = await Generator.load(tinyPath('generator'), { device: 'cpu' });
    const numbers = await generator.run(normalLatents([7], generator.latentDim));
    await generator.dispose();
    expect(there.device).toBe('webgpu');
    expect(largestDifference(there.numbers, numbers)).toBeLessThan(1e-3);
    expect(there.auto).toEqual({
      device: 'wasm',
      notes: ['Device: wasm', '  not webgpu: it is a software driver, slower than wasm'],
    });
  });
});

/** How many methods `all` means for the discriminator. */
async function methodCount(): Promise<number> {
  await using explainer = await Explainer.load(tinyPath('discriminator'), { device: 'cpu' });
  return explainer.methods().filter((name) => {
    const method = methods[name];
    return method.kind !== 'runs' || !method.costly;
  }).length;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
