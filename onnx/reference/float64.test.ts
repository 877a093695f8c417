/** @file Gradients of golden networks in float64 against PyTorch's, at the pictures and at every layer. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, type NetworkInfo } from '../../fixtures/golden.js';
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

const info = JSON.parse(readFileSync(goldenPath('float64.json'), 'utf8')) as Float64Info;
const bytes = readFileSync(goldenPath('float64.bin'));
const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));

/** A network of our dialect in double precision. Branches are doubled once they stand in the graph itself. */
const doubledModel = async (file: string) =>
  toFloat64(upgradedModel(toFloat64(await loadModel(goldenPath(`${file}.onnx`)))));

/** Tensors of a golden file as doubles. */
function tensorOf(name: string, key: string): NdArray {
  const { data, shape } = golden(name).tensor(key);
  return array(shape, Float64Array.from(data));
}

/** Largest gap to the samples of a gradient, relative to its largest element. */
function gap({ data }: NdArray, start: number): number {
  const largest = numbers[start + info.samples] as number;
  const found = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let most = Math.abs(found - largest);
  for (let at = 0; at < info.samples; at++) {
    const value = data[Math.floor((at * data.length) / info.samples)] as number;
    most = Math.max(most, Math.abs(value - (numbers[start + at] as number)));
  }
  return most / largest;
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
      expect(gap(gradient, offset + at * (info.samples + 1)), value).toBeLessThan(tolerance);
    });
  });
});
