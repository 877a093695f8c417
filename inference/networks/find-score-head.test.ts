import { describe, expect, test } from 'vitest';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { Dim, Model, Node } from '../../onnx/graph/graph.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { findScoreHead, scoreHead } from './find-score-head.js';
import { scoreCount } from './score-head.js';

/** A model whose first node, `raw`, has the shape, followed by what `ending` appends. */
function modelEnding(shape: readonly Dim[], ending: (b: GraphBuilder, raw: string) => readonly string[]): Model {
  const b = new GraphBuilder(emptyGraph('scores'));
  const raw = b.op('Neg', [b.input('image', 'float32', shape)], {}, 'raw');
  for (const output of ending(b, raw)) b.output(output);
  return modelOfGraph(b.graph);
}

function mlNode(op: string, inputs: string[], outputs: string[]): Node {
  return { op, domain: 'ai.onnx.ml', name: op, inputs, outputs, attributes: {} };
}

const SINGLE = { kind: 'single', logits: 'raw', classes: 1, activation: 'sigmoid', binary: true };
const CLASSIFIER = { kind: 'classifier', logits: 'raw', classes: 3, activation: 'softmax' };

describe('scoreHead(model)', () => {
  test('finds the logits behind a sigmoid or softmax and whatever reshapes them', () => {
    const sigmoid = modelEnding(['batch', 1, 1, 1], (b, raw) => [
      b.op('Squeeze', [b.op('Flatten', [b.op('Sigmoid', [raw])], { axis: 1 }), b.ints([1])]),
    ]);
    expect(scoreHead(sigmoid)).toEqual(SINGLE);
    const softmax = modelEnding(['batch', 3], (b, raw) => [b.op('Identity', [b.op('Softmax', [raw], { axis: 1 })])]);
    expect(scoreHead(softmax)).toMatchObject(CLASSIFIER);
    const logSoftmax = modelEnding(['batch', 3], (b, raw) => [b.op('LogSoftmax', [raw], { axis: 1 })]);
    expect(scoreHead(logSoftmax)).toMatchObject(CLASSIFIER);
    const byHand = modelEnding(['batch', 3], (b, raw) => {
      const shifted = b.sub(raw, b.op('ReduceMax', [raw], { axes: [1], keepdims: 1 }));
      const powers = b.op('Exp', [shifted]);
      return [b.div(powers, b.reduceSum(powers, [1], true))];
    });
    expect(scoreHead(byHand)).toMatchObject(CLASSIFIER);
  });

  test('takes the output itself where nothing follows the logits', () => {
    const model = modelEnding(['batch', 3, 1, 1], (b, raw) => [b.op('Flatten', [raw], { axis: 1 }, 'flat')]);
    expect(scoreHead(model)).toMatchObject({ kind: 'classifier', logits: 'flat', classes: 3 });
  });

  test('takes the output named logit wherever it stands, and the activation from its neighbour', () => {
    const model = modelEnding(['batch', 1], (b, raw) => [
      b.op('Sigmoid', [raw], {}, 'probability'),
      b.op('Identity', [raw], {}, 'logit'),
    ]);
    expect(scoreHead(model)).toMatchObject({ ...SINGLE, logits: 'logit' });
  });

  test('an embedding that another output compares with texts is not taken for scores', () => {
    const clip = modelEnding(['batch', 4], (b, raw) => {
      const texts = b.initializer('texts', float32Tensor(new Float32Array(4 * 3), [4, 3]));
      const similar = b.op('MatMul', [raw, texts]);
      const shape = b.op('Concat', [b.op('Shape', [raw]), b.ints([1])], { axis: 0 });
      const square = b.op('Slice', [shape, b.ints([0]), b.ints([1])]);
      const open = b.op(
        'Expand',
        [b.op('ReduceMean', [similar], { axes: [1], keepdims: 1 }), b.op('Concat', [square, square], { axis: 0 })],
        {},
        'logits_per_image',
      );
      return [open, raw];
    });
    expect(() => scoreHead(clip)).toThrow(
      'output: expected scores; "logits_per_image" compares the embedding "raw" with other values, and has no fixed classes',
    );
    expect(scoreHead(clip, 'raw')).toMatchObject({ kind: 'classifier', classes: 4 });
  });

  test('a mask before the probabilities of the same logits is no embedding', () => {
    const model = modelEnding(['batch', 4], (b, raw) => {
      const weights = b.initializer('weights', float32Tensor(new Float32Array(4 * 3), [4, 3]));
      b.op('MatMul', [raw, weights], {}, 'z');
      return [b.op('ArgMax', ['z'], { axis: 1, keepdims: 0 }), b.op('Softmax', ['z'], { axis: 1 })];
    });
    expect(scoreHead(model)).toMatchObject({ kind: 'classifier', logits: 'z', classes: 3 });
  });

  test('numbers without positions that are reshaped to a grid are refused, and both readings are named', () => {
    const model = modelEnding(['batch', 3, 16, 24], (b, raw) => {
      const pooled = b.op('Flatten', [b.op('GlobalAveragePool', [raw])], { axis: 1 });
      const weights = b.initializer('weights', float32Tensor(new Float32Array(3 * 24), [3, 24]));
      b.op('MatMul', [pooled, weights], {}, 'numbers');
      return [b.op('Reshape', ['numbers', b.ints([-1, 4, 6])], {}, 'out')];
    });
    expect(() => scoreHead(model)).toThrow(
      'output "out": expected scores that can be told: either one score at 4×6 positions, or 6 numbers of 4 boxes; ' +
        'got 24 numbers without positions, reshaped; `output` numbers explains one of them',
    );
    expect(scoreHead(model, 'numbers')).toMatchObject({ kind: 'classifier', classes: 24 });
    const positions = modelEnding(['batch', 1, 4, 6], (b, raw) => [b.op('Squeeze', [raw, b.ints([1])], {}, 'out')]);
    expect(scoreHead(positions)).toMatchObject({ kind: 'dense', classes: 1, grid: { height: 4, width: 6 } });
  });

  test('scores are those before they are quantised, which clips them', () => {
    const quantized = (after: (b: GraphBuilder, value: string) => string) =>
      modelEnding([1, 5], (b, raw) => {
        const pair = (value: string) => {
          const zero = b.initializer(b.unique('zero'), { type: 'int8', dims: [], data: Int8Array.of(0) });
          const parameters = [b.scalar(0.1), zero];
          return b.op('DequantizeLinear', [b.op('QuantizeLinear', [value, ...parameters]), ...parameters]);
        };
        return [pair(after(b, pair(raw)))];
      });
    expect(scoreHead(quantized((_b, x) => x))).toMatchObject({ kind: 'classifier', logits: 'raw', classes: 5 });
    const softmax = quantized((b, x) => b.op('Softmax', [x]));
    expect(scoreHead(softmax)).toMatchObject({ logits: 'raw', activation: 'softmax' });
  });

  test('one score per picture is a discriminator only where that is known', () => {
    const model = modelEnding(['batch'], (_, raw) => [raw]);
    expect(scoreHead(model)).toEqual({ kind: 'single', logits: 'raw', classes: 1 });
    const named = { ...model, metadata: new Map([['names', "{0: 'cat', 1: 'dog'}"]]) };
    expect(scoreHead(named)).toEqual({ kind: 'single', logits: 'raw', classes: 1, binary: true });
  });

  test('scores of classes at positions are a dense output, with classes on either axis', () => {
    const model = modelEnding(['batch', 21, 8, 6], (_, raw) => [raw]);
    const grid = { height: 8, width: 6 };
    expect(scoreHead(model)).toEqual({ kind: 'dense', logits: 'raw', classes: 21, grid, classAxis: 1 });
    expect(scoreCount(scoreHead(model))).toBe(21 * 48);
    const last = modelEnding(['batch', 8, 6, 21], (b, raw) => [b.op('Softmax', [raw], { axis: -1 })]);
    expect(scoreHead(last)).toMatchObject({ kind: 'dense', classes: 21, grid, classAxis: 3, activation: 'softmax' });
    const moved = modelEnding(['batch', 5, 8, 6], (b, raw) => {
      const kernel = b.initializer('kernel', float32Tensor(new Float32Array(105), [21, 5, 1, 1]));
      return [b.transpose(b.op('Conv', [raw, kernel]), [0, 2, 3, 1])];
    });
    expect(scoreHead(moved)).toMatchObject({ kind: 'dense', classes: 21, grid, classAxis: 3 });
    const patches = modelEnding(['batch', 1, 8, 6], (b, raw) => [b.op('Sigmoid', [raw])]);
    expect(scoreHead(patches)).toMatchObject({ kind: 'dense', classes: 1, grid, activation: 'sigmoid' });
  });

  test('tells pictures from classes by their size, their end and the input in them, and says where it cannot', () => {
    const picture = ['batch', 3, 8, 8];
    const bounds = (b: GraphBuilder, high: number) => [b.scalar(0), b.scalar(high)];
    const endings: [string | undefined, readonly Dim[], (b: GraphBuilder, raw: string) => string][] = [
      ['it ends with Tanh', picture, (b, raw) => b.mul(b.op('Tanh', [raw]), b.scalar(2))],
      ['it ends with Sigmoid and a scale', picture, (b, raw) => b.mul(b.op('Sigmoid', [raw]), b.scalar(255))],
      ['it is cut to 0…255', picture, (b, raw) => b.op('Clip', [raw, ...bounds(b, 255)])],
      ['it is the input plus a change', picture, (b, raw) => b.sub('image', b.op('Tanh', [b.op('Relu', [raw])]))],
      ['perhaps', picture, (b, raw) => b.op('Relu', [raw])],
      ['perhaps', picture, (b, raw) => b.op('Clip', [raw, ...bounds(b, 6)])],
      ['perhaps', picture, (b, raw) => b.op('Sigmoid', [raw])],
      [undefined, picture, (b, raw) => b.op('Softmax', [raw], { axis: 1 })],
      [undefined, picture, (b, raw) => b.op('ArgMax', [raw], { axis: 1, keepdims: 0 })],
      [undefined, ['batch', 4, 8, 8], (b, raw) => b.op('Tanh', [raw])],
    ];
    for (const [reason, shape, ending] of endings) {
      const head = scoreHead(modelEnding(shape, (b, raw) => [ending(b, raw)]));
      expect(head).toMatchObject({ kind: 'dense' });
      expect(head.picture).toBe(reason);
    }
    const larger = modelEnding(['batch', 12, 8, 8], (b, raw) => [b.op('DepthToSpace', [raw], { blocksize: 2 })]);
    expect(scoreHead(larger).picture).toBe('it is 2 times as large as the input');
    const named = modelEnding(picture, (b, raw) => [b.op('Tanh', [raw])]);
    expect(scoreHead({ ...named, metadata: new Map([['names', "{0: 'a', 1: 'b', 2: 'c'}"]]) }).picture).toBeUndefined();
  });

  test('a model of one picture at a time may leave the batch out', () => {
    const squeezed = modelEnding([1, 5], (b, raw) => [b.op('Squeeze', [raw, b.ints([0])], {}, 'row')]);
    expect(scoreHead(squeezed)).toMatchObject({ kind: 'classifier', logits: 'row', classes: 5 });
    const number = modelEnding([1, 1], (b, raw) => [b.op('Squeeze', [raw, b.ints([0, 1])], {}, 'number')]);
    expect(scoreHead(number)).toMatchObject({ kind: 'single', logits: 'number', classes: 1 });
  });

  test('whole numbers and ranks are followed to the scores that they were chosen by', () => {
    const model = modelEnding(['batch', 3], (b, raw) => {
      const probability = b.op('Softmax', [raw], { axis: 1 });
      const [values = '', ids = ''] = b.ops('TopK', [probability, b.ints([2])], 2, { axis: 1 });
      return [b.op('ArgMax', [probability], { axis: 1, keepdims: 0 }, 'class'), values, ids];
    });
    expect(findScoreHead(model)).toMatchObject({
      head: CLASSIFIER,
      output: 'class',
      through: 'ArgMax "class"',
      others: [],
    });
    const mask = modelEnding(['batch', 21, 8, 6], (b, raw) => [b.op('ArgMax', [raw], { axis: 1, keepdims: 0 })]);
    expect(scoreHead(mask)).toMatchObject({ kind: 'dense', logits: 'raw', classes: 21 });
    const named = modelEnding(['batch', 3], (b, raw) => {
      b.append(mlNode('ZipMap', [raw], ['dictionary']));
      return ['dictionary'];
    });
    expect(scoreHead(named)).toMatchObject({ kind: 'classifier', logits: 'raw', classes: 3 });
  });

  test('a part of a softmax is explained by all its logits', () => {
    const second = modelEnding(['batch', 2], (b, raw) => [
      b.op('Gather', [b.op('Softmax', [raw], { axis: 1 }), b.ints([1])], { axis: 1 }),
    ]);
    expect(scoreHead(second)).toMatchObject({ kind: 'classifier', logits: 'raw', classes: 2, part: [1] });
  });

  test('the mean of the stacked scores of several heads is no doubt of features, that of tokens is', () => {
    const stacked = (parts: number) =>
      modelEnding(['batch', 8], (b, raw) => {
        const weights = b.initializer('weights', float32Tensor(new Float32Array(8 * 3 * parts), [8, 3 * parts]));
        const [first, second] = [b.matMul(raw, weights), b.matMul(b.op('Tanh', [raw]), weights)];
        const rows = [first, second].map((each) => b.reshape(each, [-1, parts, 3]));
        return [b.reduceMean(b.op('Concat', rows, { axis: 1 }), [1], false, 'scores')];
      });
    expect(findScoreHead(stacked(1))).not.toHaveProperty('features');
    expect(findScoreHead(stacked(2))).toMatchObject({ features: 'ReduceMean "scores"' });
  });

  test('features that scores are made of are passed by', () => {
    const features = modelEnding(['batch', 8], (b, raw) => {
      const matrix = b.initializer('matrix', float32Tensor(new Float32Array(24), [8, 3]));
      return [raw, b.op('MatMul', [raw, matrix], {}, 'scores')];
    });
    expect(scoreHead(features).logits).toBe('scores');
  });

  test('outputs of equal standing are refused, and both are named', () => {
    const heads = (classes: readonly number[]) =>
      modelEnding(['batch', 4], (b, raw) =>
        classes.map((count, at) => {
          const matrix = b.initializer(`matrix${at}`, float32Tensor(new Float32Array(4 * count), [4, count]));
          return b.op('MatMul', [raw, matrix], {}, `head${at}`);
        }),
      );
    expect(() => scoreHead(heads([5, 7]))).toThrow(
      'output: expected one of several outputs that answer different questions; got none, of "head0" (5 classes) and "head1" (7 classes)',
    );
    expect(() => scoreHead(heads([5, 5]))).toThrow('"head0" (5 classes) and "head1" (5 classes)');
    expect(() => scoreHead(heads([5, 1]))).toThrow('and "head1" (one score)');
    expect(scoreHead(heads([5, 7]), 'head1')).toMatchObject({ classes: 7 });
  });

  test('detectors: boxes and scores side by side, or in outputs of their own', () => {
    const yolo8 = modelEnding([1, 9, 64], (b, raw) => {
      const [box = '', scores = ''] = b.ops('Split', [raw, b.ints([4, 5])], 2, { axis: 1 }, 'split');
      return [b.op('Concat', [box, b.op('Sigmoid', [scores])], { axis: 1 })];
    });
    expect(scoreHead(yolo8)).toMatchObject({
      kind: 'boxes',
      logits: 'split:1',
      classes: 5,
      grid: { height: 1, width: 64 },
      activation: 'sigmoid',
    });
    const yolo5 = modelEnding([1, 3, 4, 4, 8], (b, raw) => {
      const all = b.op('Sigmoid', [raw]);
      const [centre = '', size = '', scores = ''] = b.ops('Split', [all, b.ints([2, 2, 4])], 3, { axis: 4 });
      const joined = b.op('Concat', [centre, size, scores], { axis: 4 });
      return [b.op('Concat', [b.reshape(joined, [1, 48, 8])], { axis: 1 }, 'output')];
    });
    expect(scoreHead(yolo5)).toMatchObject({
      kind: 'boxes',
      logits: 'output',
      classes: 3,
      grid: { height: 1, width: 48 },
      within: { from: 5, to: 8, object: 4 },
      quantity: 'probability',
    });
    const unbounded = modelEnding([1, 9, 64], (b, raw) => {
      const [box = '', scores = ''] = b.ops('Split', [raw, b.ints([4, 5])], 2, { axis: 1 });
      return [b.op('Concat', [box, scores], { axis: 1 })];
    });
    expect(scoreHead(unbounded)).toMatchObject({ kind: 'boxes', within: { from: 4, to: 9 } });
    expect(scoreHead(unbounded)).not.toHaveProperty('quantity');
    const detr = modelEnding(['batch', 20, 6], (b, raw) => {
      const matrix = b.initializer('matrix', float32Tensor(new Float32Array(24), [6, 4]));
      return [b.op('Neg', [raw], {}, 'classes'), b.op('Sigmoid', [b.op('MatMul', [raw, matrix])], {}, 'boxes')];
    });
    expect(scoreHead(detr)).toMatchObject({ kind: 'boxes', logits: 'classes', classes: 6 });
  });

  test('detectors of one class: key points, angles and masks after its score are no classes', () => {
    const pose = modelEnding([1, 56, 64], (b, raw) => {
      const [box = '', score = '', points = ''] = b.ops('Split', [raw, b.ints([4, 1, 51])], 3, { axis: 1 }, 'split');
      return [b.op('Concat', [box, b.op('Sigmoid', [score]), b.op('Neg', [points])], { axis: 1 })];
    });
    expect(scoreHead(pose)).toMatchObject({ kind: 'boxes', logits: 'split:1', classes: 1, activation: 'sigmoid' });
    expect(scoreHead(pose)).not.toHaveProperty('within');
  });

  test('probabilities that are joined of several sigmoids or softmaxes, or cut out of what is joined, are no logits', () => {
    const heads = (last: string) =>
      modelEnding([1, 9], (b, raw) => {
        const [first = '', second = ''] = b.ops('Split', [raw, b.ints([2, 7])], 2, { axis: 1 });
        return [b.op('Concat', [b.op('Softmax', [first]), b.op(last, [second])], { axis: 1 })];
      });
    expect(scoreHead(heads('Softmax'))).toMatchObject({ kind: 'classifier', classes: 9, quantity: 'probability' });
    expect(scoreHead(heads('Neg'))).not.toHaveProperty('quantity');
    const mean = (last: string) =>
      modelEnding(['batch', 1, 4, 4], (b, raw) => [b.reduceMean(b.op(last, [raw]), [1, 2, 3], false)]);
    expect(scoreHead(mean('Sigmoid'))).toMatchObject({ kind: 'single', quantity: 'probability' });
    expect(scoreHead(mean('Neg'))).not.toHaveProperty('quantity');
    const labels = modelEnding([1, 9, 64], (b, raw) => {
      const [box = '', scores = ''] = b.ops('Split', [raw, b.ints([4, 5])], 2, { axis: 1 });
      const joined = b.op('Concat', [box, b.op('Sigmoid', [scores])], { axis: 1 });
      const rows = b.op('Slice', [b.transpose(joined, [0, 2, 1]), b.ints([4]), b.ints([9]), b.ints([2])], {}, 'rows');
      return [b.op('ArgMax', [rows], { axis: 2, keepdims: 0 })];
    });
    expect(scoreHead(labels)).toMatchObject({ logits: 'rows', classes: 5, quantity: 'probability' });
  });

  test('scores of positions beside which four numbers of each are computed are those of boxes', () => {
    const model = modelEnding([1, 8, 6], (b, raw) => {
      const matrix = (columns: number) =>
        b.initializer(`matrix${columns}`, float32Tensor(new Float32Array(6 * columns), [6, columns]));
      const scores = b.op('MatMul', [raw, matrix(5)], {}, 'scores');
      const boxes = b.op('MatMul', [raw, matrix(4)], {}, 'coordinates');
      const flat = b.reshape(b.op('Sigmoid', [scores]), [1, 40]);
      const [best = '', at = ''] = b.ops('TopK', [flat, b.ints([3])], 2);
      const rows = b.op('Unsqueeze', [b.div(at, b.scalar(5, 'int64')), b.ints([2])]);
      const picked = b.op('GatherElements', [boxes, b.op('Expand', [rows, b.ints([1, 3, 4])])], { axis: 1 });
      return [best, b.op('Identity', [picked], {}, 'boxes')];
    });
    expect(scoreHead(model)).toMatchObject({ kind: 'boxes', logits: 'scores', classes: 5, activation: 'sigmoid' });
  });

  test('boxes that are picked by their scores are no classes: the error names the scores of all', () => {
    const endToEnd = modelEnding([1, 9, 64], (b, raw) => {
      const [box = '', scores = ''] = b.ops('Split', [raw, b.ints([4, 5])], 2, { axis: 1 }, 'split');
      const joined = b.op('Concat', [box, b.op('Sigmoid', [scores])], { axis: 1 }, 'joined');
      const rows = b.ops('Split', [b.transpose(joined, [0, 2, 1]), b.ints([4, 5])], 2, { axis: 2 });
      const flat = b.reshape(rows[1] as string, [1, 320]);
      const [best = '', at = ''] = b.ops('TopK', [flat, b.ints([7])], 2, {}, 'picked');
      const column = (value: string) => b.op('Unsqueeze', [value, b.ints([2])]);
      const place = b.op('Expand', [column(b.div(at, b.scalar(5, 'int64'))), b.ints([1, 7, 4])]);
      const boxes = b.op('GatherElements', [rows[0] as string, place], { axis: 1 });
      const label = b.op('Cast', [b.op('Mod', [at, b.scalar(5, 'int64')])], { to: 1 });
      return [b.op('Concat', [boxes, column(best), column(label)], { axis: 2 }, 'detections')];
    });
    expect(() => scoreHead(endToEnd)).toThrow(
      /boxes that TopK "picked" has picked by their scores; `output` joined can be explained$/,
    );
    expect(scoreHead(endToEnd, 'joined')).toMatchObject({ kind: 'boxes', logits: 'split:1', classes: 5 });
  });

  test('a detector whose number of boxes is not known is refused', () => {
    const open = modelEnding([1, 9, 'boxes'], (b, raw) => {
      const [box = '', scores = ''] = b.ops('Split', [raw, b.ints([4, 5])], 2, { axis: 1 }, 'split');
      return [b.op('Concat', [box, b.op('Sigmoid', [scores])], { axis: 1 }, 'joined')];
    });
    expect(() => scoreHead(open)).toThrow('output "joined": expected one score per picture');
  });

  test('sequences have a score per class and step', () => {
    const model = modelEnding(['batch', 16, 6], (_, raw) => [raw]);
    expect(scoreHead(model)).toMatchObject({ kind: 'dense', classes: 6, grid: { height: 1, width: 16 }, classAxis: 2 });
  });

  test('takes the output, or the value, that is asked for', () => {
    const model = modelEnding(['batch', 3], (b, raw) => [
      b.op('Softmax', [raw], { axis: 1 }, 'first'),
      b.op('Neg', [raw], {}, 'second'),
    ]);
    expect(scoreHead(model, 'second')).toMatchObject({ kind: 'classifier', logits: 'second', classes: 3 });
    expect(scoreHead(model, 'raw')).toMatchObject({ logits: 'raw', activation: 'softmax' });
    expect(() => scoreHead(model, 'third')).toThrow(
      'output: expected first, second, or another value of the graph; got "third"',
    );
  });

  test('names a value that can be explained where the output cannot', () => {
    const model = modelEnding([1, 8], (b, raw) => {
      const matrix = b.initializer('matrix', float32Tensor(new Float32Array(24), [8, 3]));
      const scores = b.op('MatMul', [raw, matrix], {}, 'scores');
      return [b.op('Expand', [scores, b.ints([2, 2, 2, 1, 3])])];
    });
    expect(() => scoreHead(model)).toThrow('; `output` scores can be explained');
  });

  test.each([
    [['batch', 'classes'], '[batch, classes]'],
    [['batch', 21, 'h', 'w'], '[batch, 21, h, w]'],
  ])('refuses an output %j: it has no single score', (shape, printed) => {
    const model = modelEnding(shape, (_, raw) => [raw]);
    expect(() => scoreHead(model)).toThrow(
      `output "raw": expected one score per picture, one per class [batch, classes], or one per class and position [batch, classes, height, width]; got ${printed}`,
    );
  });

  test('takes an output that depends on the picture, and not one of another input', () => {
    const b = new GraphBuilder(emptyGraph('towers'));
    const towers = ['left', 'right'].map((name) =>
      b.op('Neg', [b.input(name, 'float32', ['n', 4])], {}, `${name}_embedding`),
    );
    for (const tower of towers.toReversed()) b.output(tower);
    expect(scoreHead(modelOfGraph(b.graph))).toMatchObject({ kind: 'classifier', logits: 'left_embedding' });
  });

  test('finds classes and the score of an object of scales that are flattened after they are joined', () => {
    const b = new GraphBuilder(emptyGraph('yolox'));
    const picture = b.input('image', 'float32', [1, 3, 16, 16]);
    const scale = (side: number) => {
      const kernel = (count: number) =>
        b.initializer(`${count}/${side}`, float32Tensor(new Float32Array(count * 3), [count, 3, 1, 1]));
      const pooled = b.op('AveragePool', [picture], {
        kernel_shape: [16 / side, 16 / side],
        strides: [16 / side, 16 / side],
      });
      const part = (count: number) => b.op('Conv', [pooled, kernel(count)]);
      const joined = b.op('Concat', [part(4), b.op('Sigmoid', [part(1)]), b.op('Sigmoid', [part(6)])], { axis: 1 });
      return b.reshape(joined, [1, 11, side * side]);
    };
    b.output(b.transpose(b.op('Concat', [scale(4), scale(2)], { axis: 2 }), [0, 2, 1]));
    expect(scoreHead(modelOfGraph(b.graph))).toMatchObject({
      kind: 'boxes',
      classes: 6,
      grid: { height: 1, width: 20 },
      within: { from: 5, to: 11, object: 4 },
      quantity: 'probability',
    });
  });

  test('names the scores of all scales behind those that TopK picks by, and no anchors', () => {
    const model = modelEnding([1, 3, 12], (b, raw) => {
      const all = b.op('Concat', [raw, b.op('Abs', [raw])], { axis: 2 }, 'all');
      const chosen = b.reshape(b.op('Slice', [b.op('Sigmoid', [all]), b.ints([0]), b.ints([12]), b.ints([2])]), [36]);
      const picked = b.ops('TopK', [chosen, b.ints([5])], 2, {}, 'picked');
      const anchors = b.op('Add', [b.op('Cast', [b.op('Shape', [raw])], { to: 1 }), b.scalar(1)], {}, 'anchors');
      const boxes = b.op('Gather', [b.op('Expand', [anchors, b.ints([36, 3])]), picked[1] as string], { axis: 0 });
      return [b.op('Unsqueeze', [boxes, b.ints([0, 1, 2])], {}, 'boxes')];
    });
    expect(() => scoreHead(model)).toThrow('TopK "picked" has picked by their scores; `output` all can be explained');
  });

  test('names the scores that NonMaxSuppression picks by, which are those of boxes', () => {
    const model = modelEnding([1, 3, 12], (b, raw) => {
      const boxes = b.op('Transpose', [b.op('Concat', [raw, raw, raw, raw], { axis: 1 })], { perm: [0, 2, 1] }, 'all');
      const corners = b.op('Slice', [boxes, b.ints([0]), b.ints([4]), b.ints([2])], {}, 'corners');
      const scores = b.op('Sigmoid', [raw], {}, 'scores');
      return [b.op('NonMaxSuppression', [corners, scores, b.ints([5])], {}, 'picked')];
    });
    expect(() => scoreHead(model)).toThrow('`output` scores can be explained');
    expect(scoreHead(model, 'scores')).toMatchObject({ kind: 'boxes', logits: 'raw', classes: 3 });
  });
});
