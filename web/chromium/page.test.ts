/** @file The page of gan-studio: the system, the walk, networks and errors. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, modelBytes } from '../../onnx/index.js';
import { tinyPath } from '../server/studio.test.helper.js';
import { chromiumPath } from './chromium.test.helper.js';
import { fileAt, studioPage, WAIT, type StudioPage } from './page.helper.js';

describe.skipIf(chromiumPath === undefined)('the page', () => {
  let on: StudioPage;
  beforeAll(async () => {
    on = await studioPage();
  });
  afterAll(() => on?.dispose());

  it('opens with a run, its networks and its picture, without errors', async () => {
    await on.open();
    await on.until(
      '#networks-status',
      /Generator generator\.onnx: 32×32 from 128 numbers, on wasm\. Discriminator discriminator\.onnx: 32×32, on wasm\./,
    );
    expect(await on.page.locator('#model-choice').inputValue()).toBe('birds & bees');
    await on.until('.verdict', /fake.*D\(x\) 0\.32/);
    expect(on.problems).toEqual([]);
  });

  it('shows the picture that Node makes of the seed', async () => {
    const shown = await on.page.locator('.system .stage .picture').evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      return [...((canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [])];
    });
    const { data } = on.studio.pictures[0]!;
    const rgb = shown.filter((_, at) => at % 4 !== 3);
    expect(rgb).toHaveLength(data.length);
    expect(Math.max(...rgb.map((level, at) => Math.abs(level - data[at]!)))).toBeLessThanOrEqual(1);
  });

  it('walks by keyboard: picture, map and verdict follow, the address too, and undo goes back', async () => {
    const [picture, map, verdict] = [
      await on.pixels('.system .stage .picture'),
      await on.pixels('.system .overlay'),
      await on.text('.verdict'),
    ];
    await on.page.locator('#pad').focus();
    for (let i = 0; i < 4; i++) await on.page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => on.pixels('.system .stage .picture'), WAIT).not.toBe(picture);
    await expect.poll(() => on.pixels('.system .overlay'), WAIT).not.toBe(map);
    await expect.poll(() => on.text('.verdict'), WAIT).not.toBe(verdict);
    expect(await on.page.locator('#pad').getAttribute('aria-valuetext')).toBe('seed 7, 0.8 across, 0 up');
    await expect.poll(() => new URL(on.page.url()).hash, WAIT).toContain('x=0.8');
    await on.page.keyboard.press('ControlOrMeta+z');
    await expect.poll(() => on.pixels('.system .stage .picture'), WAIT).toBe(picture);
  });

  it('opens a layer: its maps, and its class activation map', async () => {
    const map = await on.pixels('.system .overlay');
    await on.page.getByRole('button', { name: /^Layer d_stage1_leaky_relu/ }).click();
    await expect.poll(() => on.pixels('.system .overlay'), WAIT).not.toBe(map);
    await expect
      .poll(() => on.page.locator('#layer-maps canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).width), WAIT)
      .toBe(6 * 16 + 5);
    await on.page.getByRole('button', { name: 'Close the layer' }).click();
    await expect.poll(() => on.pixels('.system .overlay'), WAIT).toBe(map);
  });

  it('takes dropped networks for what they are, whatever their names', async () => {
    const discriminator = await loadModel(tinyPath('discriminator'));
    for (const [bytes, name, words] of [
      [
        modelBytes({ ...discriminator, metadata: new Map() }),
        'net-0.onnx',
        /Network with one score net-0\.onnx: 32×32/,
      ],
      [await readFile(tinyPath('discriminator')), 'net-1.onnx', /Discriminator net-1\.onnx: 32×32/],
      [await readFile(tinyPath('generator')), 'net-2.onnx', /^Generator net-2\.onnx: 32×32/],
    ] as const) {
      await on.drop([{ name, bytes }]);
      await on.until('#networks-status', words);
    }
  });

  it('answers a broken file with one line where it happens, and goes on with what it had', async () => {
    const broken = join(on.studio.folder, 'broken.onnx');
    await writeFile(broken, (await readFile(tinyPath('generator'))).subarray(0, 5000));
    await on.page.locator('#network-file').setInputFiles(broken);
    await on.until('#networks-status', /^broken\.onnx: expected an ONNX model; got a truncated or foreign file[^\n]*$/);
    expect(await on.page.locator('#networks-status').getAttribute('class')).toContain('error');
    await on.page.locator('#pad').focus();
    const picture = await on.pixels('.system .stage .picture');
    await on.page.keyboard.press('ArrowUp');
    await expect.poll(() => on.pixels('.system .stage .picture'), WAIT).not.toBe(picture);
    await on.drop([{ name: 'x.png', bytes: new Uint8Array([1, 2, 3]), type: 'image/png' }]);
    await on.until('#view .error', /x\.png: expected a picture this browser can read/);
  });

  it('explains a dropped picture by every quick method', async () => {
    await on.open({ view: 'explain' });
    await on.drop([await fileAt(on.studio.picture, 'planet.png')]);
    await on.until('.methods summary', /of [1-9]/);
    await on.page.locator('.methods summary').click();
    const count = Number(/of (\d+)/.exec((await on.text('.methods summary')) ?? '')?.[1]);
    await on.page.locator('#all-methods').click();
    await expect.poll(() => on.page.locator('.cells .stack[tabindex]').count(), WAIT).toBeGreaterThan(10);
    await on.until('#explain-status', /^(\d+) of \1 maps$/);
    expect(await on.page.locator('.cells .stack[tabindex]').count()).toBeLessThanOrEqual(count);
    expect(await on.page.locator('.cells .cell').nth(1).textContent()).toMatch(/^Grad-CAM.*fake {2}−logit/);
  });
});
