/** @file What `--device auto` found out about this machine, kept for a day so that the next start need not ask drivers again. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, hostname, release } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import type { ProbeAnswer } from './probe-process.node.js';

const DAY = 24 * 60 * 60 * 1000;
/** What decides which drivers a process finds. */
const ENVIRONMENT = /^(CUDA|NVIDIA|VK|LIBGL|XDG_RUNTIME|LD_LIBRARY|DISPLAY$|WAYLAND)/;

/** The file, under the user's cache folder. */
export function memoryPath(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ganscope', 'devices.json');
}

/** Names this machine, its ONNX Runtime and the environment; answers under another name are not believed. */
function situation(): string {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  const environment = Object.entries(process.env)
    .filter(([name]) => ENVIRONMENT.test(name))
    .toSorted();
  const parts = [hostname(), release(), process.arch, process.version, version, environment];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** The answer of a device that was asked less than a day ago, if there is one. */
export function rememberedAnswer(device: string): ProbeAnswer | undefined {
  try {
    const { [key(device)]: found } = JSON.parse(readFileSync(memoryPath(), 'utf8')) as Record<string, unknown>;
    if (typeof found !== 'object' || found === null) return undefined;
    const { at, milliseconds, error } = found as Record<string, unknown>;
    if (typeof at !== 'number' || !(Math.abs(Date.now() - at) < DAY)) return undefined;
    if (typeof milliseconds === 'number') return { milliseconds };
    return typeof error === 'string' && error.length < 1000 ? { error } : undefined;
  } catch {
    // No file yet, or one that cannot be read: the device is asked.
    return undefined;
  }
}

/** Keeps an answer beside those of other devices. A folder that cannot be written is no obstacle. */
export async function rememberAnswer(device: string, answer: ProbeAnswer): Promise<void> {
  try {
    let before: Record<string, unknown> = {};
    try {
      before = JSON.parse(readFileSync(memoryPath(), 'utf8')) as Record<string, unknown>;
    } catch {
      // None yet.
    }
    const now = situation();
    const others = Object.entries(before).filter(([name]) => name.startsWith(now));
    const all = { ...Object.fromEntries(others), [key(device)]: { at: Date.now(), ...answer } };
    await writeFileAtomic(memoryPath(), `${JSON.stringify(all, undefined, 2)}\n`);
  } catch {
    // Asked again next time.
  }
}

const key = (device: string) => `${situation()}/${device}`;
