import { describe, expect, it } from 'vitest';
import { weightName } from '../../../exporter/layers/weights.js';
import type { GanConfig, PresetName } from '../../settings/config.js';
import { discriminatorModel, generatorModel } from './models.js';
import { presets } from '../../settings/presets.js';

const small: GanConfig = { ...presets.space, imageSize: 32, latentDim: 16, ngf: 16, ndf: 16 };
type Model = ReturnType<typeof generatorModel>;

const layerNames = (model: Model) => model.layers.map(({ name }) => name);
const parameterCount = (model: Model) => {
  const count = model.layers.reduce((sum, layer) => {
    // PyTorch's parameters, without the running statistics.
    const trainable = layer.trainableWeights.map(({ shape }) => (shape as number[]).reduce((a, b) => a * b, 1));
    return sum + trainable.reduce((a, b) => a + b, 0);
  }, 0);
  model.dispose();
  return count;
};

function weight(model: Model, name: string): Float32Array {
  const index = model.weights.findIndex((candidate) => weightName(candidate) === name);
  const value = model.getWeights()[index];
  if (!value) throw new Error(`no weight ${name}`);
  return value.dataSync<'float32'>();
}

function moments(values: Float32Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance), largest: values.reduce((max, value) => Math.max(max, Math.abs(value)), 0) };
}

describe('generatorModel(config)', () => {
  it('doubles the size and halves the channels from 4×4 on', () => {
    const model = generatorModel(small);
    expect(layerNames(model)).toEqual([
      'g_latent',
      ...[1, 2, 3].flatMap((stage) => [`g_stage${stage}_conv`, `g_stage${stage}_norm`, `g_stage${stage}_relu`]),
      'g_output_conv',
      'g_output_tanh',
    ]);
    const shapes = model.layers.filter(({ name }) => name.endsWith('conv')).map(({ outputShape }) => outputShape);
    expect(shapes).toEqual([
      [null, 4, 4, 64],
      [null, 8, 8, 32],
      [null, 16, 16, 16],
      [null, 32, 32, 3],
    ]);
  });

  it.each([4, 48, 20, 0, Number.NaN])('refuses pictures of %d pixels', (imageSize) => {
    expect(() => generatorModel({ ...small, imageSize })).toThrow(/imageSize: expected 8, 16, 32, .*; got/);
  });
});

describe('discriminatorModel(config)', () => {
  it.each([
    ['conv', false, ['d_head_conv', 'd_logit', 'd_probability']],
    ['dense', true, ['d_head_flatten', 'd_logit', 'd_probability']],
  ] as const)('ends in the %s head; batch norm in the first stage: %s', (head, firstBatchNorm, end) => {
    const model = discriminatorModel({ ...small, head, firstBatchNorm });
    const names = layerNames(model);
    expect(names.slice(-3)).toEqual(end);
    expect(names.includes('d_stage1_norm')).toBe(firstBatchNorm);
    expect(names).toContain('d_stage2_norm');
    expect(model.getLayer('d_logit').outputShape).toEqual([null, 1]);
    expect(model.outputs[0]?.shape).toEqual([null, 1]);
  });
});

describe('both networks', () => {
  // Of the seeds' PyTorch modules, kernels + biases + batch norm scales and shifts. Space, discriminator:
  // 16·(3·64 + 64·128 + 128·256 + 256·512 + 512) + 2·(64 + 128 + 256 + 512).
  it.each([
    ['pokemon', 3_576_704, 2_765_696],
    ['space', 3_806_080, 2_765_696],
    ['fashion-mnist', 12_656_257, 11_033_985],
  ] as [PresetName, number, number][])('have as many parameters as the %s seed', (preset, generator, discriminator) => {
    expect(parameterCount(generatorModel(presets[preset]))).toBe(generator);
    expect(parameterCount(discriminatorModel(presets[preset]))).toBe(discriminator);
  });

  it('start from the same weights for the same seed, and others for another', () => {
    const first = weight(generatorModel(small), 'g_stage2_conv/kernel');
    expect(weight(generatorModel(small), 'g_stage2_conv/kernel')).toEqual(first);
    expect(weight(generatorModel({ ...small, seed: 1 }), 'g_stage2_conv/kernel')).not.toEqual(first);
  });

  it('start from N(0, 0.02²) kernels and N(1, 0.02²) scales where the seed says so', () => {
    const model = generatorModel({ ...small, kernelInit: 'normal', batchNormInitStd: 0.02, convBias: true });
    // 32,768 kernel elements: five standard errors are 5·0.02/√32768 = 6e-4 for the mean, 4e-4 for the deviation.
    const kernel = moments(weight(model, 'g_stage2_conv/kernel'));
    expect(Math.abs(kernel.mean)).toBeLessThan(6e-4);
    expect(Math.abs(kernel.std - 0.02)).toBeLessThan(4e-4);
    const gamma = moments(weight(model, 'g_stage1_norm/gamma'));
    expect(Math.abs(gamma.mean - 1)).toBeLessThan(0.0125);
    expect(gamma.std).toBeGreaterThan(0.01);
    expect(gamma.std).toBeLessThan(0.03);
    expect(moments(weight(model, 'g_stage1_norm/beta')).largest).toBe(0);
    expect(moments(weight(model, 'g_stage1_conv/bias')).largest).toBe(0);
    expect(moments(weight(model, 'g_stage1_norm/moving_variance'))).toEqual({ mean: 1, std: 0, largest: 1 });
  });

  it("start from PyTorch's uniform weights over ±1/√(fan in) where nothing sets them", () => {
    const model = discriminatorModel({ ...small, kernelInit: 'pytorch', head: 'dense' });
    const bounded = (name: string, fanIn: number) => {
      const { largest, std } = moments(weight(model, name));
      expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(fanIn));
      return std * Math.sqrt(3 * fanIn);
    };
    expect(bounded('d_stage2_conv/kernel', 16 * 16)).toBeCloseTo(1, 1);
    expect(bounded('d_logit/kernel', 1024)).toBeCloseTo(1, 1);
    bounded('d_logit/bias', 1024);
    const generator = moments(weight(generatorModel({ ...small, kernelInit: 'pytorch' }), 'g_stage1_conv/kernel'));
    expect(generator.largest).toBeLessThanOrEqual(1 / Math.sqrt(64 * 16)); // of [in, out, 4, 4], out·16
  });

  it('leave the dense head to PyTorch also where the seed sets convolutions', () => {
    const model = discriminatorModel({ ...small, kernelInit: 'normal', head: 'dense' });
    const { std, largest } = moments(weight(model, 'd_logit/kernel'));
    expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(1024));
    expect(std).toBeCloseTo(1 / Math.sqrt(3 * 1024), 3);
  });
});
