import { spawnSync } from 'node:child_process';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeAnimation } from './pictures.node.js';
import type { Picture } from './pictures.js';

const frame = (value: number): Picture => ({
  width: 33,
  height: 32,
  channels: 3,
  data: new Uint8Array(33 * 32 * 3).fill(value),
});
const frames = Array.from({ length: 12 }, (_, i) => frame(20 * i));
const options = { format: 'mp4', fps: 24, loop: false } as const;
const installed = spawnSync('ffmpeg', ['-version']).status === 0;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('encodeAnimation(frames, mp4)', () => {
  it('says what to do where ffmpeg is missing', async () => {
    vi.stubEnv('PATH', '');
    await expect(encodeAnimation(frames, options)).rejects.toThrow(
      /^format mp4: expected ffmpeg on the PATH; found none/,
    );
  });

  it.skipIf(!installed)('makes a video of even size with every frame', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ganscope-video-test-'));
    const path = join(folder, 'video.mp4');
    await writeFile(path, await encodeAnimation(frames, options));
    const decoded = spawnSync('ffmpeg', ['-v', 'error', '-i', path, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], {
      maxBuffer: 2 ** 26,
    });
    await rm(folder, { recursive: true, force: true });
    expect(decoded.stdout.length).toBe(12 * 34 * 32 * 3);
    frames.forEach(({ data }, i) => {
      expect(Math.abs((decoded.stdout[i * 34 * 32 * 3 + 300] as number) - (data[0] as number))).toBeLessThan(6);
    });
  });
});
