/** @file Cache of the device tests of `--device auto`: results are valid for a day. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, hostname, release } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import type { ProbeAnswer } from './probe-process.node.js';

const DAY = 24 * 60 * 60 * 1000;
/** Environment variables that determine which drivers a process finds. */
const ENVIRONMENT = /^(CUDA|NVIDIA|VK|LIBGL|XDG_RUNTIME|LD_LIBRARY|DISPLAY$|WAYLAND)/;

/** Path of the cache file, in the user's cache folder. */
export function memoryPath(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ganscope', 'devices.json');
}

/** Cache key: this machine, its ONNX Runtime and the environment. Entries with another key are ignored. */
function situation(): string {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  const environment = Object.entries(process.env)
    .filter(([name]) => ENVIRONMENT.test(name))
    .toSorted();
  const parts = [hostname(), release(), process.arch, process.version, version, environment];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** The cached result for a device, if it is less than a day old. */
export function rememberedAnswer(device: string): ProbeAnswer | undefined {
  try {
    const { [key(device)]: found } = JSON.parse(readFileSync(memoryPath(), 'utf8')) as Record<string, unknown>;
    if (typeof found !== 'object' || found === null) return undefined;
    const { at, milliseconds, error } = found as Record<string, unknown>;
    if (typeof at !== 'number' || !(Math.abs(Date.now() - at) < DAY)) return undefined;
    if (typeof milliseconds === 'number') return { milliseconds };
    return typeof error === 'string' && error.length < 1000 ? { error } : undefined;
  } catch {
    // The file is missing or unreadable: test the device.
    return undefined;
  }
}

/** Adds a result to the cache. Write errors are ignored. */
export async function rememberAnswer(device: string, answer: ProbeAnswer): Promise<void> {
  try {
    let before: Record<string, unknown> = {};
    try {
      before = JSON.parse(readFileSync(memoryPath(), 'utf8')) as Record<string, unknown>;
    } catch {
      // No cache file yet.
    }
    const now = situation();
    const others = Object.entries(before).filter(([name]) => name.startsWith(now));
    const all = { ...Object.fromEntries(others), [key(device)]: { at: Date.now(), ...answer } };
    await writeFileAtomic(memoryPath(), `${JSON.stringify(all, undefined, 2)}\n`);
  } catch {
    // The device is tested again next time.
  }
}

const key = (device: string) => `${situation()}/${device}`;
