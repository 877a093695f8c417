/** @file The presets' networks have the parameters and layers of the seeds' PyTorch modules, in the same order. */
import { readFileSync } from 'node:fs';
import type { LayersModel } from '../../exporter/tfjs-model.js';
import { describe, expect, it } from 'vitest';
import { goldenPath } from '../../fixtures/golden.js';
import { onnxDims, weightName } from '../../exporter/layers/weights.js';
import type { GanConfig } from '../settings/config.js';
import { discriminatorModel, generatorModel } from './tfjs/models.js';
import { configWith, presets } from '../settings/presets.js';

type ByNetwork<T> = { generator: T; discriminator: T };
/** Parameters' shapes, names and their count, and shapes after each convolution or dense layer. */
type Seed = ByNetwork<number[][]> & {
  names: ByNetwork<string[]>;
  counts: ByNetwork<number>;
  outputs: ByNetwork<{ name: string; shape: number[] }[]>;
};
const seeds = JSON.parse(readFileSync(goldenPath('seed-networks.json'), 'utf8')) as Record<string, Seed>;
const configs: Record<string, GanConfig> = { ...presets, 'cub200-conv': configWith('cub200', { head: 'conv' }) };
const models = { generator: generatorModel, discriminator: discriminatorModel };

describe.each(Object.keys(seeds))('%s', (name) => {
  it.each(['generator', 'discriminator'] as const)('has the parameters and layers of its seed: %s', (network) => {
    const model = models[network](configs[name] as GanConfig, { initialWeights: false });
    const seed = seeds[name] as Seed;
    expect(parameterNames(model)).toEqual(seed.names[network]);
    expect(parameterShapes(model)).toEqual(seed[network]);
    expect(model.countParams() - statisticsCount(model)).toBe(seed.counts[network]);
    expect(layerOutputs(model)).toEqual(seed.outputs[network]);
    model.dispose();
  });
});

/** `g_stage1_conv`, `d_logit` → `stage1_conv`, `head` */
function torchLayer(layer: string): string {
  return layer.slice(2).replace(/^(head_conv|logit)$/, 'head');
}

function parameterNames(model: LayersModel): string[] {
  return model.trainableWeights.map((weight) => {
    const [layer = '', kind = ''] = weightName(weight).split('/');
    return `${torchLayer(layer)}.${kind === 'kernel' || kind === 'gamma' ? 'weight' : 'bias'}`;
  });
}

/** Shapes of all trainable weights in PyTorch's layouts. */
function parameterShapes(model: LayersModel): number[][] {
  return model.trainableWeights.map((weight) => {
    const shape = weight.shape as number[];
    if (shape.length === 4) return onnxDims(shape, weightName(weight).startsWith('g_') ? 'conv-transpose' : 'conv');
    return shape.toReversed();
  });
}

/** Numbers in running means and variances, which PyTorch does not count as parameters. */
function statisticsCount(model: LayersModel): number {
  return model.nonTrainableWeights.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
}

/** Shapes after convolutions and dense layers for one picture, [N, C, H, W] or [N, C]. */
function layerOutputs(model: LayersModel): { name: string; shape: number[] }[] {
  const layers = model.layers.filter((layer) => ['Conv2D', 'Conv2DTranspose', 'Dense'].includes(layer.getClassName()));
  return layers.map((layer) => {
    const [, ...sizes] = layer.outputShape as number[];
    return { name: torchLayer(layer.name), shape: [1, ...sizes.slice(-1), ...sizes.slice(0, -1)] };
  });
}
