/** @file The speed-ups of gradients compute what the graphs they replace computed, and do what makes them fast. */
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../build/build.js';
import { gradients } from '../../gradient/walk.js';
import { elementCount, type Graph } from '../../graph/graph.js';
import { float32Tensor } from '../../graph/tensor.js';
import { blockedSums } from './blocked-sums.js';
import { fastGradients } from './fast-gradients.js';
import { output } from '../output.test.helper.js';
import { positiveMasks } from './positive-masks.js';
import { scaledWeights } from './scaled-weights.js';
import { statedShapes } from './stated-shapes.js';

const wave = (dims: readonly number[], phase: number): Float32Array =>
  Float32Array.from({ length: elementCount(dims) }, (_, at) => Math.sin(at * 1.7 + phase));

/** A graph with an input x of this shape, the output y, and weights by shape. */
function graphOf(
  dims: readonly (number | string)[],
  append: (b: GraphBuilder, x: string, constant: (...shape: number[]) => string) => string,
): Graph {
  const b = new GraphBuilder(emptyGraph('graph'));
  let count = 0;
  const constant = (...shape: number[]) => b.initializer(`w${++count}`, float32Tensor(wave(shape, count), shape));
  const made = append(b, b.input('x', 'float32', dims), constant);
  b.output(made, 'y');
  return b.graph;
}

/** The largest difference of two graphs' outputs for these values of x. */
async function difference(graph: Graph, other: Graph, x: Float32Array, dims: readonly number[]): Promise<number> {
  const feeds = { x: new Tensor('float32', x, dims) };
  const [expected, found] = [await output(graph, feeds), await output(other, feeds)];
  expect(found.dims).toEqual(expected.dims);
  const wanted = expected.data as Float32Array;
  expect(wanted.some((value) => value !== 0)).toBe(true);
  return (found.data as Float32Array).reduce(
    (most, value, at) => Math.max(most, Object.is(value, wanted[at]) ? 0 : Math.abs(value - (wanted[at] as number))),
    0,
  );
}

const ops = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);

describe('positiveMasks(graph)', () => {
  it('makes a mask in one step, with the same bits', async () => {
    const graph = graphOf(['N', 2, 3], (b, x) => b.castLike(b.op('Greater', [x, b.scalarLike(x, 0)]), x));
    const masked = positiveMasks(graph);
    expect(ops(masked)).toEqual(['HardSigmoid', 'Identity']);
    const x = Float32Array.of(
      0,
      -0,
      2 ** -126,
      -(2 ** -126),
      1e-30,
      -1e-30,
      3.4e38,
      -3.4e38,
      Infinity,
      -Infinity,
      1,
      -1,
    );
    expect(await difference(graph, masked, x, [2, 2, 3])).toBe(0);
  });

  it('leaves other bounds, comparisons and types', () => {
    const above = graphOf([4], (b, x) => b.castLike(b.op('Greater', [x, b.scalarLike(x, 1)]), x));
    const less = graphOf([4], (b, x) => b.castLike(b.op('Less', [x, b.scalarLike(x, 0)]), x));
    const raised = graphOf([4], (b, x) =>
      b.castLike(b.op('Greater', [x, b.initializer('z', float32Tensor([0], [1, 1]))]), x),
    );
    const double = graphOf([4], (b, x) => {
      const wide = b.op('Cast', [x], { to: 11 });
      return b.op('Cast', [b.op('Greater', [wide, b.scalarLike(wide, 0)])], { to: 1 });
    });
    for (const graph of [above, less, raised, double]) expect(positiveMasks(graph)).toBe(graph);
  });
});

describe('scaledWeights(graph)', () => {
  it.each([
    ['of each channel', [6, 1, 1]],
    ['of each channel, with a batch', [1, 6, 1, 1]],
    ['of all', []],
    ['of all, as a list', [1]],
  ])('moves scales %s to the weights', async (_, shape) => {
    const graph = graphOf(['N', 6, 5, 4], (b, x, constant) => {
      const scale = b.op('Div', [constant(...shape), constant(...shape)]);
      return b.op('Conv', [b.mul(scale, b.mul(x, constant(...shape))), constant(3, 6, 3, 3), constant(3)], {
        pads: [1, 1, 1, 1],
      });
    });
    const scaled = scaledWeights(graph);
    expect(ops(scaled).filter((op) => op === 'Mul')).toHaveLength(2);
    expect(scaled.nodes.find(({ op }) => op === 'Conv')?.inputs[0]).toBe('x');
    expect(await difference(graph, scaled, wave([2, 6, 5, 4], 5), [2, 6, 5, 4])).toBeLessThan(1e-4);
  });

  it('keeps a product that is read elsewhere', async () => {
    const graph = graphOf([1, 4, 3, 3], (b, x, constant) => {
      const product = b.mul(x, constant(4, 1, 1));
      return b.add(b.op('Conv', [product, constant(4, 4, 1, 1)]), product);
    });
    const scaled = scaledWeights(graph);
    expect(scaled.nodes.find(({ op }) => op === 'Conv')?.inputs[0]).toBe('x');
    expect(await difference(graph, scaled, wave([1, 4, 3, 3], 5), [1, 4, 3, 3])).toBeLessThan(1e-5);
  });

  it('leaves groups, scales of positions, scales that depend on the input, and larger ones', () => {
    const grouped = graphOf([1, 4, 3, 3], (b, x, constant) =>
      b.op('Conv', [b.mul(x, constant(4, 1, 1)), constant(4, 2, 1, 1)], { group: 2 }),
    );
    const places = graphOf([1, 4, 3, 3], (b, x, constant) =>
      b.op('Conv', [b.mul(x, constant(1, 3, 3)), constant(4, 4, 1, 1)]),
    );
    const own = graphOf([1, 4, 1, 1], (b, x, constant) => b.op('Conv', [b.mul(x, x), constant(4, 4, 1, 1)]));
    const larger = graphOf([1, 1, 3, 3], (b, x, constant) =>
      b.op('Conv', [b.mul(x, constant(4, 1, 1)), constant(4, 4, 1, 1)]),
    );
    for (const graph of [grouped, places, own, larger]) expect(scaledWeights(graph)).toBe(graph);
  });
});

