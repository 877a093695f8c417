/** @file The page for everybody: by keyboard alone, for screen readers, on small and large screens, with little motion. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AxeResults } from 'axe-core';
import { chromiumPath } from './chromium.test.helper.js';
import { studioPage, WAIT, type StudioPage } from './page.helper.js';

describe.skipIf(chromiumPath === undefined)('the page for everybody', () => {
  let on: StudioPage;
  let axe: string;
  beforeAll(async () => {
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    on = await studioPage();
  });
  afterAll(() => on?.dispose());
  const ready = () => on.until('.verdict .word', /fake|real/);

  it.each([
    [390, 'light', { places: '7|8', a: '1', b: '2' }],
    [1280, 'dark', { view: 'explain', methods: 'gradcam', look: 'd:d_stage2_leaky_relu/LeakyRelu', proof: '1' }],
    [2560, 'light', { view: 'training' }],
  ] as [number, 'light' | 'dark', Record<string, string>][])(
    'has no serious finding of axe at %s pixels, %s, %o',
    async (width, colorScheme, settings) => {
      await on.page.setViewportSize({ width, height: 900 });
      await on.page.emulateMedia({ colorScheme });
      await on.open(settings);
      await ready();
      if (settings['view'] === 'explain') await on.until('.proof .legend', /Grad-CAM/);
      await on.page.evaluate(axe);
      const { violations } = (await on.page.evaluate('axe.run()')) as AxeResults;
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
    },
  );

  it('fits 390 to 2560 pixels without scrolling sideways, in every view', async () => {
    await on.open({ look: 'g:g_stage1_relu/Relu', places: '7|8' });
    await ready();
    for (const width of [390, 768, 1280, 2560]) {
      await on.page.setViewportSize({ width, height: 900 });
      for (const view of ['Samples', 'Explain', 'Training']) {
        await on.page.getByRole('tab', { name: view }).click();
        expect(await on.page.evaluate(() => document.documentElement.scrollWidth), `${view} ${width}`).toBe(width);
      }
    }
    await on.page.getByRole('tab', { name: 'Samples' }).click();
  });

  it('does not move what is there while it loads', async () => {
    await on.page.setViewportSize({ width: 1280, height: 900 });
    await on.page.addInitScript(() => {
      Object.assign(globalThis, { shifts: 0 });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          (globalThis as unknown as { shifts: number }).shifts += (entry as PerformanceEntry & { value: number }).value;
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await on.open();
    await ready();
    await expect.poll(() => on.page.locator('.tile canvas').count(), WAIT).toBeGreaterThan(8);
    expect(await on.page.evaluate('shifts')).toBeLessThan(0.1);
  });

  it('is used by keyboard alone: a layer, a walk, a place, a sample, the explanation, and back', async () => {
    const focused = () =>
      on.page.evaluate(
        () =>
          document.activeElement?.id ||
          document.activeElement?.getAttribute('aria-label') ||
          document.activeElement?.textContent,
      );
    const tabTo = async (wanted: RegExp) => {
      for (let i = 0; i < 80; i++) {
        if (wanted.test((await focused()) ?? '')) return;
        await on.page.keyboard.press('Tab');
      }
      throw new Error(`no Tab leads to ${wanted}`);
    };
    await on.page.locator('h1').click();
    await tabTo(/^Layer d_stage1/);
    await on.page.keyboard.press('Enter');
    expect(await on.page.locator('#layer-maps').count()).toBe(1);
    await tabTo(/^pad$/);
    await on.page.keyboard.press('ArrowRight');
    expect(await on.page.locator('#pad').getAttribute('aria-valuenow')).toBe('0.05');
    await tabTo(/^save-place$/);
    await on.page.keyboard.press('Enter');
    await expect.poll(() => on.page.locator('.place-list li').count(), WAIT).toBe(1);
    await tabTo(/^Seed \d+.*walk there$/);
    await on.page.keyboard.press('ArrowRight');
    await expect.poll(focused, WAIT).toMatch(/^Seed 1\b/);
    await on.page.keyboard.press('Enter');
    await expect.poll(() => on.page.locator('#seed').inputValue(), WAIT).toBe('1');
    await on.page.keyboard.press('Tab');
    await on.page.keyboard.press('Enter');
    await expect.poll(focused, WAIT).toBe('Walk there');
    await on.page.keyboard.press('ArrowDown');
    await on.page.keyboard.press('Enter');
    await on.until('.map-row h3', /^seed 1$/);
    for (let i = 0; i < 4; i++) await on.page.keyboard.press('ControlOrMeta+z');
    await expect.poll(() => on.page.locator('#pad').getAttribute('aria-valuenow'), WAIT).toBe('0');
    await on.page.keyboard.press('ControlOrMeta+Shift+z');
    expect(await on.page.getByRole('button', { name: 'Undo' }).isEnabled()).toBe(true);
  });

  it('is readable in the dark, by choice too, and keeps still where little motion is wanted', async () => {
    const levels = () =>
      on.page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body);
        return [backgroundColor, color].map((css) => Number(/\d+/.exec(css)?.[0]));
      });
    await on.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    const [paper, ink] = await levels();
    expect(ink! - paper!).toBeGreaterThan(180);
    await on.page.getByRole('button', { name: 'Colours: system' }).click();
    await expect.poll(async () => (await levels())[0], WAIT).toBeGreaterThan(200);
    await on.page.getByRole('button', { name: 'Colours: light' }).click();
    await expect.poll(async () => (await levels())[0], WAIT).toBeLessThan(60);
    const moving = await on.page.evaluate(() => document.getAnimations().length);
    expect(moving).toBe(0);
  });
});
