import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { metadataEntries, readGanMetadata, type GanMetadata } from '../inference/networks/metadata.js';
import { modelFromBytes } from '../onnx/files/read.js';
import { modelBytes } from '../onnx/files/write.js';
import { discriminatorModel, generatorModel } from '../trainer/step/tfjs/models.js';
import { configWith, presets } from '../trainer/settings/presets.js';
import { discriminatorSignature, exportedModel, generatorSignature } from './export.js';
import { exportDifference, withRandomWeights } from './parity.test.helper.js';
import { tf, tfl } from './tf.js';
import { largestDifference } from './verify.node.js';

const small = { ...presets.space, imageSize: 16, latentDim: 6, ngf: 4, ndf: 4 };

describe('exportedModel(generator, …)', () => {
  const model = withRandomWeights(generatorModel(small));
  const signature = generatorSignature(model);

  it('maps latent [batch, Z] to image [batch, C, H, W]', () => {
    const { graph } = exportedModel(model, signature);
    expect(graph.inputs).toEqual([{ name: 'latent', value: { type: 'float32', shape: ['batch', 6] } }]);
    expect(graph.outputs).toEqual([{ name: 'image', value: { type: 'float32', shape: ['batch', 3, 16, 16] } }]);
  });

  it('names nodes after layers and initializers after weights', () => {
    const { graph } = exportedModel(model, signature);
    const names = graph.nodes.map(({ name }) => name);
    expect(names).toEqual([
      'g_latent/Reshape',
      'g_stage1_conv/ConvTranspose',
      'g_stage1_norm/BatchNormalization',
      'g_stage1_relu/Relu',
      'g_stage2_conv/ConvTranspose',
      'g_stage2_norm/BatchNormalization',
      'g_stage2_relu/Relu',
      'g_output_conv/ConvTranspose',
      'g_output_tanh/Tanh',
      'image',
    ]);
    expect(graph.initializers.has('g_stage1_conv/kernel')).toBe(true);
    expect(graph.initializers.has('g_stage2_norm/moving_variance')).toBe(true);
  });

  it('gives the same bytes every time, also for the same network made again', () => {
    const bytes = modelBytes(exportedModel(model, signature));
    expect(modelBytes(exportedModel(withRandomWeights(generatorModel(small)), signature))).toEqual(bytes);
  });

  it.each([13, 14, 15, 16, 17, 18, 19, 20, 21])('agrees with tfjs in opset %i to 1e-5', async (opset) => {
    expect(await exportDifference(model, { ...signature, opset })).toBeLessThan(1e-5);
  });

  it.each([13, 21])('agrees with tfjs on residual networks, opset %i', async (opset) => {
    const residual = configWith('space', { arch: 'resnet', imageSize: 32, latentDim: 6, ngf: 1, ndf: 1 });
    const generator = withRandomWeights(generatorModel(residual));
    const discriminator = withRandomWeights(discriminatorModel(residual));
    expect(await exportDifference(generator, { ...generatorSignature(generator), opset })).toBeLessThan(1e-5);
    expect(await exportDifference(discriminator, { ...discriminatorSignature(discriminator), opset })).toBeLessThan(
      1e-5,
    );
  });

  it.each([12, 22, 17.5, Number.NaN])('refuses opset %d', (opset) => {
    expect(() => exportedModel(model, { ...signature, opset })).toThrow(
      `opset: expected an integer of 13…21; got ${opset}`,
    );
  });

  it('refuses an output of a layer that is not there, listing those that are', () => {
    const outputs = { image: 'g_outptu' };
    expect(() => exportedModel(model, { ...signature, outputs })).toThrow(
      /output "image": expected one of the layers g_latent, .*, g_output_tanh; got g_outptu/,
    );
  });

  it('leaves out what the outputs do not need', () => {
    const { graph } = exportedModel(model, { ...signature, outputs: { maps: 'g_stage1_relu' } });
    expect(graph.nodes.at(-2)?.name).toBe('g_stage1_relu/Relu');
    expect(graph.initializers.has('g_stage2_conv/kernel')).toBe(false);
  });

  it('carries the package and its version as producer, and the metadata', async () => {
    const metadata: GanMetadata = {
      role: 'generator',
      preset: 'space',
      seed: 7,
      step: 100,
      latentDim: 6,
      latentDistribution: 'normal',
      normalization: small.normalization,
      resize: 'crop',
      outputRange: 'tanh',
      channels: 3,
      height: 16,
      width: 16,
      logits: [],
      probabilities: [],
    };
    const bytes = modelBytes(exportedModel(model, { ...signature, metadata: metadataEntries(metadata) }));
    const read = modelFromBytes(bytes, 'generator.onnx');
    const packageJson: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(packageJson).toMatchObject({ name: read.producer.name, version: read.producer.version });
    expect(readGanMetadata(read.metadata)).toEqual(metadata);
  });
});

