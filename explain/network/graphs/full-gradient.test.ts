import { describe, expect, it } from 'vitest';
import { golden, goldenPath, type NetworkInfo } from '../../../fixtures/golden.js';
import { networkInputOf } from '../../../inference/networks/network-input.js';
import { scoreHead } from '../../../inference/networks/find-score-head.js';
import { loadModel, upgradedModel } from '../../../onnx/index.js';
import { Network } from '../network.js';

describe('network.onePicture.fullGradient(picture, weights)', () => {
  it.each(['plain-cnn', 'squeeze', 'residual', 'discriminator-dense'])(
    'adds up to the score of %s, whose layers are linear or rectifiers (Srinivas and Fleuret 2019, prop. 1)',
    async (name) => {
      const { tensor } = golden<NetworkInfo>(name);
      const model = upgradedModel(await loadModel(goldenPath(`${name}.onnx`)));
      const head = scoreHead(model);
      const network = new Network(model, networkInputOf(model), head, { device: 'cpu' });
      const { data, shape } = tensor('input');
      const picture = data.subarray(0, data.length / (shape[0] ?? 1));
      const logits = await network.logits(picture);
      const weights = Float32Array.from({ length: head.classes }, (_, at) => (at === head.classes - 1 ? 1 : 0));
      const parts = await network.onePicture.fullGradient(picture, weights);
      await network.dispose();
      const total = parts.flatMap((part) => [...part.data]).reduce((sum, value) => sum + value, 0);
      expect(parts.length).toBeGreaterThan(2);
      expect(total).toBeCloseTo(logits[head.classes - 1] as number, 4);
    },
  );
});
