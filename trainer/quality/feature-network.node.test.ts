/** @file Which values of a network are features, and how pictures reach it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { Picture } from '../../inference/pictures/pictures.js';
import { emptyGraph, GraphBuilder, modelOfGraph, saveModel, type Shape } from '../../onnx/index.js';
import { golden, goldenPath, relativeError } from '../../fixtures/golden.js';
import { FeatureNetwork, type FeatureOptions } from './feature-network.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-network-'));
  await save('plain', ['batch', 3, 2, 2]);
  await save('fixed', [2, 3, 2, 2]);
  await save('last', ['batch', 2, 2, 3]);
  await save('open', ['batch', 3, 'height', 'width']);
  await save('stated', ['batch', 3, 2, 2], new Map([['Image.NominalPixelRange', 'Normalized_0_1']]));
  await saveTokens();
});
afterAll(() => rm(folder, { recursive: true }));

/** A network `twice` = 2·image, `features` = 3·image at rank 2, in that order of outputs. */
async function save(name: string, shape: Shape, metadata?: ReadonlyMap<string, string>): Promise<void> {
  const b = new GraphBuilder(emptyGraph(name));
  const image = b.input('image', 'float32', shape);
  b.output(b.mul(image, b.scalar(2), 'doubling'), 'twice');
  b.output(b.op('Flatten', [b.mul(image, b.scalar(3))], { axis: 1 }), 'features');
  await saveModel(join(folder, `${name}.onnx`), modelOfGraph(b.graph, metadata));
}

/** A network whose outputs hold the picture's pixels as tokens, as channels, with the batch second, and as either of two. */
async function saveTokens(): Promise<void> {
  const b = new GraphBuilder(emptyGraph('tokens'));
  const image = b.input('image', 'float32', ['batch', 3, 2, 2]);
  const channels = b.reshape(image, [0, 3, 4]);
  const tokens = b.transpose(channels, [0, 2, 1]);
  b.output(tokens, 'tokens');
  b.output(channels, 'channels');
  b.output(b.transpose(tokens, [1, 0, 2]), 'tokens_first');
  b.output(b.reshape(image, [0, 6, 2]), 'either');
  await saveModel(join(folder, 'tokens.onnx'), modelOfGraph(b.graph));
}

/** A 2×2 picture whose channels are 0, 51 and 255 but for the first pixel, which is black. */
const picture: Picture = {
  width: 2,
  height: 2,
  channels: 3,
  data: Uint8Array.of(0, 0, 0, 0, 51, 255, 0, 51, 255, 0, 51, 255),
};
const normalization = { mean: [0], std: [1] };
const plain: FeatureOptions = { preparation: { normalization } };

async function featuresOf(source: string, pictures: Picture[], options: FeatureOptions = plain) {
  const network = await FeatureNetwork.load(join(folder, source), options);
  const features = [...(await network.features(pictures))].map((value) => Math.round(1e5 * value) / 1e5);
  await network.dispose();
  return { features, size: network.size };
}

describe('FeatureNetwork', () => {
  it('takes the output `features`, or the value after the colon, averaged over positions', async () => {
    expect(await featuresOf('plain.onnx', [picture])).toEqual({
      features: [0, 0, 0, 0, 0, 0.6, 0.6, 0.6, 0, 3, 3, 3],
      size: 12,
    });
    const mean = { features: [0, 0.3, 1.5], size: 3 };
    for (const layer of ['twice', 'doubling']) {
      expect(await featuresOf(`plain.onnx:${layer}`, [picture])).toEqual(mean);
    }
    expect(await featuresOf('last.onnx:twice', [picture])).toEqual(mean);
  });

  it('averages tokens [batch, tokens, hidden] and channels [batch, channels, positions] over what is no feature', async () => {
    const mean = { features: [0, 0.15, 0.75], size: 3 };
    for (const layer of ['tokens', 'channels'])
      expect(await featuresOf(`tokens.onnx:${layer}`, [picture])).toEqual(mean);
    const network = await FeatureNetwork.load(join(folder, 'tokens.onnx'), plain);
    expect(network.assumptions.at(-1)?.taken).toBe('"tokens", numbers per picture: 3 (the mean over all tokens)');
    await network.dispose();
  });

  it('prepares pictures as the file says, or as it is told', async () => {
    expect((await featuresOf('stated.onnx:twice', [picture], {})).features).toEqual([0, 0.3, 1.5]);
    const told = { normalization: { mean: [0, 0.1, 0.5], std: [1, 1, 0.5] } };
    expect((await featuresOf('stated.onnx:twice', [picture], { preparation: told })).features).toEqual([0, 0.1, 1]);
    expect((await featuresOf('open.onnx', [picture], { preparation: { size: { height: 4, width: 4 } } })).size).toBe(
      48,
    );
  });

  it('gives a row per picture, also where the network fixes its batch', async () => {
    const black: Picture = { ...picture, data: new Uint8Array(12) };
    const rows = [0, 0, 0, 0, 0.3, 1.5, 0, 0, 0];
    expect((await featuresOf('fixed.onnx:twice', [black, picture, black])).features).toEqual(rows);
    expect((await featuresOf('plain.onnx:twice', [black, picture, black])).features).toEqual(rows);
    expect(
      (
        await featuresOf(
          'plain.onnx:twice',
          Array.from({ length: 40 }, () => picture),
        )
      ).features,
    ).toHaveLength(120);
  });

  it('leaves pictures of any size to a graph that resizes them itself', async () => {
    const { info, tensor } = golden<{ pictures: string[] }>('features');
    const pictures = info.pictures.map((name): Picture => {
      const { shape, data } = tensor(name);
      return { width: shape[1] as number, height: shape[0] as number, channels: 3, data: Uint8Array.from(data) };
    });
    const expected = info.pictures.flatMap((name) => [...tensor(`features/${name}`).data]);
    const differenceWith = async (options: FeatureOptions) => {
      const network = await FeatureNetwork.load(goldenPath('features.onnx'), options);
      const taken = network.assumptions.slice(0, 2).map((each) => each.taken);
      const difference = relativeError(await network.features(pictures), expected);
      await network.dispose();
      return { taken, difference };
    };
    const left = await differenceWith({});
    expect(left.taken).toEqual(['"pictures", RGB, any size, NCHW', 'none before the network, which resizes to 23×23']);
    expect(left.difference).toBeLessThan(1e-6);
    // With antialias, in 8 bits.
    const before = await differenceWith({ preparation: { resize: 'squash' } });
    expect(before.taken).toEqual(['"pictures", RGB, 23×23, NCHW', 'squash (sides resized independently)']);
    expect(before.difference).toBeGreaterThan(1e-3);
  });

  test.each([
    ['none.onnx', {}, 'none.onnx: cannot be read (ENOENT)'],
    ['plain.onnx:pool', {}, 'expected the name of a node or value after the colon, such as doubling'],
    ['plain.onnx', { preparation: { size: { height: 8, width: 8 } } }, 'size: expected 2x2, which the model fixes'],
    [
      'tokens.onnx:either',
      plain,
      'features "either": expected a value whose axis of features can be told; this one is 6 features at 2 positions or ' +
        '2 features at 6 positions: name another after the colon; got [1, 6, 2]',
    ],
    ['tokens.onnx:tokens_first', plain, 'here of a batch of 1; got float32 [4, 1, 3]'],
    ['plain.onnx', { preparation: { normalization: { mean: [1, 2], std: [1] } } }, 'mean: expected one number'],
  ])('refuses %s with %j', async (source, options, message) => {
    await expect(FeatureNetwork.load(join(folder, source), options)).rejects.toThrow(message);
  });
});
