/** @file Both training steps reproduce the seeds' PyTorch loop. */
import { describe, expect, it } from 'vitest';
import { golden, relativeError } from '../../fixtures/golden.js';
import type { GanConfig, Head } from '../settings/config.js';
import { configWith } from '../settings/presets.js';
import { expectResults, goldenBatch, goldenState, implementations } from './golden.test.helper.js';

interface TrainingInfo {
  head: Head;
  bias: boolean;
  firstBatchNorm: boolean;
  epsilon: number;
  freshLatents: boolean;
  halve: boolean;
  lr: number;
  lrD: number;
  steps: number;
  batch: number;
  latent: number;
}

describe.each(['training-dense', 'training-conv', 'training-pokemon', 'training-fashion'])('%s', (name) => {
  it.each(implementations)('%s agrees with PyTorch', async (_, created) => {
    const file = golden<TrainingInfo>(name);
    const config = configOf(file.info);
    const step = await created(config, goldenState(file, config, 'before'));
    for (let index = 0; index < file.info.steps; index++) {
      expectResults(file, index, await step.run(goldenBatch(file, index)));
    }
    const { generator, discriminator } = await step.state();
    await step.dispose();
    const expected = goldenState(file, config, 'after');
    for (const [found, wanted] of [
      [generator, expected.generator],
      [discriminator, expected.discriminator],
    ] as const) {
      for (const [key, { data }] of wanted.weights) {
        // A bias before batch norm has gradient zero: Adam moves it by rounding noise, and the running mean with it.
        const stage = key.slice(0, key.indexOf('_', 2));
        if (file.info.bias && wanted.weights.has(`${stage}_norm/gamma`) && /_conv\/bias$|moving_mean$/.test(key))
          continue;
        expect(relativeError(found.weights.get(key)?.data as Float32Array, data), key).toBeLessThan(1e-4);
      }
    }
  });
});

function configOf(info: TrainingInfo): GanConfig {
  return {
    ...configWith('space', {
      imageSize: 16,
      ngf: 4,
      ndf: 4,
      latentDim: info.latent,
      batchSize: info.batch,
      head: info.head,
    }),
    convBias: info.bias,
    firstBatchNorm: info.firstBatchNorm,
    batchNormEpsilon: info.epsilon,
    freshLatents: info.freshLatents,
    halveDiscriminatorLoss: info.halve,
    lr: info.lr,
    lrD: info.lrD,
  };
}
