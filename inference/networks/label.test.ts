import { describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { Discriminator } from './discriminator.js';
import { labelOfFolders } from '../labels/given-label.js';
import { metadataEntries } from './metadata.js';

const CLASSES = ['dark', 'light', 'random'];

/** The mean of a picture and the number of its class times ten. */
function conditional(classes: readonly string[] | undefined) {
  const b = new GraphBuilder();
  const image = b.input('image', 'float32', ['batch', 1, 2, 2]);
  const label = b.input('label', 'int64', ['batch']);
  const table = b.initializer('table', float32Tensor([0, 10, 20], [3, 1]));
  const row = b.op('Gather', [table, label], { axis: 0 });
  b.output(b.add(b.reduceMean(b.op('Flatten', [image], { axis: 1 }), [1], true), row), 'logit');
  const normalization = { mean: [0], std: [1] };
  const size = { channels: 1, height: 2, width: 2, latentDim: 4 } as const;
  const run = { preset: 'space', seed: 0, step: 1, resize: 'crop', latentDistribution: 'normal' } as const;
  const outputs = { outputRange: 'tanh', logits: ['logit'], probabilities: [] } as const;
  const metadata = { role: 'discriminator', ...run, ...size, ...outputs, normalization } as const;
  return modelOfGraph(b.graph, metadataEntries(classes ? { ...metadata, classes } : metadata));
}

const white = { width: 2, height: 2, channels: 1, data: new Uint8Array(4).fill(255) } as const;

describe('Discriminator.load(model, { label })', () => {
  const scored = async (options: Parameters<typeof Discriminator.load>[1], classes: readonly string[] = CLASSES) => {
    await using discriminator = await Discriminator.load(conditional(classes), { device: 'cpu', ...options });
    const [score] = await discriminator.score([white]);
    const assumed = discriminator.assumptions.find(({ about }) => about === 'label');
    return [score?.logit, assumed?.taken, assumed?.because];
  };

  it('asks a conditional discriminator about the class that is stated, or that the folder is named after', async () => {
    expect(await scored({ label: 'light' })).toEqual([11, '1 (light) of 3', 'as stated']);
    expect(await scored({ label: 'random' })).toEqual([21, '2 (random) of 3', 'as stated']);
    const defaultLabel = labelOfFolders(['set/light/a.png', 'other/light/b.png']);
    expect(await scored({ defaultLabel })).toEqual([11, '1 (light) of 3', "as the pictures' folder is named"]);
    expect(await scored({ label: 0, defaultLabel })).toEqual([1, '0 (dark) of 3', 'as stated']);
    expect(await scored({ inputs: { label: { data: [2] } } })).toEqual([21, undefined, undefined]);
  });

  it('refuses to guess the class', async () => {
    const choices = 'label: expected a class of 0…2, a name such as dark, for input label int64 [batch]; got';
    await expect(scored({})).rejects.toThrow(`${choices} none`);
    await expect(scored({ defaultLabel: labelOfFolders(['pictures/a.png']) })).rejects.toThrow(`${choices} none`);
    await expect(scored({ label: 'all' })).rejects.toThrow(`${choices} all`);
    await expect(scored({ defaultLabel: labelOfFolders(['light/a.png', 'x/dark/b.png']) })).rejects.toThrow(
      'label: expected one class for all pictures; got pictures in folders light, dark',
    );
    await expect(Discriminator.load(conditional(undefined), { label: 1 })).rejects.toThrow(
      'label: expected it for conditional discriminators of gan-train only; inputs of others are named by `input`; got 1',
    );
  });
});
