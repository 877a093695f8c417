import { describe, expect, test } from 'vitest';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../onnx/build.js';
import type { Dim, Model } from '../onnx/graph.js';
import {
  parsedTargets,
  scoreHead,
  targetProbability,
  targetsOf,
  targetWeights,
  topClass,
  type ScoreHead,
} from './targets.js';

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

  test.each([
    [['batch', 1, 8, 8], '[batch, 1, 8, 8]'],
    [['batch', 21, 8, 8], '[batch, 21, 8, 8]'],
    [['batch', 'classes'], '[batch, classes]'],
  ])('refuses an output %j: it has no single score', (shape, printed) => {
    const model = modelEnding(shape, (_, raw) => [raw]);
    expect(() => scoreHead(model)).toThrow(
      `output "raw": expected one score per picture, or one per class [batch, classes]; got ${printed}`,
    );
  });
});

describe('targetsOf(head, given, pictures)', () => {
  test('is fake, or the top class, unless something else is asked for', () => {
    expect(targetsOf(DISCRIMINATOR, undefined, 2)).toEqual(['fake', 'fake']);
    expect(targetsOf(CLASSIFIER, undefined, 2)).toEqual([undefined, undefined]);
  });

  test('takes one for all pictures or one for each', () => {
    expect(targetsOf(CLASSIFIER, 2, 3)).toEqual([2, 2, 2]);
    expect(targetsOf(DISCRIMINATOR, ['real', 'fake'], 2)).toEqual(['real', 'fake']);
  });

  test('refuses another number of targets instead of leaving pictures out', () => {
    expect(() => targetsOf(CLASSIFIER, [0, 1], 3)).toThrow(
      '--target: expected one target, or one for each of 3 pictures; got 2',
    );
    expect(() => targetsOf(CLASSIFIER, [], 3)).toThrow('got 0');
  });

  test('refuses targets that the network does not have', () => {
    expect(() => targetsOf(CLASSIFIER, 3, 1)).toThrow('--target: expected a class of 0…2; got 3');
    expect(() => targetsOf(CLASSIFIER, 'fake', 1)).toThrow('--target: expected a class of 0…2; got fake');
    expect(() => targetsOf(DISCRIMINATOR, 0, 1)).toThrow('--target: expected real or fake');
  });
});

describe('parsedTargets(text)', () => {
  test('reads real, fake and classes', () => {
    expect(parsedTargets('real, fake,281')).toEqual(['real', 'fake', 281]);
    expect(parsedTargets(undefined)).toBeUndefined();
  });

  test.each(['cat', '-1', '1.5', '', '1,,2'])('refuses "%s"', (text) => {
    expect(() => parsedTargets(text)).toThrow('--target: expected real, fake or the number of a class; got "');
  });
});

describe('targetWeights(head, target)', () => {
  test('signs the logit of a discriminator and picks the one of a class', () => {
    expect([...targetWeights(DISCRIMINATOR, 'real')]).toEqual([1]);
    expect([...targetWeights(DISCRIMINATOR, 'fake')]).toEqual([-1]);
    expect([...targetWeights(CLASSIFIER, 1)]).toEqual([0, 1, 0]);
    expect([...targetWeights(CLASSIFIER, undefined)]).toEqual([0, 0, 0]);
  });
});

describe('targetProbability(head, logits, target) and topClass(logits)', () => {
  test('are D(x), or the softmax of the class', () => {
    expect(targetProbability(DISCRIMINATOR, Float32Array.of(Math.log(3)), 'fake')).toBeCloseTo(0.75, 6);
    expect(targetProbability(CLASSIFIER, Float32Array.of(0, Math.log(2), 0), 1)).toBeCloseTo(0.5, 6);
    expect(targetProbability({ ...CLASSIFIER, classes: 2 }, Float32Array.of(1000, -1000), 0)).toBe(1);
    expect(topClass(Float32Array.of(1, 3, 3))).toBe(1);
  });

  test('there is none where the network ends with its logits', () => {
    const { activation: _, ...head } = CLASSIFIER;
    expect(targetProbability(head, Float32Array.of(1, 2, 3), 0)).toBeUndefined();
  });
});
