/** @file Explaining in the page: many methods, one scale, values under the pointer, comparisons, proofs, classifiers. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateMethods, Explainer } from '../../explain/index.js';
import { decodePicture } from '../../inference/index.js';
import { tinyPath } from '../server/studio.test.helper.js';
import { chromiumPath } from './chromium.test.helper.js';
import { fileAt, studioPage, WAIT, type StudioPage } from './page.helper.js';

const golden = (name: string) => fileURLToPath(new URL(`../../../fixtures/golden/${name}`, import.meta.url));

describe.skipIf(chromiumPath === undefined)('explaining in the page', () => {
  let on: StudioPage;
  beforeAll(async () => {
    on = await studioPage();
    await on.open({ view: 'explain', methods: 'gradcam,hirescam' });
    await on.until('.methods summary', /of [1-9]/);
  });
  afterAll(() => on?.dispose());
  const maps = () => on.page.locator('.cells .stack[tabindex]');

  it('takes a folder of pictures, and compares several of them', async () => {
    const { bytes } = await fileAt(on.studio.picture);
    await on.drop(['a.png', 'b.png', 'c.png'].map((name) => ({ name, bytes, type: 'image/png' })));
    await expect.poll(() => on.page.locator('.subjects button[aria-pressed]').count(), WAIT).toBe(4);
    await on.page
      .getByRole('button', { name: 'b.png' })
      .last()
      .click({ modifiers: ['Shift'] });
    await expect.poll(() => maps().count(), WAIT).toBe(4);
    expect(await on.page.locator('.map-row h3').allTextContents()).toEqual(['a.png', 'b.png']);
    await on.until('#explain-status', /^4 of 4 maps$/);
  });

  it('reads the value under the pointer in all maps at the same place, also by keyboard', async () => {
    await maps()
      .first()
      .hover({ position: { x: 20, y: 30 } });
    await expect.poll(() => on.page.locator('.reading').count(), WAIT).toBe(4);
    const values = await on.page.locator('.reading').allTextContents();
    expect(values.every((text) => /^\d/.test(text))).toBe(true);
    expect(values[0]).toBe(values[2]);
    await on.page.mouse.move(0, 0);
    await maps().first().focus();
    for (let i = 0; i < 5; i++) await on.page.keyboard.press('ArrowLeft');
    await expect.poll(() => maps().first().getAttribute('aria-label'), WAIT).toMatch(/^Grad-CAM: fake .*; here \d/);
  });

  it('fades the maps, and puts those of a method on one scale', async () => {
    await on.page.locator('#opacity').fill('0.2');
    await expect
      .poll(
        () =>
          on.page
            .locator('.faded')
            .first()
            .evaluate((each) => getComputedStyle(each).opacity),
        WAIT,
      )
      .toBe('0.2');
    const before = await on.pixels('.faded canvas');
    await on.page.locator('#scale').selectOption('one');
    await on.page.locator('#compare').selectOption('layers');
    await expect.poll(() => maps().count(), WAIT).toBe(6);
    await expect.poll(() => on.pixels('.faded canvas'), WAIT).not.toBe(before);
    await on.page.locator('#compare').selectOption('');
    await on.page.locator('#scale').selectOption('');
  });

  it('proves a map: the curve has the area that the library measures', async () => {
    await on.page.locator('#proof').click();
    await expect.poll(() => on.page.locator('.proof polyline').count(), WAIT).toBe(4);
    await on.until('#explain-status', /^4 maps proven/);
    await using explainer = await Explainer.load(tinyPath('discriminator'), { device: 'cpu' });
    const picture = await decodePicture(on.studio.picture);
    const { methods } = await evaluateMethods(explainer, [{ picture, target: 'fake' }], {
      methods: ['gradcam'],
      metrics: ['deletion'],
    });
    const area = methods[0]?.values.deletion ?? Number.NaN;
    expect(Number(/deletion ([\d.]+)/.exec((await on.text('.cells .cell:nth-child(2)')) ?? '')?.[1])).toBeCloseTo(
      area,
      2,
    );
    const whole = await on.pixels('.cells .cell:nth-child(2) canvas');
    await on.page.locator('#removed').fill('0.3');
    await expect.poll(() => on.pixels('.cells .cell:nth-child(2) canvas'), WAIT).not.toBe(whole);
    await on.page.locator('#proof').click();
  });

  it('compares two networks', async () => {
    await on.page.locator('#compare').selectOption('networks');
    await on.page
      .locator('#other-file')
      .setInputFiles({ name: 'other.onnx', mimeType: '', buffer: await readFile(golden('discriminator-dense.onnx')) });
    await expect
      .poll(() => on.page.locator('.map-row h3').allTextContents(), WAIT)
      .toEqual(['a.png: discriminator.onnx', 'a.png: other.onnx']);
    await expect.poll(() => maps().count(), WAIT).toBe(4);
    await on.page.locator('#compare').selectOption('');
  });

  it("explains anyone's classifier: top five classes, by name where names are given", async () => {
    await on.drop([await fileAt(golden('resnet-dynamo.onnx'), 'animals.onnx')]);
    await on.until('#networks-status', /Classifier of 5 classes animals\.onnx: 24×24/);
    await on.until('.system .classes', /^class \d/);
    expect(await on.page.locator('.system .classes li').count()).toBe(5);
    expect(await on.page.locator('#target option').count()).toBe(6);
    const names = ['cat', 'dog', 'bird', 'fish', 'horse'];
    await on.page
      .locator('#labels-file')
      .setInputFiles({ name: 'names.txt', mimeType: 'text/plain', buffer: Buffer.from(`${names.join('\n')}\n`) });
    await on.until('.system .classes', /cat|dog|bird|fish|horse/);
    await on.page.locator('#target').selectOption('2');
    await expect.poll(() => maps().first().getAttribute('aria-label'), WAIT).toMatch(/class 2 \(bird\)/);
    expect(on.problems).toEqual([]);
  });
});
