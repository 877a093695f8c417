/** @file Attention rollout, gradient rollout and LeGrad against reference implementations in PyTorch. */
import { describe, expect, it, test } from 'vitest';
import { golden, goldenPath, relativeError } from '../../fixtures/golden.js';
import { Explainer } from '../maps/explain.js';

/** Of the largest value of a map; PyTorch's are computed in float64. */
const TOLERANCE = 1e-4;

const attentionMaps = ['attention-rollout', 'gradient-rollout', 'legrad'] as const;

/** The file of a network, the grid of its tokens, and where its pictures are. */
const files = [
  ['vit-dynamo', 'attention-vit', 'pictures', [4, 4]],
  ['vit-torchscript', 'attention-vit', 'pictures', [4, 4]],
  ['vit-dynamo-23', 'attention-vit', 'pictures', [4, 4]],
  ['attention-averaging-dynamo', 'attention-averaging', 'attention-averaging', [4, 6]],
  ['attention-tokens-first-dynamo', 'attention-tokens-first', 'attention-tokens-first', [4, 4]],
  ['attention-tokens-first-torchscript', 'attention-tokens-first', 'attention-tokens-first', [4, 4]],
] as const;

describe.each(files)('explainInput of %s', (file, maps, pictures, grid) => {
  it.each(attentionMaps)('gives the maps of PyTorch by %s', async (method) => {
    const { data, shape } = golden(maps).tensor(`maps/${method}`);
    await using explainer = await Explainer.load(goldenPath(`${file}.onnx`), { device: 'cpu' });
    const targets = [0, 1, 2];
    const found = await explainer.explainInput(golden(pictures).tensor('input').data, { methods: [method], targets });
    expect(shape).toEqual([3, ...grid]);
    expect(found.map(({ rawHeight, rawWidth }) => [rawHeight, rawWidth])).toEqual(targets.map(() => [...grid]));
    const size = grid[0] * grid[1];
    for (const { picture, signed } of found) {
      const gap = relativeError(signed, data.subarray(picture * size, (picture + 1) * size));
      expect(gap, `picture ${picture}`).toBeLessThan(TOLERANCE);
    }
  });
});

describe('attention maps', () => {
  const message = async (file: string) => {
    await using explainer = await Explainer.load(goldenPath(file), { device: 'cpu' });
    expect(explainer.methods().filter((name) => attentionMaps.some((each) => each === name))).toEqual([]);
    const { channels, height, width } = explainer.input.picture;
    const picture = new Float32Array(channels * height * width);
    const made = explainer.explainInput(picture, { methods: ['attention-rollout'] });
    return ((await made.catch((error: unknown) => error)) as Error).message;
  };
  const expected =
    'method: expected for attention maps, a transformer in whose layers every token attends to all others; got ';

  test('are refused without attention', async () => {
    expect(await message('residual.onnx')).toContain(`${expected}no attention`);
  });

  test.each(['swin-dynamo', 'swin-torchscript', 'folded-dynamo', 'folded-torchscript'])(
    'are refused for attention in windows and folds: %s',
    async (file) => {
      expect(await message(`${file}.onnx`)).toMatch(
        /got Softmax ".+" \[4\*batch, \d+, \d+\], which is not one of all tokens$/,
      );
    },
  );
});
