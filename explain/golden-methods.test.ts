/** @file Every method of the table against reference implementations in PyTorch, through the public call. */
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, relativeError } from '../fixtures/golden.js';
import { Explainer, type Explanation, type ExplainOptions } from './explain.js';
import { explainsLayer, suitableMethods } from './methods.js';

/** Of the largest value of a map; PyTorch's are computed in float64. */
const TOLERANCE = 1e-4;

/** What the JSON file of `fixtures/golden/methods.py` says. */
interface MethodsInfo {
  convs: number[];
  column: number;
  sign: 1 | -1;
  seed: number;
  samples: number;
  noise: number;
  steps: number;
  mean: number;
  std: number;
}

describe.each(['discriminator-dense', 'plain-cnn', 'squeeze', 'residual'])('explainInput of %s', (network) => {
  const { info, tensor, names } = golden<MethodsInfo>(`methods-${network}`);
  const { seed, samples, noise, steps, mean, std } = info;

  async function explained(options: ExplainOptions): Promise<{ head: Explainer['head']; maps: Explanation[] }> {
    const preparation = { normalization: { mean: [mean, mean, mean], std: [std, std, std] }, resize: 'crop' } as const;
    const explainer = await Explainer.load(goldenPath(`${network}.onnx`), { preparation });
    const targets = explainer.head.kind === 'discriminator' ? 'fake' : info.column;
    const maps = await explainer.explainInput(tensor('input').data, {
      layers: info.convs,
      targets,
      runs: { seed, samples, noise, steps },
      ...options,
    });
    await explainer.dispose();
    return { head: explainer.head, maps };
  }

  /** Compares one picture's map with its row of a golden tensor. */
  function expectRow(key: string, picture: number, map: Float32Array): void {
    const { data, shape } = tensor(key);
    const size = data.length / (shape[0] ?? 1);
    const gap = relativeError(map, data.subarray(picture * size, (picture + 1) * size));
    expect(gap, `${key}, picture ${picture}`).toBeLessThan(TOLERANCE);
  }

  it('gives the maps of PyTorch by every method', async () => {
    const { head, maps } = await explained({ methods: 'all' });
    const place = ({ layer, method }: Explanation) => (explainsLayer(method) ? `conv${layer.index}` : 'input');
    for (const map of maps) expectRow(`${place(map)}/${map.method}`, map.picture, map.signed);
    const layers = suitableMethods(head).filter(explainsLayer).length;
    expect(maps).toHaveLength(2 * (layers * info.convs.length + suitableMethods(head).length - layers));
    const stored = names.filter((name) => name.startsWith('input/') || name.startsWith('conv'));
    expect(stored.length - info.convs.length).toBe(maps.length / 2);
  });

  it('gives first principal components of Grad-CAM', async () => {
    const { maps } = await explained({ methods: ['gradcam'], eigen: true });
    for (const { layer, picture, signed } of maps) expectRow(`conv${layer.index}/eigen gradcam`, picture, signed);
  });
});
