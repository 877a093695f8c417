/**
 * @file `npm run bench:studio`: the page of gan-studio in Chromium: its size, the time to its first picture, and frames per
 * second of a walk, each frame with both networks, their layers and the heatmap.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { discriminatorSignature, exportedModel, generatorSignature } from '../exporter/index.js';
import { modelBytes } from '../onnx/index.js';
import { configWith } from '../trainer/settings/presets.js';
import { discriminatorModel, generatorModel } from '../trainer/step/tfjs/models.js';
import { chromiumPath, startChromium } from '../web/chromium/chromium.test.helper.js';
import { startStudio } from '../web/server/server.node.js';
import { machine, median } from './timing.js';

/** Base channels of the small networks of 64×64 pictures. */
const CHANNELS = 16;
const [OPENINGS, SECONDS] = [5, 8];
const PAGE = fileURLToPath(new URL('../browser/', import.meta.url));

if (chromiumPath === undefined) throw new Error('there is no Chromium: apt-get install chromium');
console.log(`${machine()}\n`);
await printSizes();
const folder = await mkdtemp(join(tmpdir(), 'ganscope-bench-'));
await writeNetworks(join(folder, 'small', 'onnx'));
const studio = await startStudio({ runs: folder, port: 0 });
const browser = await startChromium();
try {
  for (const [name, settings] of [
    ['32×32 networks of the package', 'run=-'],
    [`64×64 networks, ${CHANNELS} base channels`, 'run=small'],
  ] as const) {
    const opened: number[] = [];
    for (let i = 0; i < OPENINGS; i++) opened.push(await firstPicture(browser, `${studio.url}#${settings}`));
    const rates = await frameRates(browser, `${studio.url}#${settings}`);
    console.log(
      `${name}: first picture after ${median(opened).toFixed(0)} ms (${opened.map((time) => time.toFixed(0)).join(', ')}), ` +
        `${median(rates)} frames/s while walking (${rates.join(', ')})`,
    );
  }
} finally {
  await browser.close();
  await studio.close();
  await rm(folder, { recursive: true });
}

/** Compressed sizes of what the page loads. */
async function printSizes(): Promise<void> {
  const assets = await readdir(join(PAGE, 'assets'));
  const parts: Record<string, string[]> = {
    page: [
      'index.html',
      ...assets.filter((name) => !/^worker|^_runtime|\.onnx$/.test(name)).map((name) => `assets/${name}`),
    ],
    'worker, with the library': assets.filter((name) => name.startsWith('worker')).map((name) => `assets/${name}`),
  };
  for (const [part, names] of Object.entries(parts)) {
    const files = await Promise.all(names.map((name) => readFile(join(PAGE, name))));
    const size = (compressed: (bytes: Buffer) => Buffer) =>
      (files.reduce((sum, bytes) => sum + compressed(bytes).length, 0) / 1000).toFixed(1);
    console.log(
      `${part}: ${size((bytes) => gzipSync(bytes, { level: 9 }))} kB with gzip, ${size((bytes) => brotliCompressSync(bytes))} kB with Brotli`,
    );
  }
}

/** A run with networks of 64×64 pictures. */
async function writeNetworks(onnx: string): Promise<void> {
  await mkdir(onnx, { recursive: true });
  await writeFile(join(onnx, '..', 'config.json'), '{}');
  const config = configWith('space', { imageSize: 64, ngf: CHANNELS, ndf: CHANNELS });
  const [generator, discriminator] = [generatorModel(config), discriminatorModel(config)];
  await writeFile(join(onnx, 'generator.onnx'), modelBytes(exportedModel(generator, generatorSignature(generator))));
  await writeFile(
    join(onnx, 'discriminator.onnx'),
    modelBytes(exportedModel(discriminator, discriminatorSignature(discriminator))),
  );
}

/** Milliseconds from opening the page to its first picture, with an empty cache. */
async function firstPicture(own: Browser, url: string): Promise<number> {
  const page = await own.newPage();
  await page.goto(url);
  const time = await firstMark(page);
  await page.close();
  return time;
}

/** Waits for the first picture. */
async function firstMark(page: Page): Promise<number> {
  const handle = await page.waitForFunction(() => performance.getEntriesByName('ganscope:first-picture')[0]?.startTime);
  return (await handle.jsonValue()) as number;
}

/** Frames per second, each second of a walk in circles. */
async function frameRates(own: Browser, url: string): Promise<number[]> {
  const page = await own.newPage();
  await page.goto(url);
  await firstMark(page);
  // The map under the pad and the samples are made first.
  await page.waitForTimeout(5000);
  const rates = await page.evaluate(async (seconds) => {
    const pad = document.querySelector('#pad') as HTMLElement;
    const box = pad.getBoundingClientRect();
    const send = (type: string, angle: number) =>
      pad.dispatchEvent(
        new PointerEvent(type, {
          pointerId: 1,
          clientX: box.left + box.width * (0.5 + 0.4 * Math.cos(angle)),
          clientY: box.top + box.height * (0.5 + 0.4 * Math.sin(angle)),
          bubbles: true,
        }),
      );
    pad.setPointerCapture = () => {};
    pad.hasPointerCapture = () => true;
    send('pointerdown', 0);
    const found: number[] = [];
    const started = performance.now();
    for (let next = started + 1000; performance.now() - started < 1000 * seconds;) {
      await new Promise(requestAnimationFrame);
      send('pointermove', (performance.now() - started) / 700);
      if (performance.now() < next) continue;
      next += 1000;
      found.push(Number.parseInt(document.querySelector('#frame-rate')?.textContent ?? '0', 10) || 0);
    }
    return found;
  }, SECONDS);
  await page.close();
  // In the first second the rate of a whole second is not known yet.
  return rates.slice(1);
}
