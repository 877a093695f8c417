/** @file Grad-CAM of the ONNX zoo's architectures at full size with random weights against PyTorch's, at every convolution. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { golden } from '../fixtures/golden.js';
import { Explainer } from './index.js';

/** Of the largest value of a map: float32 here, float64 there, through up to 53 layers. */
const TOLERANCE = 1e-3;
const SIZE = 224;

const zoo = (name: string) =>
  fileURLToPath(new URL(`../../../shared/data/onnx-zoo-light/light_${name}.onnx`, import.meta.url));

/** What `make_zoo.py` says of a network: maps that float32 cannot reach, being at a kink, are left out. */
interface ZooInfo {
  seed: number;
  pictures: number[];
  classes: number[];
  leftOut: string[];
}

/** The pictures of these numbers that `make_zoo.py` draws. */
function waves(numbers: readonly number[]): Float32Array {
  const plane = SIZE ** 2;
  return new Float32Array(numbers.length * 3 * plane).map((_, at) => {
    const [column, row, channel] = [at % SIZE, Math.floor(at / SIZE) % SIZE, Math.floor(at / plane) % 3];
    const n = (numbers[Math.floor(at / (3 * plane))] as number) + 1;
    const wave = Math.sin(0.07 * (channel + 1) * row + 0.05 * n * column + channel);
    return wave + 0.5 * Math.cos(0.3 * column - 0.2 * n * row);
  });
}

/** VGG-19 has 575 MB of weights: SLOW_TESTS=1 includes it. */
const networks = ['squeezenet', 'resnet50', ...(process.env['SLOW_TESTS'] ? ['vgg19'] : [])];

describe.each(networks)('Explainer of %s of the ONNX zoo', (name) => {
  it.skipIf(!existsSync(zoo(name)))(
    'gives the maps of PyTorch at every layer (skipped without ../shared)',
    async () => {
      const { info, names, tensor } = golden<ZooInfo>(`zoo-${name}`);
      const explainer = await Explainer.load(zoo(name), { randomWeights: info.seed });
      const options = { layers: 'all-convs', methods: ['gradcam'], targets: info.classes } as const;
      const maps = await explainer.explainInput(waves(info.pictures), options);
      await explainer.dispose();
      const key = (picture: number, value: string) => `picture${info.pictures[picture]}/gradcam/${value}`;
      const compared = maps.filter(({ picture, layer }) => names.includes(key(picture, layer.value)));
      expect(compared.length).toBe(maps.length - info.leftOut.length);
      for (const { picture, layer, signed } of compared) {
        const expected = tensor(key(picture, layer.value)).data;
        const samples = expected.length - 1;
        const largest = expected[samples] as number;
        for (let at = 0; at < samples; at++) {
          const found = signed[Math.floor((at * signed.length) / samples)] as number;
          const gap = Math.abs(found - (expected[at] as number)) / largest;
          expect(gap, `${layer.name}, picture ${picture}, sample ${at}`).toBeLessThan(TOLERANCE);
        }
      }
    },
  );
});
