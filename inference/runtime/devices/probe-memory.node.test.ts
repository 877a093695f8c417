import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveDevice } from './devices.node.js';
import { memoryPath, rememberAnswer, rememberedAnswer } from './probe-memory.node.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-memory-'));
  vi.stubEnv('XDG_CACHE_HOME', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

describe('rememberedAnswer(device)', () => {
  it('is what was found out on the same machine less than a day ago', async () => {
    expect(rememberedAnswer('cuda')).toBeUndefined();
    await rememberAnswer('cuda', { error: 'no driver' });
    await rememberAnswer('webgpu', { milliseconds: 2.5 });
    expect([rememberedAnswer('cuda'), rememberedAnswer('webgpu')]).toEqual([
      { error: 'no driver' },
      { milliseconds: 2.5 },
    ]);
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '7');
    expect(rememberedAnswer('cuda')).toBeUndefined();
    vi.stubEnv('CUDA_VISIBLE_DEVICES', undefined);
    vi.useFakeTimers({ now: Date.now() + 25 * 60 * 60 * 1000 });
    expect(rememberedAnswer('cuda')).toBeUndefined();
  });

  it('is nothing where the file is damaged or cannot be written', async () => {
    await rememberAnswer('cuda', { error: 'no driver' });
    const whole = await readFile(memoryPath(), 'utf8');
    for (const text of [
      '',
      'null',
      '[]',
      '{',
      whole.replace('"no driver"', '7'),
      whole.replace(/"at": \d+/, '"at": "x"'),
    ]) {
      await writeFile(memoryPath(), text);
      expect(rememberedAnswer('cuda')).toBeUndefined();
    }
    await writeFile(join(folder, 'file'), '');
    vi.stubEnv('XDG_CACHE_HOME', join(folder, 'file'));
    await rememberAnswer('cuda', { error: 'no driver' });
    expect(rememberedAnswer('cuda')).toBeUndefined();
  });

  it('spares --device auto from asking, and not a device that is named', async () => {
    await rememberAnswer('cuda', { error: 'remembered so' });
    await rememberAnswer('webgpu', { error: 'that too' });
    const { device, notes } = await resolveDevice('auto');
    expect([device, notes]).toEqual(['cpu', ['Device: cpu', '  not cuda: remembered so', '  not webgpu: that too']]);
    const named: unknown = await resolveDevice('cuda').catch((error: Error) => error.message);
    expect(String(named)).not.toMatch(/remembered so/);
  });
});
