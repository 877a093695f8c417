/** @file Gradients of golden networks in float64 against PyTorch's, at the pictures and at every layer. */
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, goldenSamples, sampleError, type NetworkInfo } from '../../fixtures/golden.js';
import { GraphBuilder } from '../build/build.js';
import { loadModel } from '../files/load.node.js';
import { gradients } from '../gradient/walk.js';
import { inputOf } from '../graph/graph.js';
import { prunedGraph } from '../graph/order.js';
import { upgradedModel } from '../upgrade/upgrade.js';
import { array, transposed, type NdArray } from './array.test.helper.js';
import { evaluate } from './evaluate.test.helper.js';
import { toFloat64 } from './to-float64.test.helper.js';

/** Of the largest element of each gradient. */
const TOLERANCE = 1e-9;

/** Resize finds its positions in float32, as ONNX Runtime does; where they are no exact numbers, PyTorch's doubles differ by this. */
const RESIZED_TOLERANCE = 1e-6;
const resized = ['segmenter-dynamo', 'segmenter-torchscript'];

interface Float64Info {
  samples: number;
  files: Record<string, { offset: number; values: string[] }>;
}

const { info, numbers } = goldenSamples<Float64Info>('float64');

/** A network of our dialect in double precision. Branches are doubled once they stand in the graph itself. */
const doubledModel = async (file: string) =>
  toFloat64(upgradedModel(toFloat64(await loadModel(goldenPath(`${file}.onnx`)))));

/** Tensors of a golden file as doubles. */
function tensorOf(name: string, key: string): NdArray {
  const { data, shape } = golden(name).tensor(key);
  return array(shape, Float64Array.from(data));
}

describe.each(Object.entries(info.files))('gradients(…) of %s in float64', (file, { offset, values }) => {
  const tolerance = resized.includes(file) ? RESIZED_TOLERANCE : TOLERANCE;

  it(`agree with PyTorch to ${tolerance}`, async () => {
    const [network = '', exporter] = file.split(/-(?=dynamo|torchscript|tf2onnx|qdq)/);
    const b = new GraphBuilder((await doubledModel(file)).graph);
    const first = exporter ? 'output' : (golden<NetworkInfo>(network).info.outputs[0] as string);
    const softmax = exporter
      ? undefined
      : b.graph.nodes.find(({ op, outputs }) => op === 'Softmax' && outputs.includes(first));
    const output = softmax ? inputOf(softmax) : first;
    const cotangent = b.input('cotangent', 'float64', b.shape(output));
    const found = gradients(b, output, values, { cotangent });
    const graph = prunedGraph(b.graph, [...found.values()] as string[]);
    const pictures = tensorOf(golden(network).names.includes('input') ? network : 'pictures', 'input');
    const input = b.shape('input')[3] === 3 ? transposed(pictures, [0, 2, 3, 1]) : pictures;
    const results = evaluate(graph, { input, cotangent: tensorOf(network, 'seed') });
    values.forEach((value, at) => {
      const gradient = results.get(found.get(value) as string) as NdArray;
      const start = offset + at * (info.samples + 1);
      const expected = numbers.subarray(start, start + info.samples + 1);
      expect(sampleError(gradient.data, expected), value).toBeLessThan(tolerance);
    });
  });
});
