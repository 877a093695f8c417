/** @file report.html in a browser, as a person sees it on a phone and on a wide screen. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportContent } from '../../trainer/report/content.node.js';
import { reportFigures } from '../../trainer/report/figures.node.js';
import { reportPage } from '../../trainer/report/page.js';
import { configWith } from '../../trainer/settings/presets.js';
import { chromiumPath, startChromium } from './chromium.test.helper.js';

const rows = Array.from({ length: 300 }, (_, i) => ({
  step: i + 1,
  epoch: 0,
  lossD: 0.5,
  lossG: -1.5,
  dReal: 0.8,
  dFakeBefore: 0.4,
  dFakeAfter: 0.2,
  seconds: 0.25,
}));
const picture = { width: 8, height: 8, channels: 1 as const, data: new Uint8Array(64) };

describe.skipIf(chromiumPath === undefined)('report.html', () => {
  let folder: string;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ganscope-report-'));
    const figures = await reportFigures(
      { rows, quality: [] },
      { real: [picture], fake: [picture], columns: 1, caption: '1 fixed latent', done: 300 },
    );
    const config = configWith('space', { diffaugment: ['color', 'translation', 'cutout'], kernelInit: 'normal' });
    const content = reportContent({
      run: 'runs/space',
      config,
      data: 'pictures',
      device: 'ONNX Runtime (cpu)',
      rows,
      quality: [],
      done: 300,
      steps: 300,
      stepsPerEpoch: 100,
      figures,
    });
    await writeFile(join(folder, 'report.html'), reportPage(content));
    browser = await startChromium();
    page = await browser.newPage();
    await page.goto(pathToFileURL(join(folder, 'report.html')).href);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Sizes of the plots: in the file, and on the page. */
  const plots = () =>
    page
      .locator('img.plot')
      .evaluateAll((images) =>
        (images as HTMLImageElement[]).map(({ naturalWidth, clientWidth }) => [naturalWidth, clientWidth] as const),
      );

  it.each([390, 1280])('fits %i pixels, and the text of its plots is at least 10 pixels high', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await expect
      .poll(async () => {
        // Text is 12 layout pixels high, and a file has two pixels for each of them.
        return (await plots()).map(([natural, shown]) => (12 * 2 * shown) / natural >= 10);
      })
      .toEqual([true, true]);
  });

  it('breaks no setting at 390 pixels', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    const broken = await page.locator('table.settings tr > *').evaluateAll((cells) =>
      cells
        .filter((cell) => {
          const range = document.createRange();
          range.selectNodeContents(cell);
          return new Set([...range.getClientRects()].map(({ top }) => Math.round(top / 4))).size > 1;
        })
        .map(({ textContent }) => textContent),
    );
    expect(broken).toEqual([]);
    expect(await page.locator('table.settings').innerText()).toContain('--diffaugment');
  });
});
