/** @file The presets' networks have the parameters of the seeds' PyTorch modules, in the same order. */
import { readFileSync } from 'node:fs';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { goldenPath } from '../fixtures/golden.js';
import { onnxDims, weightName } from '../exporter/weights.js';
import type { GanConfig } from './config.js';
import { discriminatorModel, generatorModel } from './models.js';
import { configWith, presets } from './presets.js';

const seeds = JSON.parse(readFileSync(goldenPath('seed-networks.json'), 'utf8')) as Record<
  string,
  { generator: number[][]; discriminator: number[][] }
>;
const configs: Record<string, GanConfig> = { ...presets, 'cub200-conv': configWith('cub200', { head: 'conv' }) };

describe.each(Object.keys(seeds))('%s', (name) => {
  it('has the parameter shapes of its seed', () => {
    const config = configs[name] as GanConfig;
    expect(shapes(generatorModel(config, { initialWeights: false }))).toEqual(seeds[name]?.generator);
    expect(shapes(discriminatorModel(config, { initialWeights: false }))).toEqual(seeds[name]?.discriminator);
  });
});

/** Shapes of all trainable weights in PyTorch's layouts. */
function shapes(model: LayersModel): number[][] {
  const result = model.trainableWeights.map((weight) => {
    const shape = weight.shape as number[];
    if (shape.length === 4) return onnxDims(shape, weightName(weight).startsWith('g_') ? 'conv-transpose' : 'conv');
    return shape.toReversed();
  });
  model.dispose();
  return result;
}
