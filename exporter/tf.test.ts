import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const rooms = ['onnx', 'inference', 'explain', 'exporter', 'trainer', 'fleet', 'cli'];
/** Where TensorFlow.js may be imported. */
const allowed = /^(exporter|trainer\/step\/tfjs)\//;

test('TensorFlow.js is imported in exporter/ and trainer/step/tfjs/ only', async () => {
  const importing: string[] = [];
  for (const room of rooms) {
    for (const entry of await readdir(join(root, room), { recursive: true, withFileTypes: true })) {
      // Declarations are read too: they have the imports of types.
      if (!entry.isFile() || !/\.(js|d\.ts)$/.test(entry.name) || /\.test\./.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      const name = relative(root, path).split(sep).join('/');
      const text = await readFile(path, 'utf8');
      if (/from '(@tensorflow\/|(\.\.?\/)+(exporter\/)?tf\.js)/.test(text)) importing.push(name);
    }
  }
  expect(importing.length).toBeGreaterThan(10);
  expect(importing.filter((name) => !allowed.test(name))).toEqual([]);
});
