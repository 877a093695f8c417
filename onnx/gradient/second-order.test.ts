/** @file Gradients of a penalty of gradients, through whole networks, against PyTorch's with `create_graph=True`. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { golden, goldenPath, relativeError } from '../../fixtures/golden.js';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../build/build.js';
import { loadModel } from '../files/load.node.js';
import { modelBytes } from '../files/write.js';
import { numberAttribute } from '../graph/attributes.js';
import { inputOf, outputOf, type Graph, type Node } from '../graph/graph.js';
import { upgradedModel } from '../upgrade/upgrade.js';
import { gradients } from './walk.js';

interface SecondOrderInfo {
  networks: { name: string; file: string; training: boolean }[];
}

/** Of the largest element of each gradient; PyTorch's are computed in float64. */
const TOLERANCE = 1e-4;

const file = golden<SecondOrderInfo>('second-order');

describe.each(file.info.networks)('gradients(…) of gradients(…) of $name', ({ name, file: network, training }) => {
  it(`agree with PyTorch to ${TOLERANCE}, for the input and all weights`, async () => {
    const tensor = (key: string) => file.tensor(`${name}/${key}`);
    const { graph } = upgradedModel(await loadModel(goldenPath(`${network}.onnx`)));
    const b = new GraphBuilder(training ? withBatchStatistics(graph) : graph);
    const [output] = graph.outputs;
    const softmax = graph.nodes.find(({ op, outputs }) => op === 'Softmax' && outputs.includes(output?.name ?? ''));
    const logits = softmax ? inputOf(softmax) : (output?.name ?? '');
    const cotangent = b.input('seed', 'float32', b.shape(logits));
    const slope = gradients(b, logits, ['input'], { cotangent }).get('input') as string;
    const penalty = b.op('ReduceSumSquare', [slope], { keepdims: 0 });
    const wanted = file.names.flatMap((key) => {
      const start = `${name}/gradient/`;
      return key.startsWith(start) ? [key.slice(start.length)] : [];
    });
    expect(wanted.length).toBeGreaterThan(3);
    for (const [value, gradient] of gradients(b, penalty, wanted)) b.output(gradient as string, `d/${value}`);
    b.output(penalty, 'penalty');
    const session = await InferenceSession.create(modelBytes(modelOfGraph(b.graph)), { logSeverityLevel: 3 });
    const fed = (key: string) => new Tensor('float32', tensor(key).data, tensor(key).shape);
    const results = await session.run({ input: fed('input'), seed: fed('seed') });
    await session.release();
    const data = (value: string) => results[value]?.data as Float32Array;
    expect(relativeError(data('penalty'), tensor('penalty').data)).toBeLessThan(1e-5);
    for (const value of wanted) {
      const expected = tensor(`gradient/${value}`);
      const [first = 1, ...rest] = results[`d/${value}`]?.dims ?? [];
      expect(value === 'input' ? [first, ...rest] : rest, value).toEqual(expected.shape);
      const found = value === 'input' ? data('d/input') : projected(data(`d/${value}`), first);
      expect(relativeError(found, expected.data), value).toBeLessThan(TOLERANCE);
    }
  });
});

/** Σ_k cos(k)·gradient over the first axis, as the golden file holds it for weights. */
function projected(gradient: Float32Array, first: number): Float64Array {
  const size = gradient.length / first;
  return Float64Array.from({ length: size }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < first; k++) sum += Math.cos(k) * (gradient[k * size + at] as number);
    return sum;
  });
}

/** Batch norm in training form: each node in primitives, by the mean and the biased variance of the batch. */
function withBatchStatistics(graph: Graph): Graph {
  const b = new GraphBuilder({ ...emptyGraph(graph.name), inputs: graph.inputs, initializers: graph.initializers });
  b.reserve(graph.nodes.flatMap(({ outputs }) => outputs));
  const appended = (node: Node) => {
    if (node.op !== 'BatchNormalization') return b.append(node);
    const [x, scale, shift] = node.inputs as [string, string, string];
    const perChannel = (value: string) => b.reshape(value, [-1, 1, 1]);
    const centred = b.sub(x, b.reduceMean(x, [0, 2, 3]));
    const variance = b.reduceMean(b.mul(centred, centred), [0, 2, 3]);
    const deviation = b.op('Sqrt', [b.add(variance, b.scalar(numberAttribute(node, 'epsilon', 1e-5)))]);
    const standard = b.mul(b.div(centred, deviation), perChannel(scale));
    const output = outputOf(node);
    b.append({ ...node, op: 'Add', inputs: [standard, perChannel(shift)], outputs: [output], attributes: {} });
  };
  for (const node of graph.nodes) appended(node);
  b.graph.outputs.push(...graph.outputs);
  return b.graph;
}
