/** @file The examples of docs/browser.md, run as a reader would. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePng } from '../../inference/index.js';
import { spacePicture } from '../../trainer/data/space/space.js';
import { chromiumPath, startChromium } from './chromium.test.helper.js';
import { tinyPath } from '../server/studio.test.helper.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** A block of a language in the document, by default the first. */
async function example(language: string, at = 0): Promise<string> {
  const text = await readFile(join(root, 'docs', 'browser.md'), 'utf8');
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))][at]?.[1] ?? '';
}

/** A plain file server, without the headers for threads. */
async function served(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    readFile(join(folder, path === '/' ? 'index.html' : path)).then(
      (bytes) => {
        response.setHeader('Content-Type', types[extname(path) || '.html'] ?? 'application/octet-stream');
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe.skipIf(chromiumPath === undefined)('docs/browser.md', () => {
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ganscope-docs-'));
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The page's title, once the example has set it. */
  async function titleOf(site: string, from: string): Promise<string> {
    for (const role of ['generator', 'discriminator'] as const)
      await copyFile(tinyPath(role), join(site, `${role}.onnx`));
    const server = await served(site);
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', ({ message }) => problems.push(message));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await expect.poll(async () => [await page.title(), ...problems], { timeout: 30_000 }).not.toEqual([from]);
    const title = await page.title();
    await page.close();
    server.closeAllConnections();
    server.close();
    expect(problems).toEqual([]);
    return title;
  }

  it('runs from a script element, without a bundler', async () => {
    const site = join(folder, 'plain');
    await mkdir(site);
    // The commands of the document, in a project that has the two packages.
    const commands = (await example('bash')).replace(/^npm install.*$/m, 'mkdir site');
    await mkdir(join(site, 'node_modules', 'ganscope', 'dist'), { recursive: true });
    await symlink(join(root, 'dist', 'browser'), join(site, 'node_modules', 'ganscope', 'dist', 'browser'), 'dir');
    await symlink(join(root, 'node_modules', 'onnxruntime-web'), join(site, 'node_modules', 'onnxruntime-web'), 'dir');
    await promisify(execFile)('bash', ['-e', '-c', commands], { cwd: site });
    await writeFile(join(site, 'site', 'index.html'), await example('html'));
    expect(await titleOf(join(site, 'site'), 'ganscope')).toMatch(/^fake: -?\d+\.\d{3}$/);

    // The pad and the explainer of the second example, in the same site.
    await writeFile(join(site, 'site', 'index.html'), await example('html', 1));
    await writeFile(join(site, 'site', 'picture.png'), await encodePng(spacePicture(64, 0, 3)));
    const server = await served(join(site, 'site'));
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', ({ message }) => problems.push(message));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const wait = { timeout: 30_000 };
    await expect.poll(() => page.locator('#pad .now .verdict').textContent(), wait).toMatch(/^(real|fake)p /);
    await page.locator('#pad .plane').focus();
    const walked = () =>
      page.locator('#pad .now .picture').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const before = await walked();
    await page.keyboard.press('ArrowRight');
    await expect.poll(walked, wait).not.toBe(before);
    await expect.poll(() => page.locator('#maps .stack[tabindex]').count(), wait).toBe(4);
    expect(await page.locator('#maps .map-row h3').textContent()).toBe('picture.png');
    await page.close();
    server.closeAllConnections();
    server.close();
    expect(problems).toEqual([]);
  });

  it('runs from Vite, and bundles nothing that needs Node', async () => {
    const project = join(folder, 'vite');
    await mkdir(join(project, 'node_modules'), { recursive: true });
    await symlink(root, join(project, 'node_modules', 'ganscope'), 'dir');
    await writeFile(join(project, 'main.ts'), await example('ts'));
    await writeFile(
      join(project, 'index.html'),
      '<title>example</title><canvas></canvas><script type="module" src="./main.ts"></script>',
    );
    const modules: string[] = [];
    await build({
      root: project,
      configFile: false,
      logLevel: 'error',
      build: { target: 'es2022' },
      plugins: [{ name: 'modules', moduleParsed: ({ id }) => void modules.push(id) }],
    });
    expect(modules.length).toBeGreaterThan(20);
    const native = /\.node\.js$|onnxruntime-node|sharp|canvas|__vite-browser-external|^node:/;
    expect(modules.filter((id) => native.test(id))).toEqual([]);
    expect(await titleOf(join(project, 'dist'), 'example')).toBe('32×32 on wasm');
  });
});
