/** @file Grad-CAM of the ONNX zoo's architectures at full size with random weights against PyTorch's, at every convolution. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { goldenSamples, sampleError } from '../fixtures/golden.js';
import { GraphBuilder } from '../onnx/build/build.js';
import { loadModel } from '../onnx/files/load.node.js';
import { gradients } from '../onnx/gradient/walk.js';
import { inputOf, type Node, type ValueInfo } from '../onnx/graph/graph.js';
import { prunedGraph } from '../onnx/graph/order.js';
import { array, type NdArray } from '../onnx/reference/array.test.helper.js';
import { evaluate } from '../onnx/reference/evaluate.test.helper.js';
import { toFloat64 } from '../onnx/reference/to-float64.test.helper.js';
import { upgradedModel } from '../onnx/upgrade/upgrade.js';
import { Explainer } from './index.js';
import { randomizedWeights } from './network/random-weights.js';

/**
 * Allowed error of a map in float32, relative to its largest value: as far as PyTorch's own float32 is from float64 on the same
 * picture, times FACTOR, as another order of sums takes other ways at kinks; and at least FLOOR, which is plain rounding.
 */
const [FACTOR, FLOOR] = [2, 1e-4];
/** The same in float64, where no way differs. */
const FLOAT64_TOLERANCE = 1e-9;
const SIZE = 224;

const zoo = (name: string) =>
  fileURLToPath(new URL(`../../../shared/data/onnx-zoo-light/light_${name}.onnx`, import.meta.url));

/** What `make_zoo.py` says of a network. */
interface ZooInfo {
  seed: number;
  pictures: number[];
  classes: number[];
  samples: number;
  /** By `picture<n>/<value>`: where its samples start, and the error of PyTorch's float32. */
  maps: Record<string, { offset: number; float32: number }>;
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
/** Two passes through the large ones take minutes in float64, where every product is a step of a loop. */
const float64Networks = ['squeezenet', ...(process.env['SLOW_TESTS'] ? ['resnet50', 'vgg19'] : [])];

describe.each(networks)('Explainer of %s of the ONNX zoo', (name) => {
  it.skipIf(!existsSync(zoo(name)))(
    "gives the maps of PyTorch at every layer as well as PyTorch's own float32 (skipped without ../shared)",
    async () => {
      const { info, numbers } = goldenSamples<ZooInfo>(`zoo-${name}`);
      const explainer = await Explainer.load(zoo(name), { randomWeights: info.seed });
      const options = { layers: 'all-convs', methods: ['gradcam'], targets: info.classes } as const;
      const maps = await explainer.explainInput(waves(info.pictures), options);
      await explainer.dispose();
      expect(maps.length).toBe(Object.keys(info.maps).length);
      for (const { picture, layer, signed } of maps) {
        const key = `picture${info.pictures[picture]}/${layer.value}`;
        const { offset, float32 } = info.maps[key] as ZooInfo['maps'][string];
        const expected = numbers.subarray(offset, offset + info.samples + 1);
        expect(sampleError(signed, expected), key).toBeLessThan(Math.max(FLOOR, FACTOR * float32));
      }
    },
  );
});

describe.each(float64Networks)('Grad-CAM of %s of the ONNX zoo in float64', (name) => {
  it.skipIf(!existsSync(zoo(name)))(
    `agrees with PyTorch at every layer to ${FLOAT64_TOLERANCE} (skipped without ../shared)`,
    { timeout: 1_800_000 },
    async () => {
      const { info, numbers } = goldenSamples<ZooInfo>(`zoo-${name}`);
      const random = toFloat64(randomizedWeights(upgradedModel(await loadModel(zoo(name))), info.seed));
      const [first = 0] = info.pictures;
      const keys = Object.keys(info.maps).filter((key) => key.startsWith(`picture${first}/`));
      const values = keys.map((key) => key.slice(key.indexOf('/') + 1));
      const b = new GraphBuilder(random.graph);
      const softmax = b.graph.nodes.find(({ op }) => op === 'Softmax') as Node;
      const logits = inputOf(softmax);
      const cotangent = b.input('cotangent', 'float64', b.shape(logits));
      const found = gradients(b, logits, values, { cotangent });
      const graph = prunedGraph(b.graph, [...values, ...found.values()] as string[]);
      const seed = array(b.shape(logits) as number[]);
      seed.data[info.classes[0] as number] = 1;
      const picture = { dims: [1, 3, SIZE, SIZE], data: Float64Array.from(waves([first])) };
      const results = evaluate(graph, { [(graph.inputs[0] as ValueInfo).name]: picture, cotangent: seed });
      values.forEach((value, at) => {
        const map = gradcam(results.get(value) as NdArray, results.get(found.get(value) as string) as NdArray);
        const { offset } = info.maps[keys[at] as string] as ZooInfo['maps'][string];
        expect(sampleError(map, numbers.subarray(offset, offset + info.samples + 1)), value).toBeLessThan(
          FLOAT64_TOLERANCE,
        );
      });
    },
  );
});

/** Selvaraju et al. 2017, eq. 1 and 2, before the ReLU, of one picture. */
function gradcam(activations: NdArray, gradient: NdArray): Float64Array {
  const channels = activations.dims[1] as number;
  const plane = activations.data.length / channels;
  const map = new Float64Array(plane);
  for (let channel = 0; channel < channels; channel++) {
    const start = channel * plane;
    const weight = gradient.data.subarray(start, start + plane).reduce((sum, value) => sum + value, 0) / plane;
    for (let at = 0; at < plane; at++) {
      map[at] = (map[at] as number) + weight * (activations.data[start + at] as number);
    }
  }
  return map;
}
