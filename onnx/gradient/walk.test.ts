import { describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
import { InputError } from '../errors.js';
import { float32Tensor, int64Tensor } from '../graph/tensor.js';
import { modelBytes } from '../files/write.js';
import { outputsOf } from './check.test.helper.js';
import { gradients } from './walk.js';

/** ONNX type codes. */
const [INT32, INT64, BOOL] = [6, 7, 9];

/** Two dense layers and a score: x [N, 2] → h [N, 3] → y [N, 1]. */
function network() {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['N', 2]);
  const first = b.initializer('w1', float32Tensor([1, -1, 2, 0, 1, 1], [2, 3]));
  const bias = b.initializer('b1', float32Tensor([0.5, 0, -0.5], [3]));
  const second = b.initializer('w2', float32Tensor([1, 2, 3], [3, 1]));
  b.op('Relu', [b.add(b.matMul('x', first, 'product'), bias, 'sum')], {}, 'h');
  b.matMul('h', second, 'y');
  return b;
}

const x = { x: { dims: [2, 2], data: [1, 2, 3, 4] } };

/** The bytes of the network with gradients as outputs. */
const bytes = () => {
  const b = network();
  for (const gradient of gradients(b, 'y', ['w1', 'b1', 'x']).values()) b.output(gradient as string);
  return modelBytes(modelOfGraph(b.graph));
};

