/** @file Checks whether onnxruntime-node is installed, without loading it. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Short reason why there is no native ONNX Runtime for this machine; undefined if there is one. */
export function nativeProblem(): string | undefined {
  let folder: string;
  try {
    folder = join(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'), '..');
  } catch {
    return 'onnxruntime-node is not installed';
  }
  const machine = `${process.platform}/${process.arch}`;
  const bin = join(folder, 'bin');
  const found = existsSync(bin) && readdirSync(bin).some((version) => existsSync(join(bin, version, machine)));
  return found ? undefined : `onnxruntime-node has no binary for ${machine}`;
}
