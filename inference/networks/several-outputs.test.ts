import { describe, expect, test } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { Model } from '../../onnx/graph/graph.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { findScoreHead, scoreHead } from './find-score-head.js';

/** Layers over a picture [batch, 3, 16, 16]. */
class Layers {
  readonly b = new GraphBuilder();
  readonly picture = this.b.input('picture', 'float32', ['batch', 3, 16, 16]);

  conv(x: string, channels: number): string {
    const from = this.b.shape(x)[1] as number;
    return this.b.op('Relu', [this.b.op('Conv', [x, this.#weights([channels, from, 3, 3])], { pads: [1, 1, 1, 1] })]);
  }

  pooled(x: string): string {
    return this.b.op('Flatten', [this.b.op('GlobalAveragePool', [x])]);
  }

  dense(x: string, classes: number, name: string): string {
    return this.b.op('MatMul', [x, this.#weights([this.b.shape(x)[1] as number, classes])], {}, name);
  }

  model(...outputs: readonly string[]): Model {
    for (const output of outputs) this.b.output(output);
    return modelOfGraph(this.b.graph);
  }

  #weights(dims: readonly number[]): string {
    const size = dims.reduce((product, dim) => product * dim, 1);
    return this.b.initializer(this.b.unique('weights'), float32Tensor(new Float32Array(size), [...dims]));
  }
}

describe('scoreHead(model) of several outputs', () => {
  test.each([
    [10, '10 classes'],
    [4, '4 classes'],
    [1, 'one score'],
  ])('refuses two tasks, of which the second has %i numbers, and names both', (count, described) => {
    const net = new Layers();
    const features = net.pooled(net.conv(net.picture, 8));
    const hidden = net.dense(net.dense(features, 8, 'hidden'), 4, 'age');
    const model = net.model(hidden, net.dense(features, count, 'kind'));
    expect(() => scoreHead(model)).toThrow(
      `output: expected one of several outputs that answer different questions; got none, of "age" (4 classes) and "kind" (${described})`,
    );
    expect(findScoreHead(model, 'kind')).toMatchObject({ output: 'kind', head: { classes: count } });
    expect(findScoreHead(model, 'age')).toMatchObject({ output: 'age', head: { classes: 4 } });
  });

  test('refuses tasks that part early where they have other classes, or as many layers of their own', () => {
    const net = new Layers();
    const shared = net.conv(net.picture, 8);
    const early = net.dense(net.pooled(net.conv(shared, 8)), 4, 'early');
    const late = net.dense(net.pooled(net.conv(net.conv(shared, 8), 8)), 5, 'late');
    expect(() => scoreHead(net.model(early, late))).toThrow('"early" (4 classes) and "late" (5 classes)');
    const alike = new Layers();
    const stem = alike.conv(alike.picture, 8);
    const tasks = ['left', 'right'].map((name) => alike.dense(alike.pooled(alike.conv(stem, 8)), 4, name));
    expect(() => scoreHead(alike.model(...tasks))).toThrow('"left" (4 classes) and "right" (4 classes)');
  });

  test('an auxiliary output of the same classes hangs on an earlier layer, wherever it stands', () => {
    for (const isFirst of [true, false]) {
      const net = new Layers();
      const shared = net.conv(net.picture, 8);
      const auxiliary = net.dense(net.pooled(net.conv(shared, 8)), 4, 'auxiliary');
      const main = net.dense(net.pooled(net.conv(net.conv(net.conv(shared, 8), 8), 8)), 4, 'main');
      const model = net.model(...(isFirst ? [auxiliary, main] : [main, auxiliary]));
      expect(findScoreHead(model)).toMatchObject({ output: 'main', others: ['auxiliary'] });
    }
  });

  test('scores stand before an embedding beside them', () => {
    const net = new Layers();
    const features = net.pooled(net.conv(net.picture, 8));
    const embedding = net.b.op('LpNormalization', [net.dense(features, 6, 'numbers')], { axis: 1 }, 'embedding');
    const model = net.model(embedding, net.dense(features, 4, 'scores'));
    expect(findScoreHead(model)).toMatchObject({ output: 'scores' });
  });
});

describe('scoreHead(model) of features', () => {
  const byHand: readonly [string, (b: GraphBuilder, x: string) => string][] = [
    ['one operator', (b, x) => b.op('LpNormalization', [x], { axis: -1 })],
    [
      'ReduceL2',
      (b, x) => b.div(x, b.op('Clip', [b.op('ReduceL2', [x], { axes: [1], keepdims: 1 }), b.scalar(1e-12)])),
    ],
    ['the root of a sum of products', (b, x) => b.div(x, b.op('Sqrt', [b.reduceSum(b.mul(x, x), [1], true)]))],
    [
      'powers by hand',
      (b, x) => {
        const squares = b.op('Pow', [b.op('Abs', [x]), b.scalar(2)]);
        return b.div(x, b.op('Pow', [b.add(b.reduceSum(squares, [-1], true), b.scalar(1e-9)), b.scalar(0.5)]));
      },
    ],
  ];

  test.each(byHand)('refuses numbers divided by their length through %s', (_, ending) => {
    const net = new Layers();
    const numbers = net.dense(net.pooled(net.conv(net.picture, 8)), 6, 'numbers');
    const output = ending(net.b, numbers);
    const model = net.model(output);
    expect(() => scoreHead(model)).toThrow(`output: expected scores; "${output}" is divided by its length at `);
    expect(scoreHead(model, output)).toMatchObject({ kind: 'classifier', classes: 6 });
  });

  test('scores divided by another length, or by a sum, are scores', () => {
    const net = new Layers();
    const features = net.pooled(net.conv(net.picture, 8));
    const numbers = net.dense(features, 6, 'numbers');
    const length = net.b.op('ReduceL2', [features], { axes: [1], keepdims: 1 });
    const model = net.model(net.b.div(numbers, length));
    expect(findScoreHead(model).features).toBeUndefined();
    expect(scoreHead(model)).toMatchObject({ kind: 'classifier', classes: 6 });
  });

  test('pooled numbers may be features, which is said', () => {
    const net = new Layers();
    const model = net.model(net.pooled(net.conv(net.picture, 8)));
    expect(findScoreHead(model).features).toMatch(/^GlobalAveragePool "/);
    const labelled = {
      ...model,
      metadata: new Map([['names', JSON.stringify(Object.fromEntries([...'abcdefgh'].entries()))]]),
    };
    expect(findScoreHead(labelled).features).toBeUndefined();
    const scored = new Layers();
    const scores = scored.dense(scored.pooled(scored.conv(scored.picture, 8)), 4, 'scores');
    expect(findScoreHead(scored.model(scores)).features).toBeUndefined();
  });
});
