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
  it('is what was found out on the same machine less than a day ago, of a failure less than ten minutes', async () => {
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
    const [now, minute] = [Date.now(), 60 * 1000];
    vi.useFakeTimers({ now: now + 11 * minute });
    expect([rememberedAnswer('cuda'), rememberedAnswer('webgpu')]).toEqual([undefined, { milliseconds: 2.5 }]);
    vi.setSystemTime(now + 25 * 60 * minute);
    expect(rememberedAnswer('webgpu')).toBeUndefined();
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

  it('keeps the answers of both devices where they come at the same time', async () => {
    await Promise.all([
      rememberAnswer('cuda', { error: 'no driver' }),
      rememberAnswer('webgpu', { milliseconds: 2.5 }),
    ]);
    expect([rememberedAnswer('cuda'), rememberedAnswer('webgpu')]).toEqual([
      { error: 'no driver' },
      { milliseconds: 2.5 },
    ]);
  });

  it('is found out again where --device auto cannot open a device that worked', async () => {
    await rememberAnswer('cuda', { milliseconds: 1 });
    await rememberAnswer('webgpu', { error: 'remembered so' });
    vi.resetModules();
    const { resolveDevice: resolved } = await import('./devices.node.js');
    const { device, notes } = await resolved('auto');
    const works = await resolved('cuda').then(
      () => true,
      () => false,
    );
    expect(device === 'cuda').toBe(works);
    if (works) return;
    expect(notes.find((note) => note.includes('not cuda'))).toMatch(/^ {2}not cuda: \S/);
    expect(notes.join()).not.toContain('remembered so');
    expect(rememberedAnswer('cuda')).toHaveProperty('error');
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