describe('gradients(graph, score, wanted)', () => {
  it('adds up the uses of a value', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [3]);
    b.add(b.add(b.mul('x', 'x'), 'x'), b.op('Neg', [b.mul('x', b.scalar(4))]), 'y');
    b.output(gradients(b, 'y', ['x']).get('x') as string, 'd');
    // d(x² + x − 4x) = 2x − 3
    expect((await outputsOf(b, { x: { dims: [3], data: [0, 1, 2] } }))['d']).toEqual([-3, -1, 1]);
  });

  it('sums over the axes along which a value was broadcast', async () => {
    const b = network();
    const found = gradients(b, 'y', ['b1', 'w1', 'w2']);
    for (const [value, gradient] of found) b.output(gradient as string, `d${value}`);
    // h = relu(x·w1 + b1): [1.5, 1, 3.5], [3.5, 1, 9.5]; all three units are on for both rows.
    expect(await outputsOf(b, x)).toEqual({ db1: [2, 4, 6], dw1: [4, 8, 12, 6, 12, 18], dw2: [5, 2, 13] });
    expect(b.shape(found.get('b1') as string)).toEqual([3]);
  });

  it.each([
    [1, [2, 2]],
    [2, [1, 1, 1, 1]],
  ])('sums over axes that are broadcast when the graph runs: %i rows beside 2', async (rows, expected) => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 2]);
    b.input('v', 'float32', ['M', 2]);
    b.input('r', 'float32', ['K', 2]);
    const first = gradients(b, b.add('x', 'v', 'sum'), ['x']).get('x') as string;
    expect(b.shape('sum')).toEqual(b.shape(b.add(b.add('v', 'sum'), 'x')));
    expect(b.shape(first)).toEqual(['N', 2]);
    b.output(first, 'dx');
    const scaled = gradients(b, b.mul('x', 'v'), ['x'], { cotangent: 'r' }).get('x') as string;
    b.output(gradients(b, scaled, ['v']).get('v') as string, 'ddv');
    const data = [1, 2, 3, 4];
    const two = { dims: [2, 2], data };
    const { dx, ddv } = await outputsOf(b, { x: { dims: [rows, 2], data: data.slice(0, 2 * rows) }, v: two, r: two });
    expect(dx).toEqual(expected);
    // ∂(Σ r·x·v)/∂x = Σ r·v, and by v that is r
    expect(ddv).toEqual(data);
  });

  it('sums a gradient whose shape is only known when the graph runs', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [2, 1]);
    b.input('sizes', 'float32', [2]);
    const y = b.op('Expand', ['x', b.op('Cast', ['sizes'], { to: INT64 })]);
    b.output(gradients(b, y, ['x']).get('x') as string, 'd');
    const feeds = { x: { dims: [2, 1], data: [1, 2] }, sizes: { dims: [2], data: [2, 3] } };
    expect(await outputsOf(b, feeds)).toEqual({ d: [3, 3] });
  });

  it('adds up the uses of a value that is cut out between bounds that are fed, whatever their type', async () => {
    for (const to of [INT32, INT64]) {
      const b = new GraphBuilder();
      b.input('x', 'float32', [1, 1, 1, 4]);
      b.input('start', 'float32', [1]);
      b.input('end', 'float32', [1]);
      const [start, end, axis] = ['start', 'end', b.ints([3])].map((value) => b.op('Cast', [value], { to }));
      const gated = b.mul('x', b.op('GlobalAveragePool', ['x']));
      const y = b.op('Slice', [gated, start as string, end as string, axis as string]);
      b.output(gradients(b, y, ['x']).get('x') as string, 'd');
      const feeds = { start: { dims: [1], data: [1] }, end: { dims: [1], data: [3] } };
      // y = m·(x₁ + x₂) with the mean m = 2.5: m where x is in y, and (x₁ + x₂)/4 everywhere
      const { d } = await outputsOf(b, { x: { dims: [1, 1, 1, 4], data: [1, 2, 3, 4] }, ...feeds });
      expect(d).toEqual([1.25, 3.75, 3.75, 1.25]);
    }
  });

  it('takes sizes and comparisons for constants', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N']);
    const count = b.castLike(b.op('Squeeze', [b.op('Shape', ['x'])]), 'x');
    const weighted = b.mul('x', b.op('Range', [b.scalar(0), count, b.scalar(1)]));
    const mask = b.op('Greater', ['x', b.scalar(1)]);
    const flag = b.constant('flag', () => ({ type: 'bool', dims: [1], data: Uint8Array.of(1) }));
    const marked = b.op('ScatterND', [mask, b.constant('at', () => int64Tensor([0], [1, 1])), flag]);
    b.output(gradients(b, b.op('Where', [marked, weighted, b.scalar(0)]), ['x']).get('x') as string, 'd');
    expect(await outputsOf(b, { x: { dims: [4], data: [1, 1, 3, 4] } })).toEqual({ d: [0, 0, 2, 3] });
    const condition = b.op('Cast', ['x'], { to: BOOL });
    expect(gradients(b, b.op('Where', [condition, b.scalar(1), b.scalar(0)]), ['x']).get('x')).toBeNull();
  });

  it('starts from the given cotangent instead of ones', async () => {
    const b = network();
    b.input('cotangent', 'float32', ['N', 1]);
    b.output(gradients(b, 'y', ['h'], { cotangent: 'cotangent' }).get('h') as string, 'd');
    b.output(gradients(b, 'y', ['y'], { cotangent: 'cotangent' }).get('y') as string, 'same');
    const { d, same } = await outputsOf(b, { ...x, cotangent: { dims: [2, 1], data: [1, -2] } });
    expect(d).toEqual([1, 2, 3, -2, -4, -6]);
    expect(same).toEqual([1, -2]);
  });

  it('gives intermediate values their gradients, of their shapes', async () => {
    const b = network();
    const found = gradients(b, 'y', ['h', 'sum', 'x', 'y']);
    for (const [value, gradient] of found) {
      expect(b.type(gradient as string)).toEqual(b.type(value));
      b.output(gradient as string, `d${value}`);
    }
    const results = await outputsOf(b, x);
    expect(results).toEqual({ dh: [1, 2, 3, 1, 2, 3], dsum: [1, 2, 3, 1, 2, 3], dx: [5, 5, 5, 5], dy: [1, 1] });
  });

  it('is null for what the score does not depend on', () => {
    const b = network();
    b.input('other', 'float32', [2]);
    b.op('Exp', ['h'], {}, 'aside');
    expect([...gradients(b, 'h', ['other', 'w2', 'aside', 'y'])]).toEqual([
      ['other', null],
      ['w2', null],
      ['aside', null],
      ['y', null],
    ]);
  });

  it('refuses names that the graph does not have, naming the parameter', () => {
    const b = network();
    const refused = (name: string, got: string) => `${name}: expected the name of a value of the graph; got "${got}"`;
    expect(() => gradients(b, 'yy', ['x'])).toThrow(refused('score', 'yy'));
    expect(() => gradients(b, 'y', ['x', 'nothing'])).toThrow(refused('wanted', 'nothing'));
    expect(() => gradients(b, 'y', ['x'], { constant: ['hh'] })).toThrow(refused('constant', 'hh'));
    expect(() => gradients(b, 'y', ['x'], { cotangent: '' })).toThrow(refused('cotangent', ''));
  });

  it('treats values named constant as if they did not depend on the wanted ones', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [2]);
    b.op('Exp', ['x'], {}, 'factor');
    b.mul('x', 'factor', 'y');
    expect(gradients(b, 'y', ['x'], { constant: ['factor'] }).get('x')).not.toBeNull();
    expect(b.graph.nodes.map(({ op }) => op)).toEqual(['Exp', 'Mul', 'Shape', 'Expand', 'Mul']);
  });

  it('visits only the nodes between the wanted values and the score', () => {
    const b = network();
    const before = b.graph.nodes.length;
    gradients(b, 'y', ['h']);
    expect(b.graph.nodes.slice(before).map(({ op }) => op)).toEqual(['Shape', 'Expand', 'Gemm']);
  });

  it('does not stop at an operator without a gradient before the wanted value or beside the path', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 3, 4, 4]);
    b.graph.valueInfo.set('stem', { name: 'stem', value: { type: 'float32', shape: ['N', 3, 4, 4] } });
    b.op('Unheard', ['x'], {}, 'stem');
    b.op('Unheard', ['stem'], {}, 'aside');
    b.op('Tanh', ['stem'], {}, 'y');
    expect(gradients(b, 'y', ['stem']).get('stem')).not.toBeNull();
    expect(() => gradients(b, 'y', ['x'])).toThrow(InputError);
  });

  it('names the nearest layer after a node that stops it: a convolution, or else what has positions', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 3, 4, 4]);
    b.graph.valueInfo.set('stem', { name: 'stem', value: { type: 'float32', shape: ['N', 3, 4, 4] } });
    b.op('Unheard', ['x'], {}, 'stem');
    const weights = b.initializer('weights', float32Tensor(new Float32Array(9), [3, 3, 1, 1]));
    b.op('Conv', ['stem', weights], {}, 'conv');
    b.op('Conv', [b.op('Relu', ['conv']), weights], {}, 'later');
    b.op('Conv', ['x', weights], {}, 'aside');
    const score = (value: string) => b.op('GlobalAveragePool', [b.add(value, 'aside')]);
    const stopped = 'Unheard "stem": no gradient is known for operator ai.onnx.Unheard; ';
    const attempt = (value: string) => () => gradients(b, value, ['x']);
    expect(attempt(score('later'))).toThrow(
      `${stopped}the nearest layer after it that can be explained is Conv "conv"`,
    );
    expect(attempt(score(b.op('Tanh', ['stem'], {}, 'tanh')))).toThrow('that can be explained is Tanh "tanh"');
    expect(attempt(b.op('GlobalMaxPool', ['stem']))).toThrow(`${stopped}no layer after it can be explained`);
    const tokens = b.reshape('stem', ['N', 3, 16]);
    const pooled = b.reduceMean(b.op('Softmax', [tokens], {}, 'softmax'), [1], false);
    expect(attempt(pooled)).toThrow(/that can be explained is Reshape "Reshape/);
  });

  it('names operator and node where it knows no gradient', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [2]);
    b.append({ op: 'Mish', domain: '', name: 'act', inputs: ['x'], outputs: ['y'], attributes: {} });
    b.append({ op: 'Gelu', domain: 'com.microsoft', name: 'gelu', inputs: ['x'], outputs: ['z'], attributes: {} });
    expect(() => gradients(b, 'y', ['x'], { cotangent: 'x' })).toThrow(
      'Mish "act": no gradient is known for operator ai.onnx.Mish',
    );
    expect(() => gradients(b, 'z', ['x'], { cotangent: 'x' })).toThrow(
      'no gradient is known for operator com.microsoft.Gelu',
    );
    b.append({ op: 'constructor', domain: '', name: 'own', inputs: ['x'], outputs: ['c'], attributes: {} });
    expect(() => gradients(b, 'c', ['x'], { cotangent: 'x' })).toThrow(
      'constructor "own": no gradient is known for operator ai.onnx.constructor',
    );
  });

  it('appends the same nodes to the same graph, byte for byte', () => {
    expect(bytes()).toEqual(bytes());
  });
});