describe.each(['dense', 'conv'] as const)('exportedModel(discriminator, …) with the %s head', (head) => {
  const model = withRandomWeights(discriminatorModel({ ...small, head, convBias: true }));
  const signature = discriminatorSignature(model);

  it('maps image [batch, C, H, W] to logit and probability, both [batch, 1]', () => {
    const { graph } = exportedModel(model, signature);
    expect(graph.inputs).toEqual([{ name: 'image', value: { type: 'float32', shape: ['batch', 3, 16, 16] } }]);
    expect(graph.outputs).toEqual(
      ['logit', 'probability'].map((name) => ({ name, value: { type: 'float32', shape: ['batch', 1] } })),
    );
  });

  it('agrees with tfjs to 1e-5 in both outputs, with and without folded batch norm', async () => {
    for (const foldBatchNorm of [false, true]) {
      expect(await exportDifference(model, { ...signature, foldBatchNorm })).toBeLessThan(1e-5);
    }
  });
});

/** Two models with a dense layer `d` each, one after the other, and between them another `d`. */
function nestedNamesakes() {
  const dense = () => tfl.layers.dense({ name: 'd', units: 2, inputShape: [2] });
  const part = (name: string) => tfl.sequential({ name, layers: [dense()] });
  const input = tfl.input({ shape: [2] });
  const inner = part('a').apply(input) as typeof input;
  const middle = tfl.layers.dense({ name: 'd', units: 2 }).apply(inner) as typeof input;
  const last = tfl.layers.activation({ name: 'last', activation: 'tanh' });
  const model = tfl.model({ inputs: input, outputs: last.apply(part('b').apply(middle)) as typeof input });
  // Each gets weights of its own, although their names are equal.
  const values = model.weights.map(({ shape }, index) => tf.randomNormal(shape as number[], 0, 1, 'float32', index));
  model.setWeights(values);
  return model;
}

describe('exportedModel(model, …) of other models', () => {
  it('keeps the weights of nested layers of one name apart', async () => {
    const model = nestedNamesakes();
    expect(await exportDifference(model)).toBeLessThan(1e-6);
    const { graph } = exportedModel(model, { name: 'test', inputName: 'x', outputs: { y: 'b' } });
    expect([...graph.initializers.keys()].filter((name) => name.includes('kernel'))).toEqual([
      'd/kernel',
      'd/kernel_1',
      'd/kernel_2',
    ]);
  });

  it('gives the output of its own layer where a nested one has its name', async () => {
    expect(await exportDifference(nestedNamesakes(), { outputs: { output: 'd' } })).toBeLessThan(1e-6);
  });

  it('leaves pictures as they are where the model has its channels first', async () => {
    const input = tfl.input({ shape: [3, 8, 10], name: 'photo' });
    const layer = tfl.layers.conv2d({ name: 'c', filters: 4, kernelSize: 3, dataFormat: 'channelsFirst' });
    const model = withRandomWeights(tfl.model({ inputs: input, outputs: layer.apply(input) as typeof input }));
    const { graph } = exportedModel(model, { name: 'test', inputName: 'x', outputs: { y: 'c' } });
    expect(graph.inputs[0]?.value?.shape).toEqual(['batch', 3, 8, 10]);
    expect(graph.outputs[0]?.value?.shape).toEqual(['batch', 4, 6, 8]);
    expect(await exportDifference(model)).toBeLessThan(1e-5);
  });
});

describe('largestDifference(model, onnx, …)', () => {
  const model = withRandomWeights(discriminatorModel(small));
  const signature = discriminatorSignature(model);

  it('tells by output how far an export is from its model', async () => {
    const bytes = modelBytes(exportedModel(model, signature));
    const differences = await largestDifference(model, bytes, { signature });
    expect([...differences.keys()]).toEqual(['logit', 'probability']);
    expect(Math.max(...differences.values())).toBeLessThan(1e-5);
    const other = withRandomWeights(discriminatorModel(small), 2);
    const away = await largestDifference(other, bytes, { signature });
    expect(Math.min(...away.values())).toBeGreaterThan(1e-3);
  });

  it('refuses a file that lacks an output', async () => {
    const bytes = modelBytes(exportedModel(model, { ...signature, outputs: { logit: 'd_logit' } }));
    await expect(largestDifference(model, bytes, { signature })).rejects.toThrow(
      'output "probability": expected 1 numbers from the exported model',
    );
  });
});
