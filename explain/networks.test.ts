/** @file Grad-CAM of networks as others write them against PyTorch's and TensorFlow's, at every layer, in the files of their exporters. */
import { describe, expect, it } from 'vitest';
import { exportedNetworks, golden, goldenPath, relativeError, type ExportedInfo } from '../fixtures/golden.js';
import { Explainer } from './index.js';

/** Of the largest value of a map; theirs are computed in float64. */
const TOLERANCE = 1e-4;

const classifiers = exportedNetworks.filter((network) => !['segmenter', 'patch-gan'].includes(network));

describe.each(classifiers)('Explainer of %s', (network) => {
  const { info, names, tensor } = golden<ExportedInfo>(network);

  it.each(Object.keys(info.values))('written by %s gives their maps for several pictures', async (exporter) => {
    const values = info.values[exporter] as Record<string, string>;
    const layers = Object.keys(values).filter((layer) => names.includes(`gradcam/${layer}`));
    const pictures = golden('pictures').tensor('input');
    const targets = Array.from({ length: pictures.shape[0] as number }, (_, picture) => picture);
    const explainer = await Explainer.load(goldenPath(`${network}-${exporter}.onnx`), { device: 'cpu' });
    const options = {
      layers: layers.map((layer) => values[layer] as string),
      methods: ['gradcam'],
      targets,
    } as const;
    const maps = await explainer.explainInput(pictures.data, options);
    await explainer.dispose();
    expect(maps.length).toBe(layers.length * targets.length);
    for (const { picture, layer, signed, rawHeight, rawWidth } of maps) {
      const name = layers.find((each) => values[each] === layer.value) as string;
      const { data, shape } = tensor(`gradcam/${name}`);
      expect([targets.length, rawHeight, rawWidth], name).toEqual(shape);
      const expected = data.subarray(picture * rawHeight * rawWidth, (picture + 1) * rawHeight * rawWidth);
      expect(relativeError(signed, expected), `${name}, picture ${picture}`).toBeLessThan(TOLERANCE);
    }
  });
});
