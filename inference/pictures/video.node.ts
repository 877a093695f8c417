/** @file MP4 videos, encoded by an installed ffmpeg. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../onnx/errors.js';
import { forgetTemporary, removeLeftovers, temporaryBeside } from '../../onnx/files/disk/temporary.node.js';
import type { Picture } from './pictures.js';

const MAX_REASON = 300;

/**
 * The bytes of an MP4 file (H.264, 4:2:0 for every player; an odd side gets one more black pixel).
 * @param frames at least one, all of one size and number of channels
 * @throws InputError if ffmpeg is missing or cannot encode H.264
 */
export async function encodeVideo(frames: readonly Picture[], fps: number): Promise<Uint8Array> {
  await removeLeftovers(tmpdir());
  const folder = temporaryBeside(join(tmpdir(), 'ganscope-video'));
  await mkdir(folder, { mode: 0o700 });
  try {
    const path = join(folder, 'video.mp4');
    await ffmpeg(frames, fps, path);
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
    forgetTemporary(folder);
  }
}

async function ffmpeg(frames: readonly Picture[], fps: number, path: string): Promise<void> {
  const { width, height, channels } = frames[0] as Picture;
  const input = ['-f', 'rawvideo', '-pix_fmt', channels === 1 ? 'gray' : 'rgb24', '-s', `${width}x${height}`];
  const even = ['-vf', 'pad=ceil(iw/2)*2:ceil(ih/2)*2'];
  const codec = [
    '-c:v',
    'libx264',
    '-crf',
    '16',
    '-preset',
    'medium',
    '-pix_fmt',
    'yuv420p',
    '-movflags',
    '+faststart',
  ];
  const options = ['-v', 'error', '-y', ...input, '-r', `${fps}`, '-i', 'pipe:0', ...even, ...codec, path];
  const child = spawn('ffmpeg', options, { stdio: ['pipe', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-MAX_REASON)));
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', () =>
      reject(
        new InputError(
          'format mp4: expected ffmpeg on the PATH; found none (install it, e.g. "apt install ffmpeg", or take webp or gif)',
        ),
      ),
    );
    child.on('close', (code) => {
      const reason = printed.trim().replaceAll(/\s+/g, ' ') || `exit code ${code}`;
      if (code === 0) resolve();
      else reject(new InputError(`format mp4: expected an ffmpeg that encodes H.264; it failed (${reason})`));
    });
  });
  // If ffmpeg stops early, it closes its input; `ended` has the reason.
  child.stdin.on('error', () => {});
  const written = (async () => {
    for (const { data } of frames) {
      if (!child.stdin.writable) return;
      if (!child.stdin.write(data)) await Promise.race([new Promise((done) => child.stdin.once('drain', done)), ended]);
    }
    child.stdin.end();
  })();
  await Promise.all([ended, written]);
}
