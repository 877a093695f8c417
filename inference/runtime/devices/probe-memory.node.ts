/** @file Cache of the device tests of `--device auto`: a device that works is remembered for a day, one that does not for ten minutes. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { hostname, release } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../../onnx/files/disk/cache-folder.node.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { Queue } from '../queue.js';
import type { ProbeAnswer } from './probe-process.node.js';

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;
/** Somebody may be installing what a device needs. */
const FAILURE = 10 * MINUTE;
/** Both devices are tested at once. */
const writing = new Queue();
/** Environment variables that determine which drivers a process finds. */
const ENVIRONMENT = /^(CUDA|NVIDIA|VK|LIBGL|XDG_RUNTIME|LD_LIBRARY|DISPLAY$|WAYLAND)/;

/** Path of the cache file, in the user's cache folder. */
export function memoryPath(): string {
  return join(cacheFolder(), 'devices.json');
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

/** The cached result for a device, if it is not too old. */
export function rememberedAnswer(device: string): ProbeAnswer | undefined {
  try {
    const { [key(device)]: found } = JSON.parse(readFileSync(memoryPath(), 'utf8')) as Record<string, unknown>;
    if (typeof found !== 'object' || found === null) return undefined;
    const { at, milliseconds, error } = found as Record<string, unknown>;
    const age = typeof at === 'number' ? Math.abs(Date.now() - at) : Infinity;
    if (typeof milliseconds === 'number' && age < DAY) return { milliseconds };
    return typeof error === 'string' && error.length < 1000 && age < FAILURE ? { error } : undefined;
  } catch {
    // The file is missing or unreadable: test the device.
    return undefined;
  }
}

/** Adds a result to the cache. Write errors are ignored. */
export function rememberAnswer(device: string, answer: ProbeAnswer): Promise<void> {
  return writing.run(() => writeAnswer(device, answer));
}

async function writeAnswer(device: string, answer: ProbeAnswer): Promise<void> {
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
