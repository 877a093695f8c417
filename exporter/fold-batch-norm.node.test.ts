import { describe, expect, it } from 'vitest';
import { discriminatorModel, generatorModel } from '../trainer/step/tfjs/models.js';
import { presets } from '../trainer/settings/presets.js';
import { discriminatorSignature, exportedModel, generatorSignature } from './export.js';
import { foldedBatchNorm } from '../onnx/passes/fold-batch-norm.js';
import { exportDifference, withRandomWeights } from './parity.test.helper.js';
import { tfl } from './tf.js';

const small = { ...presets.cub200, imageSize: 16, latentDim: 6, ngf: 4, ndf: 4 };
const operators = (graph: { nodes: { op: string }[] }) => graph.nodes.map(({ op }) => op);

describe('foldedBatchNorm(graph)', () => {
  it('leaves no batch norm in a DCGAN, and no weight of one, and agrees with tfjs to 1e-5', async () => {
    const generator = withRandomWeights(generatorModel(small));
    const discriminator = withRandomWeights(discriminatorModel({ ...small, convBias: true }));
    for (const [model, signature] of [
      [generator, generatorSignature(generator)],
      [discriminator, discriminatorSignature(discriminator)],
    ] as const) {
      const { graph } = exportedModel(model, { ...signature, foldBatchNorm: true });
      expect(operators(graph)).not.toContain('BatchNormalization');
      expect([...graph.initializers.keys()].filter((name) => name.includes('_norm/'))).toEqual([]);
      expect(await exportDifference(model, { ...signature, foldBatchNorm: true })).toBeLessThan(1e-5);
    }
  });

  it('keeps names: the convolution node, and the value that the batch norm gave', () => {
    const model = withRandomWeights(discriminatorModel(small));
    const { graph } = exportedModel(model, { ...discriminatorSignature(model), foldBatchNorm: true });
    const folded = graph.nodes.find(({ name }) => name === 'd_stage2_conv/Conv');
    expect(folded?.outputs).toEqual(['d_stage2_norm/BatchNormalization']);
    expect(folded?.inputs.slice(1)).toEqual(['d_stage2_conv/Conv/folded_kernel', 'd_stage2_conv/Conv/folded_bias']);
  });

  it('folds into depthwise convolutions', async () => {
    const model = withRandomWeights(
      tfl.sequential({
        layers: [
          tfl.layers.depthwiseConv2d({ name: 'depthwise', inputShape: [5, 5, 3], kernelSize: 3, depthMultiplier: 2 }),
          tfl.layers.batchNormalization({ name: 'depthwise_norm', scale: false }),
        ],
      }),
    );
    const { graph } = exportedModel(model, { name: '', inputName: 'x', outputs: { y: 'depthwise_norm' } });
    expect(operators(foldedBatchNorm(graph))).not.toContain('BatchNormalization');
    expect(await exportDifference(model, { foldBatchNorm: true })).toBeLessThan(1e-5);
  });

  it('keeps a batch norm whose convolution is read elsewhere', async () => {
    const input = tfl.input({ shape: [5, 5, 3] });
    const convolved = tfl.layers.conv2d({ name: 'branching', filters: 3, kernelSize: 1 }).apply(input) as typeof input;
    const normed = tfl.layers.batchNormalization({ name: 'branch_norm' }).apply(convolved) as typeof input;
    const outputs = tfl.layers.add({ name: 'sum' }).apply([convolved, normed]) as typeof input;
    const model = withRandomWeights(tfl.model({ inputs: input, outputs }));
    const { graph } = exportedModel(model, { name: '', inputName: 'x', outputs: { y: 'sum' }, foldBatchNorm: true });
    expect(operators(graph)).toContain('BatchNormalization');
    expect(await exportDifference(model, { foldBatchNorm: true })).toBeLessThan(1e-5);
  });
});