describe('scaledWeights(graph) of a deep graph', () => {
  it('finds constants however many nodes compute them', () => {
    const deep = graphOf([1, 4, 3, 3], (b, x, constant) => {
      let scale = constant(4, 1, 1);
      for (let depth = 0; depth < 9000; depth++) scale = b.op('Neg', [scale]);
      return b.op('Conv', [b.mul(x, scale), constant(4, 4, 1, 1)]);
    });
    expect(scaledWeights(deep).nodes.find(({ op }) => op === 'Conv')?.inputs[0]).toBe('x');
  });
});

describe('blockedSums(graph)', () => {
  const residual = (channels: number) =>
    graphOf(['N', channels, 4, 4], (b, x, constant) => {
      const branch = b.op('Relu', [b.op('Conv', [x, constant(channels, channels, 1, 1)])]);
      return b.add(x, b.op('Conv', [branch, constant(channels, channels, 1, 1)]));
    });

  it('passes the value of a residual branch through a convolution with ones', async () => {
    const graph = graphOf(['N', 16, 4, 4], (b, x, constant) => {
      const start = b.op('Neg', [x]);
      const once = b.add(start, b.op('Conv', [start, constant(16, 16, 1, 1)]));
      return b.add(once, b.op('Conv', [once, constant(16, 16, 1, 1)]));
    });
    const passed = blockedSums(graph);
    // Once: the sum is in blocks then.
    expect(ops(passed)).toEqual(['Neg', 'Conv', 'Conv', 'Add', 'Conv', 'Add', 'Identity']);
    expect(await difference(graph, passed, wave([2, 16, 4, 4], 5), [2, 16, 4, 4])).toBe(0);
  });

  it('leaves the names of later values free', async () => {
    const graph = graphOf(['N', 16, 4, 4], (b, x, constant) => {
      const start = b.op('Neg', [x], {}, 'start');
      return b.op('Abs', [b.add(start, b.op('Conv', [start, constant(16, 16, 1, 1)]))], {}, 'start/blocked');
    });
    const passed = blockedSums(graph);
    expect(ops(passed)).toEqual(['Neg', 'Conv', 'Conv', 'Add', 'Abs', 'Identity']);
    expect(await difference(graph, passed, wave([2, 16, 4, 4], 5), [2, 16, 4, 4])).toBe(0);
  });

  it('leaves inputs of the graph, and channels that do not fill blocks', () => {
    for (const graph of [residual(16), residual(6)]) expect(blockedSums(graph)).toBe(graph);
  });
});

describe('statedShapes(graph)', () => {
  it('states the shapes of feature maps alone', () => {
    const graph = graphOf(['N', 3, 4, 4], (b, x, constant) =>
      b.reshape(b.op('Conv', [x, constant(2, 3, 1, 1)], {}, 'maps'), [-1, 32]),
    );
    expect([...statedShapes(graph).valueInfo.values()]).toEqual([
      { name: 'maps', value: { type: 'float32', shape: ['N', 2, 4, 4] } },
    ]);
    expect(graph.valueInfo.size).toBe(0);
  });

  it('states different sizes of pictures of any size', async () => {
    const graph = graphOf([1, 1, 'H', 'W'], (b, x) => {
      const all = [0, 1, 2, 3];
      const pool = (value: string, stride: number) =>
        b.op('MaxPool', [value], { kernel_shape: [2, 2], strides: [stride, stride] });
      return b.reduceSum(pool(b.mul(x, b.reduceSum(pool(x, 2), all, false)), 1), all, false);
    });
    expect(await difference(graph, statedShapes(graph), wave([1, 1, 12, 12], 5), [1, 1, 12, 12])).toBe(0);
  });
});

describe('fastGradients(model)', () => {
  it('computes the gradient of a residual network with batch norms', async () => {
    const graph = graphOf(['N', 16, 6, 6], (b, x, constant) => {
      const norm = (value: string) => {
        const [scale, shift, mean] = [constant(16), constant(16), constant(16)];
        const variance = b.initializer(
          `${value}/variance`,
          float32Tensor(
            wave([16], 1).map((v) => v + 2),
            [16],
          ),
        );
        return b.op('BatchNormalization', [value, scale, shift, mean, variance]);
      };
      const conv = (value: string) => norm(b.op('Conv', [value, constant(16, 16, 3, 3)], { pads: [1, 1, 1, 1] }));
      const first = b.op('Relu', [conv(x)]);
      const second = b.op('Relu', [b.add(first, conv(b.op('Relu', [conv(first)])))]);
      const score = b.reduceSum(b.op('GlobalAveragePool', [second]), [1, 2, 3], false);
      return gradients(b, score, [x]).get(x) as string;
    });
    const { graph: fast } = fastGradients(modelOfGraph(graph));
    expect(ops(fast)).toEqual(expect.arrayContaining(['HardSigmoid']));
    expect(ops(fast)).not.toContain('ConvTranspose');
    expect(ops(fast)).not.toContain('Greater');
    expect(await difference(graph, fast, wave([2, 16, 6, 6], 5), [2, 16, 6, 6])).toBeLessThan(1e-4);
  });
});
