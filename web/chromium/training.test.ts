/** @file The training view: a real run that is started, paused, resumed and stopped on the page, its films, and comparing. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idxFile } from '../../trainer/data/data.test.helper.js';
import { startStudio, type Studio } from '../server/server.node.js';
import { chromiumPath, startChromium } from './chromium.test.helper.js';
import { WAIT } from './page.helper.js';

const gan = [process.execPath, fileURLToPath(new URL('../../cli/gan-train.js', import.meta.url))];
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

describe.skipIf(chromiumPath === undefined)('training in the page', () => {
  let folder: string;
  let studio: Studio;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const run = (name: string) => page.locator('.run').filter({ hasText: name });
  const state = (name: string) => expect.poll(() => run(name).locator('.state').textContent(), WAIT);
  const open = async (settings: Record<string, string> = {}) => {
    await page.goto('about:blank');
    await page.goto(`${studio.url}#${new URLSearchParams({ view: 'training', ...settings })}`);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ganscope-training-page-'));
    await mkdir(join(folder, 'runs'));
    await mkdir(join(folder, 'digits'));
    const pixels = Array.from({ length: 64 * 256 }, (_, i) => (i * i) % 251);
    await writeFile(join(folder, 'digits', 'train-images-idx3-ubyte'), idxFile([64, 16, 16], pixels));
    studio = await startStudio({ runs: join(folder, 'runs'), port: 0, allowTraining: gan });
    browser = await startChromium();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('pageerror', ({ message }) => problems.push(message));
  });
  afterAll(async () => {
    await browser?.close();
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('has no buttons for whoever does not know the token, and says where it is', async () => {
    await open();
    await expect.poll(() => page.locator('.training-runs').textContent(), WAIT).toContain('Open the whole address');
    expect(await page.locator('#start-training').count()).toBe(0);
  });

  it('takes the token out of the address, and keeps it when the page is loaded again', async () => {
    await open({ token: studio.token ?? '' });
    await page.locator('#start-training').waitFor();
    expect(page.url()).not.toContain('token');
    await page.reload();
    await page.locator('#start-training').waitFor();
  });

  it('says of a wrong setting in one line what was expected, at its field', async () => {
    await page.locator('#start-training').click();
    await page.locator('#start-imageSize').fill('60');
    await page.locator('#start').click();
    await expect
      .poll(() => page.locator('#start-problem').textContent(), WAIT)
      .toBe('imageSize: expected 4·2^k between 8 and 512 (8, 16, 32, …); got 60');
    expect(await page.locator('.start-form [aria-invalid=true]').getAttribute('id')).toBe('start-imageSize');
    expect(await readdir(join(folder, 'runs'))).toEqual([]);
  });

  it('starts a run by keyboard, and shows its curves while it trains', async () => {
    const values = {
      name: 'first',
      data: 'digits',
      steps: '100000',
      imageSize: '16',
      batchSize: '4',
      sampleEvery: '20',
      checkpointEvery: '20',
      keep: '4',
    };
    for (const [name, value] of Object.entries(values)) await page.locator(`#start-${name}`).fill(value);
    await page.locator('summary', { hasText: 'More settings' }).click();
    for (const name of ['ngf', 'ndf', 'latentDim']) await page.locator(`#start-${name}`).fill('4');
    await page.locator('#start-channels').fill('1');
    await page.locator('#start-device').selectOption('cpu');
    await page.locator('#start-latentDim').press('Enter');
    await state('first').toBe('training');
    expect(page.url()).toContain('watch=first');
    await expect.poll(() => page.locator('#losses polyline').count(), WAIT).toBe(2);
    await expect.poll(() => page.locator('.film-frame img').count(), WAIT).toBe(1);
  });

  it('pauses it with a checkpoint, resumes it, and stops it', async () => {
    await page.getByRole('button', { name: 'Pause first' }).click();
    await state('first').toBe('paused');
    const rows = async () =>
      (await readFile(join(folder, 'runs', 'first', 'metrics.jsonl'), 'utf8')).split('\n').length;
    const before = await rows();
    await page.reload();
    await page.getByRole('button', { name: 'Resume first' }).click();
    await state('first').toBe('training');
    await expect.poll(rows, WAIT).toBeGreaterThan(before);
    await page.getByRole('button', { name: 'Stop first' }).click();
    await state('first').toBe('stopped');
    expect((await readdir(join(folder, 'runs', 'first', 'checkpoints'))).length).toBeGreaterThan(1);
  });

  it('shows the samples over time as a film, by keys', async () => {
    const image = page.locator('.film-frame img');
    const slider = page.locator('#samples-film-frame');
    await slider.focus();
    await page.keyboard.press('Home');
    await expect.poll(() => image.getAttribute('alt'), WAIT).toBe('Samples of first, step 0');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => image.getAttribute('alt'), WAIT).toBe('Samples of first, step 20');
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/^step 20, frame 2 of \d+$/);
    await expect.poll(() => page.url(), WAIT).toContain('step=20');
    await page.locator('#samples-film-play').press('Enter');
    await expect.poll(() => image.getAttribute('alt'), WAIT).not.toMatch(/step (0|20)$/);
    await page.getByRole('button', { name: 'Pause the film' }).first().press('Enter');
  });

  it('shows what D looks at over the checkpoints, and how much of it is inside a box', async () => {
    await page.locator('#attention').click();
    await expect
      .poll(() => page.locator('#attention-status').textContent(), WAIT)
      .toMatch(/^[1-9]\d* checkpoints; the last colour/);
    const maps = () =>
      page
        .locator('.attended .faded canvas')
        .evaluateAll((all) => (all as HTMLCanvasElement[]).map((canvas) => canvas.toDataURL()));
    const last = await maps();
    expect(last).toHaveLength(8);
    expect(new Set(last).size).toBeGreaterThan(2);
    const cell = page.getByRole('group', { name: /^real picture 1/ });
    await cell.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => cell.getAttribute('aria-label'), WAIT).toMatch(/: \d+ % inside, area 25 %\. Arrow keys/);
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => cell.getAttribute('aria-label'), WAIT).toMatch(/area 26 %/);
    await expect.poll(() => page.locator('#attention-share polyline').count(), WAIT).toBe(2);
    await page.locator('#attention-film-frame').press('Home');
    await expect.poll(maps, WAIT).not.toEqual(last);
    const drawn = page.getByRole('group', { name: /^generated picture of seed 2/ });
    const place = await drawn.boundingBox();
    await drawn.scrollIntoViewIfNeeded();
    const at = (await drawn.boundingBox()) ?? place!;
    await page.mouse.move(at.x + 10, at.y + 10);
    await page.mouse.down();
    await page.mouse.move(at.x + at.width / 2, at.y + at.height / 2, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => page.locator('.attended .box').count(), WAIT).toBe(2);
    await cell.press('Delete');
    await expect.poll(() => page.locator('.attended .box').count(), WAIT).toBe(1);
  });

  it('compares runs: curves over each other, films at one step, and the settings that differ', async () => {
    const second = join(folder, 'runs', 'second');
    await cp(join(folder, 'runs', 'first'), second, { recursive: true });
    const file = join(second, 'config.json');
    const content = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...content, config: { ...content.config, lr: 0.5 } }));
    await writeFile(
      join(second, 'quality.jsonl'),
      '{"step":20,"kid":0.2,"frechet":90}\n{"step":40,"kid":0.1,"frechet":40}\n',
    );
    await page.getByRole('checkbox', { name: 'Watch second' }).click();
    await expect.poll(() => page.locator('#losses polyline').count(), WAIT).toBe(4);
    await expect.poll(() => page.locator('.film-frame img').count(), WAIT).toBe(2);
    expect(await page.locator('#frechet').getAttribute('aria-label')).toMatch(
      /^Fréchet distance at step 40: first –, second 40\./,
    );
    expect(await page.locator('#kid polyline').count()).toBe(1);
    expect(await page.locator('.settings tbody tr').allTextContents()).toEqual(['lr0.0020.5']);
  });

  it('tells that a run was deleted while it was watched, and goes on with the other', async () => {
    await rm(join(folder, 'runs', 'second'), { recursive: true });
    await state('second').toBe('deleted');
    expect(await run('second').locator('.status').textContent()).toBe('there is no run second');
    expect(await run('first').locator('.status').count()).toBe(0);
    await page.getByRole('checkbox', { name: 'Watch second' }).click();
    await expect.poll(() => page.locator('.run').count(), WAIT).toBe(1);
    expect(await page.locator('#losses polyline').count()).toBe(2);
  });

  it.each([
    [390, 'light', { attention: 'gradcam', boxes: 'r0:0.2,0.2,0.6,0.6' }],
    [2560, 'dark', {}],
  ] as const)('fits %d pixels, and axe finds nothing serious in %s colours', async (width, colorScheme, settings) => {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await open({ watch: 'first', ...settings });
    await page.locator('#start-training').click();
    if ('attention' in settings) await page.locator('#attention-share polyline').first().waitFor();
    await expect.poll(() => page.locator('#losses polyline').count(), WAIT).toBe(2);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await page.evaluate(await readFile(axe, 'utf8'));
    const found = await page.evaluate(() =>
      (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
    );
    const serious = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
  });

  it('shifts nothing while it loads', async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.addInitScript(() => {
      const shifts: number[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.push((entry as PerformanceEntry & { value: number }).value);
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await open();
    await expect.poll(() => page.locator('.film-frame img').count(), WAIT).toBe(1);
    const shifts = await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts);
    expect(shifts.reduce((sum, each) => sum + each, 0)).toBeLessThan(0.1);
    expect(problems).toEqual([]);
  });

  it('says that the server does not answer any more, and keeps what it has shown', async () => {
    await studio.close();
    await state('first').toBe('no answer');
    expect(await run('first').locator('.status').textContent()).toBe('gan-studio does not answer: it was stopped');
    expect(await page.locator('#losses polyline').count()).toBe(2);
  });
});
