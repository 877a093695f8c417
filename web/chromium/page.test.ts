import { appendFile, readFile, utimes, writeFile } from 'node:fs/promises';
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
import { metricsLine, testStudio, tinyPath } from '../server/studio.test.helper.js';

const RUN = 'runs/birds%20%26%20bees';
const WAIT = { timeout: 30_000 };

/** How many methods `all` means for the discriminator. */
async function methodCount(): Promise<number> {
  await using explainer = await Explainer.load(tinyPath('discriminator'), { device: 'cpu' });
  return explainer.methods().filter((name) => {
    const method = methods[name];
    return method.kind !== 'runs' || !method.costly;
  }).length;
}

describe.skipIf(chromiumPath === undefined)('in Chromium', () => {
  let studio: Awaited<ReturnType<typeof testStudio>>;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const text = (id: string) => page.locator(`#${id}`).textContent();
  const until = (id: string, words: RegExp) => expect.poll(() => text(id), WAIT).toMatch(words);

  beforeAll(async () => {
    studio = await testStudio();
    browser = await startChromium();
    page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('requestfailed', (request) => problems.push(request.url()));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
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

  describe('the page', () => {
    it('opens with a run, its samples and its networks, without errors', async () => {
      problems.length = 0;
      await page.goto(studio.url);
      await until('samples-status', /^12 pictures in/);
      await until(
        'models-status',
        /Generator generator\.onnx: 32×32 from 128 numbers, on wasm\. Discriminator discriminator\.onnx: 32×32, on wasm\./,
      );
      expect(await page.locator('#model-choice').inputValue()).toBe('birds & bees');
      expect(problems).toEqual([]);
    });

    it('samples by keyboard: the same pictures as Node', async () => {
      await page.locator('#seed').focus();
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type('7');
      await page.keyboard.press('Tab');
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type('2');
      await page.keyboard.press('Enter');
      await until('samples-status', /^2 pictures in/);
      const shown = await page
        .locator('#samples-pictures canvas')
        .evaluateAll((canvases) =>
          (canvases as HTMLCanvasElement[]).map((canvas) => [
            ...(canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []),
          ]),
        );
      expect(shown).toHaveLength(2);
      for (const [i, { data }] of studio.pictures.entries()) {
        const rgb = shown[i]!.filter((_, at) => at % 4 !== 3);
        expect(largestDifference(rgb, data)).toBeLessThanOrEqual(1);
      }
      expect(await page.locator('#samples-pictures canvas').first().getAttribute('aria-label')).toBe(
        'Picture of seed 7',
      );
    });

    it('walks by keyboard, and plays', async () => {
      const pixels = () =>
        page.locator('#walk-picture').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
      await page.locator('#walk-position').focus();
      const before = await pixels();
      await page.keyboard.press('End');
      await expect
        .poll(() => page.locator('#walk-picture').getAttribute('aria-label'), WAIT)
        .toBe('Picture 1.00 of the way from seed 0 to seed 1');
      expect(await pixels()).not.toBe(before);
      await page.keyboard.press('ArrowLeft');
      expect(await text('walk-value')).toBe('0.99');
      await page.locator('#walk-play').focus();
      await page.keyboard.press('Space');
      await expect.poll(() => text('walk-value'), WAIT).not.toBe('0.99');
      expect(await page.locator('#walk-play').getAttribute('aria-pressed')).toBe('true');
      await page.keyboard.press('Space');
      expect(await text('walk-play')).toBe('Play');
    });

    it('explains a dropped picture by every method', async () => {
      const bytes = [...(await readFile(studio.picture))];
      await page.evaluate((numbers) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(numbers)], 'planet.png', { type: 'image/png' }));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
      }, bytes);
      const count = await methodCount();
      await until('explanation-status', new RegExp(`^${count} methods done`));
      expect(await page.locator('#explanation-pictures canvas').count()).toBe(count + 1);
      expect(await page.locator('#explanation-pictures li').nth(1).textContent()).toMatch(/^Grad-CAM.*fake {2}−logit/);
      await page.locator('#method').selectOption('gradcam++');
      await until('explanation-status', /^1 method done/);
      expect(problems).toEqual([]);
    });

    it('takes dropped networks for what they are, whatever their names', async () => {
      const discriminator = await loadModel(tinyPath('discriminator'));
      for (const [network, name, words] of [
        [
          modelBytes({ ...discriminator, metadata: new Map() }),
          'net-0.onnx',
          /Network with one score net-0\.onnx: 32×32/,
        ],
        [await readFile(tinyPath('discriminator')), 'net-1.onnx', /Discriminator net-1\.onnx: 32×32/],
        [await readFile(tinyPath('generator')), 'net-2.onnx', /^Generator net-2\.onnx: 32×32/],
      ] as const) {
        const bytes = [...network];
        await page.evaluate(
          ({ numbers, file }) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(numbers)], file));
            document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
          },
          { numbers: bytes, file: name },
        );
        await until('models-status', words);
      }
    });

    it('answers a broken file with one line, and goes on with what it had', async () => {
      const broken = join(studio.folder, 'broken.onnx');
      await writeFile(broken, (await readFile(tinyPath('generator'))).subarray(0, 5000));
      await page.locator('#generator-file').setInputFiles(broken);
      await until('models-status', /^broken\.onnx: expected an ONNX model; got a truncated or foreign file[^\n]*$/);
      expect(await page.locator('#models-status').getAttribute('class')).toBe('error');
      await page
        .locator('#picture-file')
        .setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('x') });
      await until('explanation-status', /^x\.png: expected a picture this browser can read/);
      await page.locator('#samples-form button').click();
      await until('samples-status', /^2 pictures in/);
    });

    it('follows a run that trains', async () => {
      const now = new Date();
      await utimes(join(studio.run, 'metrics.jsonl'), now, now);
      await until('training-status', /^Step 2, epoch 1; training/);
      expect(await text('losses-text')).toBe('Losses at step 2: D 0.5, G 2');
      await appendFile(join(studio.run, 'metrics.jsonl'), metricsLine(3).slice(20) + metricsLine(4));
      await until('training-status', /^Step 4/);
      expect(await page.locator('#losses polyline').count()).toBe(2);
      expect(await page.locator('#run-samples').evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(32);
    });

    it('fits 360 pixels, labels every control and takes focus from top to bottom', async () => {
      await page.setViewportSize({ width: 360, height: 800 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
      const unlabelled = await page.locator('input, select, button, canvas, svg, img').evaluateAll((elements) =>
        elements
          .filter((element) => {
            const labels = (element as HTMLInputElement).labels?.length ?? 0;
            return (
              !labels &&
              !element.getAttribute('aria-label') &&
              !element.textContent &&
              !(element as HTMLImageElement).alt
            );
          })
          .map(({ id }) => id),
      );
      expect(unlabelled).toEqual([]);
      await page.evaluate(() => (document.activeElement as HTMLElement).blur());
      const order: (string | undefined)[] = [];
      for (let i = 0; i < 9; i++) {
        await page.keyboard.press('Tab');
        order.push(
          await page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim()),
        );
      }
      expect(new Set(order).size).toBe(9);
    });

    it('is readable in the dark', async () => {
      await page.emulateMedia({ colorScheme: 'dark' });
      const [paper, ink] = await page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body);
        return [backgroundColor, color].map((css) => Number(/\d+/.exec(css)?.[0]));
      });
      expect(ink! - paper!).toBeGreaterThan(180);
    });
  });
});

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
