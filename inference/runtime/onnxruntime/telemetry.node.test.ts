/** @file No entry of the package lets ONNX Runtime leave traces of its telemetry: a log per process, a device id in the cache folder. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const dist = new URL('../../../', import.meta.url);
const library = new URL('inference/index.js', dist).href;
const tiny = fileURLToPath(new URL('../fixtures/tiny/generator.onnx', dist));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-telemetry-'));
  for (const name of ['home', 'tmp']) await mkdir(join(folder, name));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs Node with its own home and temporary folders, and returns its output. */
async function printed(words: readonly string[], setting?: string): Promise<string> {
  const { ORT_DISABLE_TELEMETRY: _, XDG_CACHE_HOME: __, ...env } = process.env;
  const [home, temporary] = [join(folder, 'home'), join(folder, 'tmp')];
  const own = { HOME: home, USERPROFILE: home, TMPDIR: temporary, TEMP: temporary };
  const { stdout } = await promisify(execFile)(process.execPath, [...words], {
    cwd: folder,
    env: { ...env, ...own, ...(setting !== undefined && { ORT_DISABLE_TELEMETRY: setting }) },
    timeout: 60_000,
  });
  return stdout;
}

/** Traces of telemetry: files in the temporary folder, and the vendor's folder in the cache. */
async function traces(): Promise<string[]> {
  const cache = join(folder, 'home', '.cache');
  const names = [...(await readdir(join(folder, 'tmp'))), ...(existsSync(cache) ? await readdir(cache) : [])];
  return names.filter((name) => /^mat-debug|^Microsoft$/.test(name));
}

describe('disableTelemetry()', () => {
  it('comes before the library in a program that samples on a device that is probed, in a thread', async () => {
    await writeFile(
      join(folder, 'sample.mjs'),
      `const { Generator } = await import('${library}');
       const generator = await Generator.load(${JSON.stringify(tiny)}, { device: 'auto' });
       await generator.sample([1]);
       await generator.dispose();
       console.log(process.env.ORT_DISABLE_TELEMETRY);`,
    );
    expect(await printed(['sample.mjs'])).toBe('1\n');
    expect(await traces()).toEqual([]);
  });

  it('comes before the library where the step of a training runs', async () => {
    const command = fileURLToPath(new URL('cli/gan-train.js', dist));
    const small = ['--image-size', '8', '--ngf', '2', '--ndf', '2', '--batch-size', '2', '--steps', '1'];
    await printed([command, ...small, '--out', 'run']);
    expect(await traces()).toEqual([]);
  });

  it('leaves what the user has set', async () => {
    const module = new URL('inference/runtime/onnxruntime/telemetry.node.js', dist).href;
    const script = `const { disableTelemetry } = await import('${module}'); disableTelemetry(); console.log(process.env.ORT_DISABLE_TELEMETRY);`;
    expect(await printed(['--input-type=module', '-e', script], '0')).toBe('0\n');
  });
});
