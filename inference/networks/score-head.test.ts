import { describe, expect, test } from 'vitest';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { Dim, Model } from '../../onnx/graph/graph.js';
import { scoreCount, scoreHead, type ScoreHead } from './score-head.js';

/** A model whose first node, `raw`, has the shape, followed by what `ending` appends. */
function modelEnding(shape: readonly Dim[], ending: (b: GraphBuilder, raw: string) => readonly string[]): Model {
  const b = new GraphBuilder(emptyGraph('scores'));
  const raw = b.op('Neg', [b.input('image', 'float32', shape)], {}, 'raw');
  for (const output of ending(b, raw)) b.output(output);
  return modelOfGraph(b.graph);
}

const DISCRIMINATOR: ScoreHead = { kind: 'discriminator', logits: 'raw', classes: 1, activation: 'sigmoid' };
const CLASSIFIER: ScoreHead = { kind: 'classifier', logits: 'raw', classes: 3, activation: 'softmax' };

describe('scoreHead(model)', () => {
  test('finds the logits behind a sigmoid or softmax and whatever reshapes them', () => {
    const sigmoid = modelEnding(['batch', 1, 1, 1], (b, raw) => [
      b.op('Squeeze', [b.op('Flatten', [b.op('Sigmoid', [raw])], { axis: 1 }), b.ints([1])]),
    ]);
    expect(scoreHead(sigmoid)).toEqual(DISCRIMINATOR);
    const softmax = modelEnding(['batch', 3], (b, raw) => [b.op('Identity', [b.op('Softmax', [raw], { axis: 1 })])]);
    expect(scoreHead(softmax)).toEqual(CLASSIFIER);
    const logSoftmax = modelEnding(['batch', 3], (b, raw) => [b.op('LogSoftmax', [raw], { axis: 1 })]);
    expect(scoreHead(logSoftmax)).toEqual(CLASSIFIER);
  });

  test('takes the output itself where nothing follows the logits', () => {
    const model = modelEnding(['batch', 3, 1, 1], (b, raw) => [b.op('Flatten', [raw], { axis: 1 }, 'flat')]);
    expect(scoreHead(model)).toEqual({ kind: 'classifier', logits: 'flat', classes: 3 });
  });

  test('takes the output named logit wherever it stands, and the activation from its neighbour', () => {
    const model = modelEnding(['batch', 1], (b, raw) => [
      b.op('Sigmoid', [raw], {}, 'probability'),
      b.op('Identity', [raw], {}, 'logit'),
    ]);
    expect(scoreHead(model)).toEqual({ ...DISCRIMINATOR, logits: 'logit' });
  });

  test('one score per picture without further axes is a discriminator', () => {
    const model = modelEnding(['batch'], (_, raw) => [raw]);
    expect(scoreHead(model)).toEqual({ kind: 'discriminator', logits: 'raw', classes: 1 });
  });

  test('scores of classes at positions are a dense output', () => {
    const model = modelEnding(['batch', 21, 8, 6], (_, raw) => [raw]);
    const grid = { height: 8, width: 6 };
    expect(scoreHead(model)).toEqual({ kind: 'dense', logits: 'raw', classes: 21, grid });
    expect(scoreCount(scoreHead(model))).toBe(21 * 48);
    const patches = modelEnding(['batch', 1, 8, 6], (b, raw) => [b.op('Sigmoid', [raw])]);
    expect(scoreHead(patches)).toEqual({ kind: 'dense', logits: 'raw', classes: 1, grid, activation: 'sigmoid' });
  });

  test('takes the output, or the value, that is asked for', () => {
    const model = modelEnding(['batch', 3], (b, raw) => [
      b.op('Softmax', [raw], { axis: 1 }, 'first'),
      b.op('Neg', [raw], {}, 'second'),
    ]);
    expect(scoreHead(model, 'second')).toEqual({ kind: 'classifier', logits: 'second', classes: 3 });
    expect(scoreHead(model, 'raw')).toMatchObject({ logits: 'raw', activation: 'softmax' });
    expect(() => scoreHead(model, 'third')).toThrow(
      'output: expected first, second, or another value of the graph; got "third"',
    );
  });

  test.each([
    [['batch', 21, 8], '[batch, 21, 8]'],
    [['batch', 'classes'], '[batch, classes]'],
    [['batch', 21, 'h', 'w'], '[batch, 21, h, w]'],
  ])('refuses an output %j: it has no single score', (shape, printed) => {
    const model = modelEnding(shape, (_, raw) => [raw]);
    expect(() => scoreHead(model)).toThrow(
      `output "raw": expected one score per picture, one per class [batch, classes], or one per class and position [batch, classes, height, width]; got ${printed}`,
    );
  });
});
