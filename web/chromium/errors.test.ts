/** @file What goes wrong is told where it happens, and nothing else breaks. */
import { copyFile, mkdir, open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32Tensor, GraphBuilder, modelBytes, modelOfGraph } from '../../onnx/index.js';
import { tinyPath } from '../server/studio.test.helper.js';
import { chromiumPath } from './chromium.test.helper.js';
import { studioPage, WAIT, type StudioPage } from './page.helper.js';

describe.skipIf(chromiumPath === undefined)('what goes wrong in the page', () => {
  let on: StudioPage;
  beforeAll(async () => {
    on = await studioPage();
  });
  afterAll(() => on?.dispose());
  const walks = async () => {
    const picture = await on.pixels('.system .stage .picture');
    await on.page.locator('#pad').focus();
    await on.page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => on.pixels('.system .stage .picture'), WAIT).not.toBe(picture);
  };

  it('goes on with the networks of a run that is deleted', async () => {
    const run = join(on.studio.folder, 'runs', 'short');
    await mkdir(join(run, 'onnx'), { recursive: true });
    await writeFile(join(run, 'config.json'), '{}');
    for (const role of ['generator', 'discriminator'] as const) {
      await copyFile(tinyPath(role), join(run, 'onnx', `${role}.onnx`));
    }
    await on.open({ run: 'short' });
    await on.until('.verdict .word', /fake|real/);
    await rename(run, join(on.studio.folder, 'gone'));
    await walks();
    await on.open({ run: 'short' });
    await on.until('#networks-status', /^there is no run short any more; choose another one$/);
    await on.page.locator('#model-choice').selectOption('birds & bees');
    await on.until('.verdict .word', /fake|real/);
  });

  it('refuses a network that is too large, by its name', async () => {
    const large = join(on.studio.folder, 'large.onnx');
    const file = await open(large, 'w');
    await file.truncate(2 ** 31);
    await file.close();
    await on.page.locator('#network-file').setInputFiles(large);
    await on.until('#networks-status', /^large\.onnx: larger than 2 GiB$/);
    await walks();
  });

  it('tells of an address that makes no sense, and of a point that is none', async () => {
    const broken = '7~3~pc:1~pc:2~0~0';
    await on.open({ centre: 'nonsense', across: 'pc:99', places: `7|${broken}`, a: broken, real: `z:${broken}` });
    await on.until('.system > .error', /expected seeds/);
    expect(await on.page.locator('.place-list li').count()).toBe(1);
    await on.page.locator('#seed').fill('7~3');
    await on.page.keyboard.press('Enter');
    await on.until('#pad-status', /^expected seeds, such as 7 or 3 - 1 \+ 2; got 7~3$/);
    await on.page.locator('#seed').fill('7');
    await on.page.keyboard.press('Enter');
    await on.until('#pad-status', /^$/);
    await on.until('.verdict .word', /fake|real/);
    await on.page.locator('#pad').focus();
    await on.page.keyboard.press('ArrowRight');
    await on.until('.system > .error', /^direction: expected pc:1…pc:8; got pc:99$/);
    await on.page.locator('#direction-across').selectOption('pc:1');
    await expect.poll(() => on.page.locator('.system > .error').count(), WAIT).toBe(0);
  });

  it('opens its networks again with WebAssembly where WebGPU is lost', async () => {
    // Software WebGPU is slow: a network of one layer.
    const b = new GraphBuilder();
    const latent = b.input('latent', 'float32', ['batch', 6]);
    const weights = Float32Array.from({ length: 6 * 48 }, (_, at) => Math.sin(at));
    const made = b.matMul(latent, b.initializer('weights', float32Tensor(weights, [6, 48])));
    b.output(b.reshape(b.op('Tanh', [made]), ['batch', 3, 4, 4]), 'image');
    const empty = join(on.studio.folder, 'runs', 'empty');
    await mkdir(empty);
    await writeFile(join(empty, 'config.json'), '{}');
    await on.open({ device: 'webgpu', run: 'empty' });
    await on.until('#networks-status', /no exported networks/);
    await on.drop([{ name: 'small.onnx', bytes: modelBytes(modelOfGraph(b.graph)) }]);
    await on.until('#networks-status', /^Generator small\.onnx: 4×4 from 6 numbers, on webgpu\.$/);
    const browser = await on.browser.newBrowserCDPSession();
    await browser.send('Browser.crashGpuProcess').catch(() => {});
    await on.until(
      '#networks-status',
      /^WebGPU was lost \(.*\)\. The page is as it was; its networks have to be opened again\./,
    );
    await on.page.locator('#use-wasm').click();
    await on.until('#networks-status', /^Generator small\.onnx: 4×4 from 6 numbers, on wasm\.$/);
    await walks();
  });
});
