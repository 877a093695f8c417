/**
 * @file Part of the build: copies the CPU build of onnxruntime-web into dist/wasm, where it stands in for onnxruntime-node where
 * that cannot be installed, and serves the page of gan-studio where onnxruntime-web is not installed.
 */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
const target = fileURLToPath(new URL('../wasm/', import.meta.url));

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const wasm = 'ort-wasm-simd-threaded.wasm';
await copyFile(join(source, wasm), join(target, wasm));
for (const script of ['ort.node.min.mjs', 'ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.mjs']) {
  const text = await readFile(join(source, script), 'utf8');
  // The source map is left behind.
  await writeFile(join(target, script), text.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '\n'));
}
await copyFile(fileURLToPath(new URL('../../web/onnxruntime-license.txt', import.meta.url)), join(target, 'LICENSE'));
