import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { modelBytes } from '../../../onnx/files/write.js';
import { resolveDevice } from './devices.node.js';
import { probedMilliseconds } from './probe.js';
import { directSession } from '../direct-session.node.js';

// What is found out is kept in the user's cache folder; tests have one of their own.
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-devices-'));
  vi.stubEnv('XDG_CACHE_HOME', folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe('resolveDevice(requested)', () => {
  it('takes a device that computes, and says in one line each why those before it were not taken', async () => {
    const { device, notes } = await resolveDevice('auto');
    const refused = { cuda: [], webgpu: ['cuda'], cpu: ['cuda', 'webgpu'], wasm: undefined }[device];
    expect(notes[0]).toBe(`Device: ${device}`);
    expect(notes.slice(1).map((note) => /^ {2}not (\w+): \S/.exec(note)?.[1])).toEqual(refused);
    expect(notes.filter((note) => note.includes('\n') || note.length > 160)).toEqual([]);
    expect(await probedMilliseconds((model) => directSession(modelBytes(model), { device }))).toBeGreaterThan(0);
  });

  it('always has the CPU', async () => {
    expect(await resolveDevice('cpu')).toEqual({ device: 'cpu', notes: ['Device: cpu'] });
  });

  it.each([
    ['cuda', /^device cuda: does not work here \(.+\); .*CUDA 13, cuDNN 9.*install/],
    ['webgpu', /^device webgpu: does not work here \(.+\); .*Vulkan.*XDG_RUNTIME_DIR/],
  ] as const)('gives %s or says what to install', async (device, advice) => {
    const outcome: unknown = await resolveDevice(device).catch((error: unknown) => error);
    if (outcome instanceof Error)
      expect([outcome.name, outcome.message]).toEqual(['InputError', expect.stringMatching(advice)]);
    else expect(outcome).toEqual({ device, notes: [`Device: ${device}`] });
  });

  it("keeps what native drivers print off the user's terminal", async () => {
    const module = new URL('./devices.node.js', import.meta.url).href;
    const script = `const { resolveDevice } = await import('${module}'); await resolveDevice('auto');`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 });
    expect(await run).toEqual({ stdout: '', stderr: '' });
  });
});
