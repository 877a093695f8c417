/** @file The page's samples, arithmetic, places and exports. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePicture, Generator, loadLatents, normalLatents } from '../../inference/index.js';
import { tinyPath } from '../server/studio.test.helper.js';
import { chromiumPath } from './chromium.test.helper.js';
import { studioPage, WAIT, type StudioPage } from './page.helper.js';

const SAMPLE = fileURLToPath(new URL('../../cli/gan-sample.js', import.meta.url));

describe.skipIf(chromiumPath === undefined)('samples in the page', () => {
  let on: StudioPage;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ganscope-exports-'));
    on = await studioPage();
    await on.open();
    await on.until('.verdict .word', /fake|real/);
  });
  afterAll(async () => {
    await on?.dispose();
    await rm(folder, { recursive: true, force: true });
  });
  const tile = (seed: number) => on.page.locator(`.tile[data-seed="${seed}"]`);
  const setting = (name: string) => new URLSearchParams(new URL(on.page.url()).hash.slice(1)).get(name);
  /** Clicks what writes a file; returns where it lies. */
  const written = async (id: string) => {
    const [download] = await Promise.all([on.page.waitForEvent('download'), on.page.locator(id).click()]);
    const path = join(folder, download.suggestedFilename());
    await download.saveAs(path);
    return path;
  };

  it('has no end: one scrolls on, and only what is seen is on the page', async () => {
    await expect.poll(() => tile(0).locator('canvas').count(), WAIT).toBe(1);
    const scroller = on.page.locator('.scroller');
    const before = await scroller.evaluate((element) => element.scrollHeight);
    await scroller.evaluate((element) => (element.scrollTop = element.scrollHeight));
    await expect.poll(() => scroller.evaluate((element) => element.scrollHeight), WAIT).toBeGreaterThan(before);
    await scroller.evaluate((element) => (element.scrollTop = 4000));
    await expect.poll(() => tile(0).count(), WAIT).toBe(0);
    await expect.poll(() => on.page.locator('.tile canvas').count(), WAIT).toBeGreaterThan(20);
    expect(await on.page.locator('.tile').count()).toBeLessThan(120);
    await scroller.evaluate((element) => (element.scrollTop = 0));
  });

  it('walks to a sample, and has the picture that Node makes of it', async () => {
    await tile(8).click();
    await expect.poll(() => on.page.locator('#seed').inputValue(), WAIT).toBe('8');
    await on.page.locator('.exports summary').click();
    await on.until('#command', /^gan-sample --model 'runs\/birds & bees\/onnx\/generator\.onnx' --seeds 8/);
    await expect
      .poll(async () => {
        const { data, info } = await sharp(await written('#export-png'))
          .removeAlpha()
          .resize(32, 32, { kernel: 'nearest' })
          .raw()
          .toBuffer({ resolveWithObject: true });
        expect(info.width).toBe(32);
        const picture = on.studio.pictures[1]!;
        return Math.max(...picture.data.map((level, at) => Math.abs(level - data[at]!)));
      }, WAIT)
      .toBeLessThanOrEqual(1);
    // It stays the picture of the command while the discriminator looks at another one.
    const before = await readFile(await written('#export-png'));
    const shown = await on.pixels('.system .stage .picture');
    await on.page.locator('.sources .picture-button').nth(1).click();
    await expect.poll(() => on.pixels('.system .stage .picture'), WAIT).not.toBe(shown);
    expect((await readFile(await written('#export-png'))).equals(before)).toBe(true);
    await on.page.locator('.sources .picture-button').first().click();
    await on.page.locator('#model-choice').selectOption('');
    await on.until('#command', /^gan-sample --model generator\.onnx --seeds 8/);
    expect((await readFile(await written('#export-generator'))).equals(await readFile(tinyPath('generator')))).toBe(
      true,
    );
    await on.page.locator('#model-choice').selectOption('birds & bees');
    await on.until('#command', /^gan-sample --model 'runs\/birds & bees\/onnx\/generator\.onnx' --seeds 8/);
  });

  it('is sorted by score', async () => {
    await on.page.locator('#sort').selectOption('high');
    await on.until('#samples-status', /^120 of 120 seeds scored/);
    const scores = await on.page
      .locator('.tile')
      .evaluateAll((tiles) =>
        tiles.map((each) =>
          Number(/score ([−\d.]+)/.exec(each.getAttribute('aria-label') ?? '')?.[1]?.replace('−', '-')),
        ),
      );
    expect(scores).toHaveLength(120);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    await on.page.locator('#sort').selectOption('');
  });

  it('puts samples into the arithmetic by menu and by dragging, and walks from the result', async () => {
    await expect.poll(() => tile(3).locator('canvas').count(), WAIT).toBe(1);
    await tile(3).focus();
    await on.page.keyboard.press('Tab');
    await on.page.keyboard.press('Enter');
    await on.page.getByRole('menuitem', { name: 'Arithmetic: A' }).click();
    await tile(1).dragTo(on.page.locator('#slot-b'));
    await tile(2).dragTo(on.page.locator('#slot-c'));
    await expect.poll(() => [setting('a'), setting('b'), setting('c')], WAIT).toEqual(['3', '1', '2']);
    await on.page.locator('#arithmetic-result').click();
    await expect.poll(() => on.page.locator('#seed').inputValue(), WAIT).toBe('3 - 1 + 2');
    const generator = await Generator.load(tinyPath('generator'), { device: 'cpu' });
    const [a, b, c] = [3, 1, 2].map((seed) => normalLatents([seed], generator.latentDim));
    const [picture] = await generator.pictures(a!.map((value, i) => value - b![i]! + c![i]!));
    await generator.dispose();
    await expect
      .poll(
        () =>
          on.page
            .locator('.system .stage .picture')
            .evaluate((canvas) => {
              const { width, height } = canvas as HTMLCanvasElement;
              const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
              return [...data].filter((_, at) => at % 4 !== 3);
            })
            .then((shown) => Math.max(...shown.map((level, at) => Math.abs(level - picture!.data[at]!)))),
        WAIT,
      )
      .toBeLessThanOrEqual(1);
  });

  it('drops a sample onto the pad and onto the explanation', async () => {
    await tile(5).dragTo(on.page.locator('#pad'));
    await expect.poll(() => on.page.locator('#seed').inputValue(), WAIT).toBe('5');
    await tile(6).focus();
    await on.page.keyboard.press('Shift+F10');
    await on.page.getByRole('menuitem', { name: 'Explain' }).click();
    await on.until('.map-row h3', /^seed 6$/);
    await on.page.getByRole('tab', { name: 'Samples' }).click();
  });

  it('makes a direction of marked pictures', async () => {
    const mark = async (seed: number, name: string) => {
      await tile(seed).click({ button: 'right' });
      await on.page.getByRole('menuitem', { name }).click();
    };
    await expect.poll(() => tile(3).locator('canvas').count(), WAIT).toBe(1);
    await mark(2, 'More of what it has');
    await mark(3, 'More of what it has');
    await mark(4, 'Less of what it has');
    await on.page.locator('#direction-across').selectOption('what you marked');
    await expect.poll(() => setting('across'), WAIT).toBe('along:mean(2,3) - mean(4)');
    const picture = await on.pixels('.system .stage .picture');
    await on.page.locator('#pad').focus();
    await on.page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => on.pixels('.system .stage .picture'), WAIT).not.toBe(picture);
  });

  it('walks between saved places, and writes them as an animation and as latents, which gan-sample takes', async () => {
    await on.open({ places: '7|8|9~pc:1~to:3~0.5~-0.25' });
    await expect.poll(() => on.page.locator('.place-list canvas').count(), WAIT).toBe(3);
    await on.page.locator('#play').click();
    const shown = new Set<string>();
    await expect.poll(async () => shown.add(await on.pixels('.system .stage .picture')).size, WAIT).toBeGreaterThan(3);
    await on.page.locator('#play').click();
    await on.page.locator('.exports summary').click();
    const animation = await sharp(await written('#export-webp'), { pages: -1 }).metadata();
    expect(animation).toMatchObject({ format: 'webp', pages: 72, width: 256, pageHeight: 256, loop: 0 });
    const latents = await loadLatents(await written('#export-npy'), 128);
    expect([...latents.subarray(0, 128)]).toEqual([...normalLatents([7], 128)]);
    expect(latents).toHaveLength(3 * 128);
    expect(await on.text('#command')).toContain('--keyframes places.npy');
    const words = [
      '--model',
      tinyPath('generator'),
      '--interpolate',
      'slerp',
      '--keyframes',
      'places.npy',
      '--loop',
      '--frames',
      '72',
      '--fps',
      '24',
    ];
    await promisify(execFile)(process.execPath, [SAMPLE, ...words, '--out', 'walk'], { cwd: folder });
    const files = await readdir(join(folder, 'walk'), { recursive: true });
    const frame = await decodePicture(join(folder, 'walk', files.find((name) => name.endsWith('00000.png')) ?? ''));
    expect(frame.data).toEqual(on.studio.pictures[0]!.data);
    const { data } = await sharp(join(folder, 'walk.webp'))
      .removeAlpha()
      .resize(32, 32)
      .raw()
      .toBuffer({ resolveWithObject: true });
    const differences = [...data].map((level, at) => Math.abs(level - frame.data[at]!));
    expect(differences.reduce((sum, each) => sum + each, 0) / differences.length).toBeLessThan(6);
  });
});
