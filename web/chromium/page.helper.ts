/** @file A studio with a page in Chromium, for tests. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { testStudio } from '../server/studio.test.helper.js';
import { startChromium } from './chromium.test.helper.js';

/** How long tests wait for what the page does. */
export const WAIT = { timeout: 30_000 };

/** A studio, its page, and what went wrong in it. */
export interface StudioPage {
  studio: Awaited<ReturnType<typeof testStudio>>;
  browser: Browser;
  page: Page;
  problems: string[];
  /** Opens the page with settings. */
  open(settings?: Record<string, string>): Promise<void>;
  text(selector: string): Promise<string | null>;
  until(selector: string, words: RegExp): Promise<void>;
  /** A canvas's pixels, as a text that differs where they do. */
  pixels(selector: string): Promise<string>;
  /** Drops files on the page. */
  drop(files: readonly { name: string; bytes: Uint8Array; type?: string }[], on?: string): Promise<void>;
  dispose(): Promise<void>;
}

/** Starts a studio and a page. */
export async function studioPage(): Promise<StudioPage> {
  const [studio, browser] = await Promise.all([testStudio(), startChromium()]);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('requestfailed', (request) => problems.push(request.url()));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  const text = (selector: string) => page.locator(selector).first().textContent({ timeout: 1000 });
  return {
    studio,
    browser,
    page,
    problems,
    text,
    until: async (selector, words) => {
      const end = performance.now() + WAIT.timeout;
      let found: string | null = null;
      while (performance.now() < end) {
        found = await text(selector).catch(() => null);
        if (found !== null && words.test(found)) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`${selector}: expected ${words}; got ${JSON.stringify(found)}`);
    },
    open: async (settings = {}) => {
      // A page whose fragment alone changes is not loaded again.
      await page.goto('about:blank');
      await page.goto(`${studio.url}#${new URLSearchParams(settings)}`);
    },
    pixels: (selector) =>
      page
        .locator(selector)
        .first()
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL()),
    drop: async (files, on = 'body') => {
      const given = files.map(({ name, bytes, type = '' }) => ({
        name,
        type,
        text: Buffer.from(bytes).toString('base64'),
      }));
      await page
        .locator(on)
        .first()
        .evaluate((target, all) => {
          const data = new DataTransfer();
          for (const { name, type, text: encoded } of all) {
            const numbers = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
            data.items.add(new File([numbers], name, { type }));
          }
          const event = { dataTransfer: data, bubbles: true, cancelable: true };
          target.dispatchEvent(new DragEvent('drop', event));
        }, given);
    },
    dispose: async () => {
      await browser.close();
      await studio.dispose();
    },
  };
}

/** A file as `drop` takes it. */
export async function fileAt(path: string, name = basename(path)): Promise<{ name: string; bytes: Uint8Array }> {
  return { name, bytes: await readFile(path) };
}
