/** @file Several steps in one run are, bit for bit, the steps one by one. */
import { describe, expect, it } from 'vitest';
import { stepBatch } from '../../data/batch.js';
import type { GanConfig } from '../../settings/config.js';
import { configWith } from '../../settings/presets.js';
import { Random } from '../../../inference/numeric/random.js';
import { discriminatorModel, generatorModel } from '../tfjs/models.js';
import { drawnLabels } from '../state/labels.js';
import { initialState } from '../tfjs/state.js';
import type { StepBatch } from '../state/step.js';
import { OnnxStep } from './onnx.node.js';

const small = { imageSize: 16, ngf: 8, ndf: 8, latentDim: 8, batchSize: 8 } as const;
const configs: [string, GanConfig][] = [
  ['batch norm', configWith('cub200', small)],
  ['R1 in every third step, which has a run of its own', configWith('cub200', { ...small, r1: 10, r1Every: 3 })],
  [
    'hinge loss, spectral norm, adaptive DiffAugment, average, two updates of D, fresh latents, labels',
    configWith('space', {
      ...small,
      norm: 'none',
      loss: 'hinge',
      spectralNorm: true,
      diffaugment: ['color', 'translation', 'cutout'],
      ada: true,
      ema: 0.9,
      dSteps: 2,
      lr: 2e-4,
      conditional: true,
      classNames: ['a', 'b'],
    }),
  ],
];

const models = (config: GanConfig) => ({
  generator: generatorModel(config, { initialWeights: false }),
  discriminator: discriminatorModel(config, { initialWeights: false }),
});

describe.each(configs)('OnnxStep.runAll(batches), %s', (_, config) => {
  it('gives the results and the state of single steps to the last bit', async () => {
    const batches: StepBatch[] = [];
    for (const index of [0, 1, 2, 3]) batches.push(await batchOf(config, index));
    const [one, repeated] = await Promise.all(
      [false, true].map((repeats) =>
        OnnxStep.create(config, models(config), initialState(config), { threads: 1 }, repeats),
      ),
    );
    const alone = [];
    for (const batch of batches) alone.push(await one!.run(batch));
    // In runs of different lengths, of which one has a single step.
    const together = [...(await repeated!.runAll(batches.slice(0, 3))), await repeated!.run(batches[3] as StepBatch)];
    expect(together).toEqual(alone);
    expect(await repeated!.state()).toEqual(await one!.state());
    const latents = batches[0]!.latents.subarray(0, 3 * config.latentDim);
    const labels = drawnLabels(config, latents);
    expect(await repeated!.sample(latents, labels)).toEqual(await one!.sample(latents, labels));
    await Promise.all([one!.dispose(), repeated!.dispose()]);
  });
});

/** A batch of noise pictures. */
function batchOf(config: GanConfig, index: number): Promise<StepBatch> {
  const size = config.batchSize * config.channels * config.imageSize ** 2;
  const batch = async (at: number) => {
    const random = new Random(at + 7);
    return Float32Array.from({ length: size }, () => Math.tanh(random.normal()));
  };
  const labelledBatch = async (at: number) => ({
    pictures: await batch(at),
    classes: Uint16Array.from({ length: config.batchSize }, (_, row) => (at + row) % 2),
  });
  return stepBatch(
    config,
    {
      batchesPerEpoch: 8,
      batch,
      labelledBatch,
      heldOut: { batch: (at) => batch(at + 50), labelledBatch: (at) => labelledBatch(at + 50) },
    },
    index,
    100,
    undefined,
    config.ada ? 0.5 : undefined,
  );
}
