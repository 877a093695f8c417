/** @file What the default command explains of small trained networks, their maps against PyTorch's, and where the heat lies. */
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, relativeError, trainedNetworks, type TrainedInfo } from '../fixtures/golden.js';
import type { ScoreHead } from '../inference/networks/score-head.js';
import { Explainer, type ExplainOptions } from './index.js';
import type { Target } from './targets/targets.js';

/** Of the largest value of a map; theirs are computed in float64. */
const TOLERANCE = 1e-4;

interface Choice {
  head: Partial<ScoreHead>;
  /** Layers by their names in PyTorch, or the value of each exporter's file. */
  layers: readonly string[] | Readonly<Record<string, string>>;
  /** For each picture. */
  targets: readonly Target[];
}

/** What a person would explain of each network. */
const choices: Record<(typeof trainedNetworks)[number], Choice> = {
  // The whole map of text, at the last convolution before it is enlarged.
  'trained-text': {
    head: { kind: 'dense', classes: 1, activation: 'sigmoid', grid: { height: 48, width: 48 } },
    layers: ['head.0.1'],
    targets: [0, 0],
  },
  // A face, not the background, at its most probable box; a large one of the coarse scale and a small one of the fine scale.
  'trained-face': {
    head: { kind: 'boxes', classes: 2, activation: 'softmax', grid: { height: 1, width: 180 } },
    layers: ['first.3.2', 'second.2.2'],
    targets: [
      { class: 1, region: { at: 163 } },
      { class: 1, region: { at: 113 } },
    ],
  },
  'trained-mark': {
    head: { kind: 'classifier', classes: 2, activation: 'softmax' },
    layers: { dynamo: 'hardtanh_7', torchscript: '/main/main.4/main.4.2/Clip_output_0' },
    targets: [1, 1],
  },
  // The class of the most pixels: the ground that the shapes stand on.
  'trained-shapes': {
    head: { kind: 'dense', classes: 4, grid: { height: 32, width: 32 } },
    layers: ['up.2.1'],
    targets: [0, 0],
  },
  // The pictures are turned by 0 and 90 degrees.
  'trained-turn': {
    head: { kind: 'classifier', classes: 4 },
    layers: { dynamo: 'relu_5', torchscript: '/main/main.3/main.3.2/Relu_output_0' },
    targets: [0, 1],
  },
};

describe.each(trainedNetworks)('Explainer of %s', (network) => {
  const { info, names, tensor } = golden<TrainedInfo>(network);
  const pictures = tensor('input');
  const exporters = Object.keys(info.values);
  const explained = async (exporter: string, options: ExplainOptions) => {
    await using explainer = await Explainer.load(goldenPath(`${network}-${exporter}.onnx`), { device: 'cpu' });
    const maps = await explainer.explainInput(pictures.data, { methods: ['gradcam'], ...options });
    return { maps, head: explainer.head, layers: explainer.chosenLayers(options.layers) };
  };

  it.each(exporters)('written by %s explains by default what a person would', async (exporter) => {
    const { head, layers, targets } = choices[network];
    const found = await explained(exporter, {});
    expect(found.head).toMatchObject(head);
    const expected = Array.isArray(layers)
      ? layers.map((layer: string) => info.values[exporter]?.[layer])
      : [(layers as Readonly<Record<string, string>>)[exporter]];
    expect(found.layers.map((group) => group.map(({ value }) => value))).toEqual([expected]);
    expect(found.maps.map(({ target }) => target)).toEqual(targets);
  });

  it.each(exporters)('written by %s gives their maps at every layer', async (exporter) => {
    const values = info.values[exporter] as Record<string, string>;
    const layers = Object.keys(values).filter((layer) => names.includes(`gradcam/${layer}`));
    expect(layers.length).toBeGreaterThan(5);
    const options = {
      layers: layers.map((layer) => values[layer] as string),
      targets: info.targets.map(({ class: index, region }) =>
        region === undefined ? index : { class: index, region },
      ),
    };
    const { maps } = await explained(exporter, options);
    expect(maps.length).toBe(layers.length * info.targets.length);
    for (const { picture, layer, signed, rawHeight, rawWidth } of maps) {
      const name = layers.find((each) => values[each] === layer.value) as string;
      const { data, shape } = tensor(`gradcam/${name}`);
      expect([info.targets.length, rawHeight, rawWidth], name).toEqual(shape);
      const expected = data.subarray(picture * rawHeight * rawWidth, (picture + 1) * rawHeight * rawWidth);
      expect(relativeError(signed, expected), `${name}, picture ${picture}`).toBeLessThan(TOLERANCE);
    }
  });

  it.runIf(info.boxes.length > 0).each(exporters)(
    'written by %s gives the object at least twice the share of heat that it has of the area',
    async (exporter) => {
      const { maps } = await explained(exporter, {});
      expect(maps.length).toBe(info.boxes.length);
      for (const { picture, normalized, width, height } of maps) {
        const [left, top, right, bottom] = info.boxes[picture] as [number, number, number, number];
        const inside = Array.from(normalized, (_, at) => {
          const [x, y] = [(at % width) + 0.5, Math.floor(at / width) + 0.5];
          return x >= left && x < right && y >= top && y < bottom;
        });
        const total = normalized.reduce((sum, heat) => sum + heat, 0);
        const share = normalized.reduce((sum, heat, at) => sum + (inside[at] ? heat : 0), 0) / total;
        const area = inside.filter(Boolean).length / (width * height);
        expect(share / area, `${network}, picture ${picture}`).toBeGreaterThan(2);
      }
    },
  );
});
