/** @file Layer-wise relevance propagation against PyTorch (fixtures/golden/methods_lrp.py). */
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, relativeError } from '../../../fixtures/golden.js';
import { conservationNote, emptyMapNote } from '../../figures/verdict.js';
import { Explainer } from '../../maps/explain.js';
import { methodNames } from '../table.js';

/** Of the largest value of a map; PyTorch's are computed in float64. */
const TOLERANCE = 1e-4;

const names = methodNames.filter((name) => name.startsWith('lrp-'));

interface LrpInfo {
  column: number;
  mean: number;
  std: number;
}

describe.each(['discriminator-conv', 'plain-cnn', 'squeeze', 'residual'])('explainInput of %s', (network) => {
  const { info, tensor } = golden<LrpInfo>(`lrp-${network}`);

  it('gives the relevances of PyTorch, which add up to the score with what biases took', async () => {
    const { column, mean, std } = info;
    const preparation = { normalization: { mean: [mean, mean, mean], std: [std, std, std] }, resize: 'crop' } as const;
    await using explainer = await Explainer.load(goldenPath(`${network}.onnx`), { device: 'cpu', preparation });
    const targets = explainer.head.kind === 'discriminator' ? 'fake' : column;
    const maps = await explainer.explainInput(tensor('input').data, { methods: names, targets });
    expect(maps).toHaveLength(2 * names.length);
    for (const { method, picture, signed, conservation, score } of maps) {
      const { data } = tensor(`input/${method}`);
      const own = data.subarray(picture * signed.length, (picture + 1) * signed.length);
      expect(relativeError(signed, own), `${method}, picture ${picture}`).toBeLessThan(TOLERANCE);
      const { sum = 0, biases = 0, score: explained = 0 } = conservation ?? {};
      expect(explained).toBe(score);
      expect(sum).toBeCloseTo(
        signed.reduce((total, value) => total + value, 0),
        3,
      );
      // α and β: units without a part of one sign cannot share that part's relevance.
      if (!/alpha/.test(method)) expect(Math.abs(sum + biases - score) / Math.abs(score), method).toBeLessThan(1e-4);
    }
  });
});

it('names the node that has no rule, and leaves itself out of what suits a network', async () => {
  await using explainer = await Explainer.load(goldenPath('plain-cnn.onnx'), { device: 'cpu', afterSoftmax: true });
  const { channels, height, width } = explainer.input.picture;
  await expect(
    explainer.explainInput(new Float32Array(channels * height * width).fill(1), { methods: ['lrp-epsilon'] }),
  ).rejects.toThrow(/plain-cnn.onnx: Softmax ".*": LRP has no rule for it \(relevance has no unique way through it\)$/);
  expect(explainer.methods()).toContain('gradcam');
  expect(explainer.methods().filter((name) => name.startsWith('lrp-'))).toEqual([]);
});

it('tells how far relevances add up, and why a map has none', async () => {
  await using explainer = await Explainer.load(goldenPath('squeeze.onnx'), { device: 'cpu' });
  const { channels, height, width } = explainer.input.picture;
  const picture = Float32Array.from({ length: channels * height * width }, (_, i) => Math.sin(1.7 * i * i));
  const [map] = await explainer.explainInput(picture, { methods: ['lrp-gamma'], targets: 1 });
  if (!map) throw new Error('no map');
  expect(conservationNote(map)).toMatch(
    /^Relevances add up to \S+, biases took \S+; the score is \S+ \(conservation gap \S+\)$/,
  );
  expect(emptyMapNote(map)).toBeUndefined();
  expect(emptyMapNote({ ...map, reason: 'zero gradient' })).toMatch(
    /^No relevance reaches the picture: .* try lrp-gamma/,
  );
});
