/** @file Prefixes in S3 of which some keys can be no files: these are named, and all others are read. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestS3 } from '../fleet/storage/s3.test.helper.js';
import { encodePng } from '../inference/pictures/pictures.node.js';
import { spacePicture } from '../trainer/data/space/space.js';
import type { CommandName } from './child.test.helper.js';
import { killAll, started } from './started.test.helper.js';

const MODEL = fileURLToPath(new URL('../../fixtures/tiny/discriminator.onnx', import.meta.url));

let folder: string;
let s3: TestS3;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-keys-'));
  s3 = await TestS3.start();
});
afterAll(async () => {
  killAll();
  await s3.stop();
  await rm(folder, { recursive: true, force: true });
});

async function run(command: CommandName, options: readonly string[]) {
  const running = started(command, options, { cwd: folder, env: { ...s3.env, GANSCOPE_CACHE: join(folder, 'cache') } });
  return { code: await running.ended, text: running.text() };
}

it('skips keys that can be no file, and names what is odd; all others are read', async () => {
  const bytes = await encodePng(spacePicture(32, 0, 1));
  for (const key of ['times/12:30.png', 'times/a//b.png', String.raw`times/c\d.png`]) s3.put(key, bytes);
  const options = ['s3://open/times', '--model', MODEL, '--method', 'gradcam', '--device', 'cpu'];
  for (const more of [[], ['--shard', '0/1']]) {
    const { code, text } = await run('gan-gradcam', [...options, '--out', `times${more.length}`, ...more]);
    const expected = 'expected a key that can be the name of a file; got';
    expect([code, text.split('\n').filter((line) => line.includes(expected))]).toEqual([
      3,
      [
        `Warning:   s3://open/times/a//b.png: ${expected} an empty name, as two slashes or one at an end make`,
        String.raw`Warning:   s3://open/times/c\d.png: ${expected} the character \ `.trimEnd(),
      ],
    ]);
    expect(text).toMatch(/12:30\.png|and 1 maps of 1 pictures/);
  }
  const strict = await run('gan-gradcam', [...options, '--strict', '--out', 'none']);
  expect([strict.code, strict.text]).toEqual([
    2,
    expect.stringContaining('--strict: expected no skipped file; got s3'),
  ]);
}, 60_000);
