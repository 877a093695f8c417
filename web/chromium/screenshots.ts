/** @file Screenshots of the page for the documentation, wide and narrow; of a run, if its folder is given. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { chromiumPath, startChromium } from './chromium.test.helper.js';
import { startStudio } from '../server/server.node.js';

const [out = fileURLToPath(new URL('../../../docs/', import.meta.url)), run] = process.argv.slice(2);
if (chromiumPath === undefined) throw new Error('there is no Chromium: apt-get install chromium');

const { server, url } = await startStudio({ runs: '', port: 0, ...(run !== undefined && { run }) });
const browser = await startChromium();
const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
await page.goto(url);
const shot = async (name: string) =>
  sharp(await page.screenshot({ fullPage: true }))
    .webp({ quality: 85 })
    .toFile(join(out, name));
const told = (id: string, words: string) =>
  page.locator(`#${id}`).filter({ hasText: words }).waitFor({ timeout: 60_000 });
await told('samples-status', 'pictures in');
await page.locator('#walk-position').fill('0.4');
await page.locator('#seed').fill('7');
await page.locator('#samples-form button').click();
await page.locator('#samples-pictures').filter({ hasText: 'seed 18' }).waitFor();
await page.locator('#explain-sample').click();
await told('explanation-status', 'methods done');
if (run !== undefined) await told('training-status', 'Step');
await page.locator('h1').click();
await shot('studio.webp');
await page.setViewportSize({ width: 360, height: 800 });
await shot('studio-360.webp');
await browser.close();
server.closeAllConnections();
server.close();
