/** @file Animations that cannot be encoded leave what is there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { saveModel } from '../../../onnx/index.js';
import { Generator } from '../../networks/generator.js';
import { toyGenerator } from '../../networks/generator.test.helper.js';
import { runJob } from '../run-job.node.js';
import { contents } from './contents.test.helper.js';
import { jobOf, type Words } from './job-of.test.helper.js';

let folder: string;
let model: string;
let generator: Generator;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-interpolation-'));
  model = join(folder, 'generator.onnx');
  await saveModel(model, toyGenerator({ latentDim: 6, size: 8 }));
  generator = await Generator.load(model, { device: 'cpu' });
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  await generator.dispose();
  await rm(folder, { recursive: true, force: true });
});

const made = (words: Words, network = generator) =>
  runJob(jobOf({ frames: 4, out: join(folder, Object.keys(words)[0] as string), ...words }), {
    model,
    generator: network,
  });

describe('runJob of an animation', () => {
  it.each([{ interpolate: '' }, { traverse: '0', count: 2 }])(
    'keeps the files of an earlier one where it cannot be encoded: %j',
    async (words) => {
      const out = join(folder, Object.keys(words)[0] as string);
      await made({ ...words, format: 'gif' });
      const before = await contents(out);
      vi.stubEnv('PATH', '');
      await expect(made({ ...words, format: 'mp4' })).rejects.toThrow(/^format mp4: expected ffmpeg/);
      expect(await contents(out)).toEqual(before);
    },
  );

  it('refuses frames that are too large before any picture is made', async () => {
    const wide = { ...generator, channels: 3, width: 2048, height: 8, latentDim: 6 } as unknown as Generator;
    wide.latents = generator.latents.bind(generator);
    await expect(made({ interpolate: '', scale: '8' }, wide)).rejects.toThrow(
      'format: expected frames of at most 16383 pixels a side for webp; got 16384×64',
    );
  });
});
