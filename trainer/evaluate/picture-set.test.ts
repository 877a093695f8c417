/** @file A run as one of two sets gives the pictures that it is evaluated by while it trains. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveCheckpoint } from '../checkpoint/checkpoint.node.js';
import { generatedLike } from '../quality/evaluator.node.js';
import { presetNames } from '../settings/config.js';
import { configWith } from '../settings/presets.js';
import { generatorModel } from '../step/tfjs/models.js';
import { generatedPictures } from '../step/tfjs/sample.js';
import { initialState, withState } from '../step/tfjs/state.js';
import { openPictureSet } from './picture-set.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-picture-set-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('openPictureSet(checkpoint)', () => {
  it.each(presetNames)(
    "reads a generator of %s by the run's normalisation, and resizes as the run does",
    async (name) => {
      const config = configWith(name, { imageSize: 16, ngf: 4, ndf: 4, latentDim: 8 });
      const state = initialState(config);
      const path = await saveCheckpoint(join(folder, name), state, config);
      // For other people's generators, which may be the other set.
      const generator = { range: [0, 1], latentDim: 3, latentDistribution: 'uniform' } as const;
      const set = await openPictureSet({ kind: 'checkpoint', path }, name, { device: 'cpu', generator });
      expect(set.assumptions.filter(({ because, options }) => because === 'as stated' || options.length > 0)).toEqual(
        [],
      );
      const model = withState(generatorModel(config, { initialWeights: false }), state.generator);
      const asTrained = generatedLike((latents) => generatedPictures(model, latents), config);
      try {
        const size = { width: 16, height: 16, channels: config.channels, resize: config.resize };
        expect(set.format).toEqual(size);
        const [found, expected] = [await set.candidates(undefined).at([0, 1]), await asTrained.at([0, 1])];
        for (const [i, picture] of expected.entries()) {
          if (!('data' in picture)) throw new Error('expected a picture');
          const own = (found[i] as typeof picture).data;
          // tfjs and ONNX Runtime may round to neighbouring values.
          expect(Math.max(...Array.from(own, (value, at) => Math.abs(value - (picture.data[at] ?? 0))))).toBeLessThan(
            2,
          );
          expect(own).toHaveLength(picture.data.length);
        }
      } finally {
        model.dispose();
        await set.release();
      }
    },
  );
});
