/** @file Runs every example in the docstrings of `ganscope/inference` and `ganscope/explain` as a program of its own. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodePng } from './pictures/pictures.node.js';

const dist = fileURLToPath(new URL('../', import.meta.url));
const root = join(dist, '..');

interface Example {
  file: string;
  name: string;
  code: string;
}

/** The examples that say what they import: those that are programs. */
async function examples(): Promise<Example[]> {
  const found: Example[] = [];
  for (const folder of ['inference', 'explain']) {
    const files = await readdir(join(root, folder), { recursive: true });
    for (const file of files.filter((name) => name.endsWith('.ts') && !name.includes('.test.')).sort()) {
      const text = await readFile(join(root, folder, file), 'utf8');
      for (const [, block = '', name = ''] of text.matchAll(
        /@example\n(.*?)\*\/\s*(?:export )?(?:static )?(?:async )?(?:class |function )?(\w+)/gs,
      )) {
        const code = block.replaceAll(/^ *\* ?/gm, '');
        if (code.includes("from 'ganscope/")) found.push({ file: `${folder}/${file}`, name, code });
      }
    }
  }
  return found;
}

let folder: string;
beforeAll(async () => {
  // Inside the package, so that its own name is found.
  folder = await mkdtemp(join(dist, 'examples-'));
  const exported = join(folder, 'runs', 'latest', 'onnx');
  await mkdir(exported, { recursive: true });
  for (const role of ['generator', 'discriminator']) {
    await copyFile(join(root, 'fixtures', 'tiny', `${role}.onnx`), join(exported, `${role}.onnx`));
  }
  const data = Uint8Array.from({ length: 3 * 48 * 40 }, (_, i) => (i * 7) % 256);
  await writeFile(join(folder, 'bird.png'), await encodePng({ width: 48, height: 40, channels: 3, data }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const all = await examples();

it('has an example for every call of the library', () => {
  expect(all.map(({ name }) => name).toSorted()).toEqual(
    ['Explainer', 'explain', 'interpolate', 'load', 'load', 'maximise', 'sample', 'score'].toSorted(),
  );
});

it.each(all)('$file: the example of $name runs and prints', async ({ file, name, code }) => {
  const script = join(folder, `${file.replaceAll(/\W/g, '-')}-${name}.mjs`);
  await writeFile(script, code);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { cwd: folder, timeout: 60_000 });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/\d/);
});
