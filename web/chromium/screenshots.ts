/**
 * @file Pictures of the page for the documentation: a walk as an animation, and the table of maps; of a run, if its folder is given.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { startStudio } from '../server/server.node.js';
import { chromiumPath, startChromium } from './chromium.test.helper.js';

/** Frames of the animation and the milliseconds of each. */
const [FRAMES, FRAME_MS] = [28, 120];
const WIDTH = 1180;

const [out = fileURLToPath(new URL('../../../docs/', import.meta.url)), run] = process.argv.slice(2);
if (chromiumPath === undefined) throw new Error('there is no Chromium: apt-get install chromium');

const studio = await startStudio({ runs: '', port: 0, ...(run !== undefined && { run }) });
const browser = await startChromium();
const page = await browser.newPage({ viewport: { width: WIDTH, height: 860 }, reducedMotion: 'reduce' });
const open = async (settings: Record<string, string>) => {
  await page.goto('about:blank');
  await page.goto(`${studio.url}#${new URLSearchParams(settings)}`);
  await page.locator('.verdict .word').filter({ hasText: /\S/ }).first().waitFor({ timeout: 60_000 });
};

await open({ across: 'to:2', up: 'to:6' });
// The map under the pad is whole when its last row is drawn.
await page.waitForFunction(() => {
  const canvas = document.querySelector<HTMLCanvasElement>('.pad-map');
  const pixels = canvas?.getContext('2d')?.getImageData(0, canvas.height - 8, canvas.width, 8).data;
  return pixels?.some((level, at) => at % 4 === 3 && level > 0);
});
const pad = await page.locator('#pad').boundingBox();
if (!pad) throw new Error('the page has no pad');
const frames: Buffer[] = [];
for (let frame = 0; frame < FRAMES; frame++) {
  const angle = (2 * Math.PI * frame) / FRAMES;
  const [x, y] = [0.5 + 0.42 * Math.sin(angle), 0.5 + 0.42 * Math.sin(2 * angle) * 0.8];
  await page.mouse.move(pad.x + pad.width * x, pad.y + pad.height * y);
  if (frame === 0) await page.mouse.down();
  await page.waitForTimeout(400);
  const shot = await page.screenshot({ clip: { x: 0, y: 0, width: WIDTH, height: 860 } });
  frames.push(await sharp(shot).resize(760).png().toBuffer());
}
await page.mouse.up();
await sharp(frames, { join: { animated: true } })
  .webp({ quality: 60, effort: 6, delay: frames.map(() => FRAME_MS), loop: 0 })
  .toFile(join(out, 'studio-walk.webp'));

await open({
  view: 'explain',
  methods: 'gradcam,hirescam,integrated-gradients',
  target: 'real',
  subjects: 'space-6|z:2',
  proof: '1',
});
await page.locator('#explain-status').filter({ hasText: 'maps proven' }).waitFor({ timeout: 120_000 });
await page
  .locator('.views')
  .screenshot()
  .then((picture) => sharp(picture).webp({ quality: 80 }).toFile(join(out, 'studio.webp')));
await browser.close();
await studio.close();
