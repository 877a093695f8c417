/** @file A headless Chromium for tests and screenshots: the system's, or the program in CHROMIUM. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

/** Path of the program; undefined if there is none. */
export const chromiumPath = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

if (chromiumPath === undefined) {
  console.warn('No Chromium (Debian: apt-get install chromium): tests in a browser are skipped.');
}

/** Starts Chromium with a software WebGPU. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath as string,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
    env: { ...process.env, XDG_RUNTIME_DIR: mkdtempSync(join(tmpdir(), 'ganscope-xdg-')) },
  });
}
