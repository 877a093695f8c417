/** @file CAM, Shapley-CAM, KPCA-CAM and the variants for segmentation against reference implementations in PyTorch. */
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, relativeError, type ExportedInfo } from '../../fixtures/golden.js';
import { firstKernelComponent } from '../../inference/numeric/decompositions/kernel-component.js';
import { Explainer } from '../maps/explain.js';
import type { Explanation } from '../maps/explanation.js';
import type { MethodName } from './table.js';

/** Of the largest value of a map; PyTorch's are computed in float64. */
const TOLERANCE = 1e-4;

const layerMethods = ['shapley-cam', 'kpca-cam', 'seg-eigen-cam', 'seg-xres-cam'] as const;

/** What enters global pooling, where it is not the default layer: another pooling. */
const camLayers: Readonly<Record<string, string>> = {
  'googlenet-dynamo': 'node_avg_pool2d',
  'googlenet-torchscript': '/9/AveragePool',
};

/** Compares each picture's map with its row of a golden tensor. */
function expectRows(maps: readonly Explanation[], { data, shape }: { data: Float32Array; shape: number[] }): void {
  expect(maps).toHaveLength(shape[0]!);
  const size = data.length / maps.length;
  for (const { picture, method, layer, signed } of maps) {
    const gap = relativeError(signed, data.subarray(picture * size, (picture + 1) * size));
    expect(gap, `${method} at ${layer.name}, picture ${picture}`).toBeLessThan(TOLERANCE);
  }
}

describe.each(['resnet', 'densenet', 'efficientnet', 'googlenet', 'convnext', 'vit'])(
  'explainInput of %s',
  (network) => {
    const { info, tensor, names } = golden<{ modules: string[] }>(`cams-${network}`);
    const { values } = golden<ExportedInfo>(network).info;

    it.each(['dynamo', 'torchscript'])(
      'gives the maps of PyTorch at layers, as the %s exporter writes it',
      async (exporter) => {
        const input = golden('pictures').tensor('input').data;
        await using explainer = await Explainer.load(goldenPath(`${network}-${exporter}.onnx`), { device: 'cpu' });
        for (const module of info.modules) {
          const layers = values[exporter]![module];
          if (layers === undefined) throw new Error(`the file has no layer ${module}`);
          const maps = await explainer.explainInput(input, { methods: layerMethods, layers, targets: [0, 1, 2] });
          for (const method of layerMethods)
            expectRows(
              maps.filter((map) => map.method === method),
              tensor(`${module}/${method}`),
            );
        }
        const hasCam = names.includes('pooled/cam');
        expect(explainer.methods().includes('cam')).toBe(hasCam);
        if (!hasCam) return;
        const layers = camLayers[`${network}-${exporter}`] ?? 'auto';
        const maps = await explainer.explainInput(input, { methods: ['cam'], layers, targets: [0, 1, 2] });
        expectRows(maps, tensor('pooled/cam'));
      },
    );
  },
);

describe.each(['plain-cnn', 'squeeze', 'residual'])('explainInput of %s', (network) => {
  it('gives the class activation map, which is Grad-CAM times the number of positions', async () => {
    const { tensor } = golden(`cams-${network}`);
    await using explainer = await Explainer.load(goldenPath(`${network}.onnx`), { device: 'cpu' });
    const options = { methods: ['cam', 'gradcam'], targets: [0, 1], layers: 'last-activation' } as const;
    const maps = await explainer.explainInput(tensor('input').data, options);
    const of = (name: MethodName) => maps.filter(({ method }) => method === name);
    expectRows(of('cam'), tensor('pooled/cam'));
    of('gradcam').forEach(({ signed }, at) => {
      expect(
        relativeError(
          signed.map((value) => value * signed.length),
          of('cam')[at]!.signed,
        ),
      ).toBeLessThan(1e-5);
    });
  });
});

describe('cam', () => {
  const message = async (file: string, layers?: string) => {
    await using explainer = await Explainer.load(goldenPath(file), { device: 'cpu' });
    const { channels, height, width } = explainer.input.picture;
    const picture = new Float32Array(channels * height * width);
    const options = { methods: ['cam'], ...(layers !== undefined && { layers }) } as const;
    const error: unknown = await explainer.explainInput(picture, options).catch((each: unknown) => each);
    return (error as Error).message;
  };

  it('is refused where the head is another one, which is named', async () => {
    const expected = 'method: expected for cam, scores made by global average pooling and one linear layer; got ';
    expect(await message('convnext-dynamo.onnx')).toContain(`${expected}LayerNormalization "node_layer_norm_4" before`);
    expect(await message('discriminator-dense.onnx')).toContain(`${expected}LeakyRelu`);
    expect(await message('segmenter-dynamo.onnx')).toContain(`${expected}scores at every position`);
    expect(await message('vit-torchscript.onnx')).toContain(`${expected}Gather`);
  });

  it('is refused at other layers, and names the one it is of', async () => {
    expect(await message('residual.onnx', '0')).toMatch(
      /layer: expected "\S+" for cam, as it is what enters global pooling; got "\S+"$/,
    );
  });

  it('is left out of all methods where it is refused', async () => {
    const { tensor } = golden('cams-residual');
    await using explainer = await Explainer.load(goldenPath('residual.onnx'), { device: 'cpu' });
    const picture = tensor('input').data.subarray(0, 3 * 24 * 24);
    const all = { methods: 'all', targets: 0, runs: { samples: 1, steps: 1 } } as const;
    const taken = async (layers: string) =>
      new Set((await explainer.explainInput(picture, { ...all, layers })).map(({ method }) => method));
    const [there, elsewhere] = [await taken('auto'), await taken('0')];
    expect([...there].filter((name) => !elsewhere.has(name))).toEqual(['cam']);
  });
});

it('firstKernelComponent(activations, channels) of many positions is that of PyTorch', () => {
  const { tensor } = golden('cams-kernel');
  const { data, shape } = tensor('activations');
  expect(relativeError(firstKernelComponent(data, shape[0]!), tensor('component').data)).toBeLessThan(1e-6);
});
