/** @file Properties of layer-wise relevance propagation, in float64. */
import { describe, expect, it } from 'vitest';
import { goldenPath } from '../../../fixtures/golden.js';
import { GraphBuilder } from '../../build/build.js';
import { loadModel } from '../../files/load.node.js';
import type { Graph, Tensor } from '../../graph/graph.js';
import { prunedGraph } from '../../graph/order.js';
import { float32Tensor } from '../../graph/tensor.js';
import { array } from '../../reference/array.test.helper.js';
import { evaluate } from '../../reference/evaluate.test.helper.js';
import { toFloat64 } from '../../reference/to-float64.test.helper.js';
import { upgradedModel } from '../../upgrade/upgrade.js';
import { gradients } from '../walk.js';
import type { Composite, LayerRule } from './composite.js';
import { relevanceGraph, relevances } from './relevances.js';

const everywhere = (rule: LayerRule): Composite => ({ convolution: rule, dense: rule });
const epsilon = (size: number): LayerRule => ({ rule: 'epsilon', epsilon: size });
const gamma: LayerRule = { rule: 'gamma', gamma: 0.25 };
const alphaBeta = (alpha: number): LayerRule => ({ rule: 'alpha-beta', alpha, beta: alpha - 1 });

const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);

/** Σ of an output's numbers, its relevances at the input, what constants took, and input × gradient. */
function explained(graph: Graph, composite: Composite, { scale = 1, output = scoresOf(graph) } = {}) {
  const b = new GraphBuilder({ ...relevanceGraph(graph, output), outputs: [] });
  const [input] = graph.inputs.map(({ name }) => name) as [string];
  const range = { low: b.scalarLike(input, -2 * scale), high: b.scalarLike(input, 2 * scale) };
  const found = relevances(b, output, input, { composite, range });
  const gradient = gradients(b, output, [input]).get(input);
  if (!found || !gradient) throw new Error('the output does not depend on the input');
  const dims = b.shape(input).map((size, axis) => (typeof size === 'number' ? size : axis === 0 ? 1 : 32));
  const count = dims.reduce((product, size) => product * size, 1);
  const picture = Float64Array.from({ length: count }, (_, i) => scale * 1.5 * Math.sin(1.7 * i * i));
  const own = prunedGraph(b.graph, [output, found.relevance, found.kept, gradient]);
  const values = evaluate(own, { [input]: array(dims, picture) });
  const of = (name: string) => values.get(name)?.data as Float64Array;
  return {
    score: total(of(output)),
    relevance: of(found.relevance),
    kept: total(of(found.kept)),
    product: picture.map((value, at) => value * (of(gradient)[at] as number)),
  };
}

/** The first output before its softmax or sigmoid. */
function scoresOf({ nodes, outputs }: Graph): string {
  const name = outputs[0]?.name ?? '';
  const last = nodes.find((node) => node.outputs.includes(name));
  return last && /^(Softmax|Sigmoid)$/.test(last.op) ? (last.inputs[0] as string) : name;
}

const goldenGraph = async (file: string) => upgradedModel(toFloat64(await loadModel(goldenPath(`${file}.onnx`)))).graph;

/** The graph with zeros for everything that is added. */
function withoutBiases(graph: Graph): Graph {
  const added: Record<string, readonly number[]> = { Conv: [2], Gemm: [2], BatchNormalization: [2, 3] };
  const names = new Set(graph.nodes.flatMap(({ op, inputs }) => (added[op] ?? []).map((index) => inputs[index] ?? '')));
  const zero = (tensor: Tensor): Tensor =>
    tensor.type === 'float64' ? { ...tensor, data: tensor.data.map(() => 0) } : tensor;
  const tensors = [...graph.initializers].map(
    ([name, tensor]) => [name, names.has(name) ? zero(tensor) : tensor] as const,
  );
  return { ...graph, initializers: new Map(tensors) };
}

describe('relevances of a deep network', () => {
  it.each([undefined, 'flat', 'box'] as const)('are found however many nodes there are, first rule %s', (first) => {
    const b = new GraphBuilder();
    const chain = (value: string) =>
      Array.from({ length: 9000 }).reduce<string>((last) => b.op('Identity', [last]), value);
    const weights = (name: string) => b.initializer(name, float32Tensor([1, 2, 3, 4], [2, 2]));
    const layer = b.op('MatMul', [chain(b.input('x', 'float32', [1, 2])), weights('first')]);
    b.output(b.op('MatMul', [chain(b.op('Relu', [layer])), weights('second')]), 'y');
    const range = { low: b.scalar(-1), high: b.scalar(1) };
    const composite = { ...everywhere(alphaBeta(2)), ...(first && { first }) };
    expect(relevances(b, 'y', 'x', { composite, range })).not.toBeNull();
  });
});

describe.each(['squeeze', 'residual', 'vgg-dynamo'])('relevances of %s without biases', (file) => {
  // Large numbers, beside which the stabilizer of 1e-6 vanishes.
  const scale = 1e4;

  it('keep the score, to 1e-8', async () => {
    const graph = withoutBiases(await goldenGraph(file));
    const composites: Composite[] = [
      everywhere(epsilon(1e-12)),
      everywhere(gamma),
      { convolution: gamma, dense: epsilon(1e-12), first: 'box' },
    ];
    for (const composite of composites) {
      const { score, relevance } = explained(graph, composite, { scale });
      expect(Math.abs(total(relevance) - score) / Math.abs(score), JSON.stringify(composite)).toBeLessThan(1e-8);
    }
  });

  it('are input × gradient where ε is nearly 0, and not with γ', async () => {
    const graph = withoutBiases(await goldenGraph(file));
    const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const gap = (composite: Composite) => {
      const { relevance, product } = explained(graph, composite, { scale });
      return largest(relevance.map((value, at) => value - (product[at] as number))) / largest(product);
    };
    expect(gap(everywhere(epsilon(1e-12)))).toBeLessThan(1e-8);
    expect(gap(everywhere(gamma))).toBeGreaterThan(1e-2);
  });
});

