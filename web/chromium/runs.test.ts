/** @file What the page shows of runs: each run's own curves, samples and networks, and no others. */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStudio } from '../server/server.node.js';
import { testStudio, tinyPath } from '../server/studio.test.helper.js';
import { chromiumPath, startChromium } from './chromium.test.helper.js';

const WAIT = { timeout: 30_000 };

/** Lines of metrics.jsonl with hinge losses: the generator's is below zero. */
const hinge = (steps: number) =>
  Array.from({ length: steps }, (_, i) => {
    const row = { step: i + 1, epoch: 0, lossD: 1, lossG: i % 2 ? -3 : -1, dReal: 0.75, dFakeBefore: 0.25 };
    return `${JSON.stringify({ ...row, dFakeAfter: 0.2, seconds: 1 })}\n`;
  }).join('');

describe.skipIf(chromiumPath === undefined)('runs in the page', () => {
  let studio: Awaited<ReturnType<typeof testStudio>>;
  let own: Awaited<ReturnType<typeof startStudio>>;
  let browser: Browser;
  let page: Page;
  const text = (id: string) => page.locator(`#${id}`).textContent();
  const until = (id: string, words: RegExp) => expect.poll(() => text(id), WAIT).toMatch(words);

  beforeAll(async () => {
    studio = await testStudio();
    const empty = join(studio.folder, 'runs', 'empty');
    await mkdir(empty);
    await writeFile(join(empty, 'config.json'), '{}');
    const odd = join(studio.folder, 'runs', 'hinge #1?');
    await mkdir(join(odd, 'samples'), { recursive: true });
    await writeFile(join(odd, 'config.json'), '{}');
    await writeFile(join(odd, 'metrics.jsonl'), hinge(40));
    await copyFile(studio.picture, join(odd, 'samples', 'step #2?&%41.png'));
    own = await startStudio({ runs: join(studio.folder, 'runs'), run: empty, port: 0 });
    browser = await startChromium();
    page = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await own?.close();
    await studio?.dispose();
  });

  it('shows an empty run as empty: no curves, no samples and no networks of others', async () => {
    await page.goto('about:blank');
    await page.goto(`${own.url}#view=training`);
    await until('networks-status', /^Run empty has no exported networks/);
    await expect.poll(() => page.locator('.run.watched').textContent(), WAIT).toBe('emptyat rest');
    expect(await page.locator('#model-choice').inputValue()).toBe('empty');
    expect(await page.locator('#losses polyline, #scores polyline, .film-frame img').count()).toBe(0);
    expect(await page.locator('#losses').getAttribute('aria-label')).toBe('Losses: nothing yet.');
    expect(
      await page.locator('.system .stage .picture').evaluate((canvas) => (canvas as HTMLCanvasElement).width),
    ).toBe(300);
  });

  it('leaves nothing of a run behind when another one is chosen', async () => {
    await page.locator('#model-choice').selectOption('birds & bees');
    await expect.poll(() => page.locator('.run.watched').textContent(), WAIT).toBe('birds & beestrainingstep 2');
    await expect.poll(() => page.locator('#losses polyline').count(), WAIT).toBe(2);
    await expect.poll(() => page.locator('.system .verdict .word').textContent(), WAIT).toMatch(/real|fake/);
    await page.locator('#model-choice').selectOption('empty');
    await expect.poll(() => page.locator('.run.watched').textContent(), WAIT).toBe('emptyat rest');
    expect(await page.locator('#losses polyline, .film-frame img, #view .tile, .layer').count()).toBe(0);
  });

  it('has no network of another run in place of one that cannot be opened, and says what is wrong with it', async () => {
    const broken = join(studio.folder, 'runs', 'broken');
    await mkdir(join(broken, 'onnx'), { recursive: true });
    await writeFile(join(broken, 'config.json'), '{}');
    await writeFile(join(broken, 'onnx', 'generator.onnx'), (await readFile(tinyPath('generator'))).subarray(0, 5000));
    await copyFile(tinyPath('discriminator'), join(broken, 'onnx', 'discriminator.onnx'));
    await page.goto('about:blank');
    await page.goto(`${own.url}#view=training`);
    await page.locator('#model-choice').selectOption('birds & bees');
    await expect.poll(() => page.locator('.layer').count(), WAIT).toBe(6);
    await page.locator('#model-choice').selectOption('broken');
    await until(
      'networks-status',
      /^\S+generator\.onnx: expected an ONNX model; got a truncated or foreign file[^\n]*$/,
    );
    // The generator's layers are gone; the discriminator's own are there, and it looks at other pictures.
    expect(await page.locator('.layer').count()).toBe(3);
    await page.getByRole('button', { name: 'space picture 1' }).click();
    await expect.poll(() => page.locator('.system .verdict .word').textContent(), WAIT).toMatch(/real|fake/);
    await rm(broken, { recursive: true });
  });

  it('draws losses below zero inside the chart, with their scale and their own dashes', async () => {
    await page.locator('#model-choice').selectOption('hinge #1?');
    const label = () => page.locator('#losses').getAttribute('aria-label');
    await expect.poll(label, WAIT).toBe('Losses at step 40: D 1, G −3. Arrow keys read other steps');
    await page.locator('#losses').press('ArrowLeft');
    expect(await label()).toMatch(/^Losses at step 39: D 1, G −1\./);
    await page.locator('#losses').blur();
    const [bottom, ...ys] = await page.locator('#losses').evaluate((svg) => {
      const heights = [...svg.querySelectorAll('polyline')].flatMap((line) =>
        [...(line as SVGPolylineElement).points].map(({ y }) => y),
      );
      return [(svg as SVGSVGElement).viewBox.baseVal.height, ...heights];
    });
    expect(ys).toHaveLength(80);
    expect(Math.max(...ys)).toBeLessThanOrEqual(bottom! - 20);
    expect(Math.min(...ys)).toBeGreaterThan(0);
    const dashes = await page
      .locator('#losses polyline')
      .evaluateAll((lines) => lines.map((line) => getComputedStyle(line).strokeDasharray));
    expect(dashes).toEqual(['none', '7px, 3px']);
    expect(await page.locator('#losses text').allTextContents()).toEqual(expect.arrayContaining(['−3', '0', '1']));
  });

  it('shows samples whatever their name', async () => {
    const image = page.locator('.film-frame img');
    await expect.poll(() => image.evaluate((each) => (each as HTMLImageElement).naturalWidth), WAIT).toBe(32);
    expect(await image.getAttribute('src')).toContain(encodeURIComponent('step #2?&%41.png'));
  });
});