describe.each([
  ['discriminator-dense', 1e-5],
  ['plain-cnn', 1e-5],
  ['mobilenet-v3-dynamo', 5e-5],
  ['densenet-torchscript', 5e-5],
  ['vit-dynamo', 5e-5],
  ['swin-torchscript', 5e-5],
  ['convnext-dynamo', 5e-5],
  ['vgg-qdq', 5e-5],
] as const)('relevances of %s', (file, tolerance) => {
  it(`and what constants took are the score to ${tolerance}`, async () => {
    const graph = await goldenGraph(file);
    for (const composite of [everywhere(epsilon(1e-6)), { ...everywhere(gamma), first: 'box' } as const]) {
      const { score, relevance, kept } = explained(graph, composite);
      expect(Math.abs(total(relevance) + kept - score) / Math.abs(score)).toBeLessThan(tolerance);
    }
  });
});

describe.each(['resnet', 'efficientnet', 'same-pad'])('relevances of %s', (network) => {
  it('do not depend on the exporter, which pads and adds in its own way', async () => {
    const graphs = await Promise.all(
      ['dynamo', 'torchscript'].map((exporter) => goldenGraph(`${network}-${exporter}`)),
    );
    for (const first of ['flat', 'box'] as const) {
      const composite = { convolution: alphaBeta(2), dense: epsilon(1e-6), first };
      const [one, other] = graphs.map((graph) => explained(graph, composite).relevance) as [Float64Array, Float64Array];
      const largest = one.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      one.forEach((value, at) => expect(Math.abs(value - (other[at] as number)) / largest).toBeLessThan(1e-6));
    }
  });
});

/** A graph of one input [1, 3], and its output. */
function small(build: (b: GraphBuilder, x: string) => string): Graph {
  const b = new GraphBuilder();
  b.output(build(b, b.input('x', 'float64', [1, 3])), 'y');
  return b.graph;
}

const matrix = (b: GraphBuilder, values: number[]) =>
  b.initializer(b.unique('w'), { ...float32Tensor(values, [3, 3]), type: 'float64', data: Float64Array.from(values) });

it('relevances of sums that are written as a layer are shared as in sums, whatever the rule', () => {
  const rows = [1, 0, 1, 0, 1, 1, 0, 0, 1];
  const graph = small((b, x) => b.matMul(b.op('Neg', [b.op('Abs', [x])]), matrix(b, rows)));
  const { relevance, score } = explained(graph, everywhere(alphaBeta(1)), { output: 'y' });
  expect(score).toBeLessThan(0);
  expect(Math.abs(total(relevance) / score - 1)).toBeLessThan(1e-5);
});

describe('relevances of products', () => {
  const composite = everywhere(epsilon(1e-12));
  const weights = [1, -2, 0.5, 3, 1, -1, 0.25, 2, 1];

  it('all go to what a gate weighs', () => {
    const graph = small((b, x) => b.mul(x, b.op('Sigmoid', [b.matMul(x, matrix(b, weights))])));
    const { relevance, score, kept } = explained(graph, composite, { output: 'y' });
    expect(total(relevance)).toBeCloseTo(score, 9);
    expect(kept).toBe(0);
    const x = [0, 1, 2].map((i) => 1.5 * Math.sin(1.7 * i * i));
    const sums = [0, 1, 2].map((k) => x.reduce((sum, value, j) => sum + value * (weights[3 * j + k] as number), 0));
    x.forEach((value, k) => expect(relevance[k]).toBeCloseTo(value / (1 + Math.exp(-(sums[k] as number))), 9));
  });

  it('go in halves to factors of which neither is a gate', () => {
    const turned = weights.toReversed();
    const graph = small((b, x) => b.mul(b.matMul(x, matrix(b, weights)), b.matMul(x, matrix(b, turned))));
    const { relevance, score } = explained(graph, composite, { output: 'y' });
    expect(total(relevance)).toBeCloseTo(score, 9);
    const { product } = explained(graph, composite, { output: 'y' });
    // Of degree 2: x·gradient is twice the score.
    product.forEach((value, at) => expect(relevance[at]).toBeCloseTo(value / 2, 8));
  });

  it('with a softmax go to the values, not to queries and keys', () => {
    const graph = small((b, x) => {
      const rows = b.reshape(x, [1, 3, 1]);
      const scores = b.matMul(rows, b.transpose(rows, [0, 2, 1]));
      return b.matMul(b.op('Softmax', [scores]), rows);
    });
    const { relevance, product, score } = explained(graph, composite, { output: 'y' });
    expect(total(relevance)).toBeCloseTo(score, 9);
    expect(total(product)).not.toBeCloseTo(score, 1);
  });
});

describe('relevances(…)', () => {
  it.each([
    ['Exp', 'relevance has no unique way through it', (b: GraphBuilder, x: string) => b.op('Exp', [x], {}, 'grown')],
    [
      'Softmax',
      'relevance has no unique way through it',
      (b: GraphBuilder, x: string) => b.op('Softmax', [x], {}, 'shares'),
    ],
    [
      'Div',
      'it divides by a value of the picture',
      (b: GraphBuilder, x: string) => b.div(b.scalarLike(x, 1), x, 'inverse'),
    ],
  ])('refuse %s by name', (op, because, build) => {
    const graph = small(build);
    expect(() => explained(graph, everywhere(gamma), { output: 'y' })).toThrow(
      new RegExp(`^${op} "\\w+": LRP has no rule for it \\(${because}\\)`),
    );
  });
});
