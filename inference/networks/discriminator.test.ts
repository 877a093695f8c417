import { Tensor } from 'onnxruntime-node';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { float32Tensor, GraphBuilder, loadModel, modelOfGraph } from '../../onnx/index.js';
import { createSession } from '../runtime/session.node.js';
import { Discriminator } from './discriminator.js';
import { inputTensor, preparedPictures } from './network-input.js';
import type { Picture } from '../pictures/pictures.js';
import { Random } from '../numeric/random.js';

const tiny = (role: string) => fileURLToPath(new URL(`../../../fixtures/tiny/${role}.onnx`, import.meta.url));

function noisePicture(seed: number): Picture {
  const random = new Random(seed);
  return { width: 50, height: 40, channels: 3, data: Uint8Array.from({ length: 6000 }, () => random.integer(256)) };
}
const pictures = Array.from({ length: 20 }, (_, i) => noisePicture(i));

describe('discriminator.score(pictures)', () => {
  let discriminator: Discriminator;
  beforeAll(async () => {
    discriminator = await Discriminator.load(tiny('discriminator'), { device: 'cpu' });
  });
  afterAll(() => discriminator.dispose());

  test("gives the network's own logit and probability, in order, in as many runs as it takes", async () => {
    const scores = await discriminator.score(pictures);
    const session = await createSession(await loadModel(tiny('discriminator')));
    const { type, data, dims } = inputTensor(preparedPictures(pictures, discriminator.input), discriminator.input);
    const { logit, probability } = await session.run({ [session.inputNames[0]!]: new Tensor(type, data, dims) });
    await session.release();
    expect(scores).toHaveLength(20);
    scores.forEach((score, i) => {
      expect(score.logit).toBeCloseTo(Number(logit!.data[i]), 4);
      expect(score.probability).toBeCloseTo(Number(probability!.data[i]), 5);
    });
  });

  test('calls that overlap get their own answers', async () => {
    const alone = await discriminator.score([pictures[7]!]);
    const answers = await Promise.all(pictures.map((picture) => discriminator.score([picture])));
    expect(answers[7]).toEqual(alone);
    expect(new Set(answers.map(([score]) => score!.logit)).size).toBe(20);
  });

  test('stops when the signal aborts', async () => {
    await expect(discriminator.score(pictures, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});

describe('Discriminator.load(source)', () => {
  test('is disposable, and does no more afterwards', async () => {
    const discriminator = await Discriminator.load(tiny('discriminator'), { device: 'cpu' });
    await discriminator[Symbol.asyncDispose]();
    await expect(discriminator.score(pictures.slice(0, 1))).rejects.toThrow('has been disposed');
  });

  test('of several outputs takes the one with one score, wherever it stands', async () => {
    const b = new GraphBuilder();
    const picture = b.input('picture', 'float32', ['batch', 3, 8, 8]);
    const features = b.op('Flatten', [b.op('GlobalAveragePool', [picture])]);
    const matrix = (classes: number) =>
      b.initializer(`matrix${classes}`, float32Tensor(new Float32Array(3 * classes).fill(classes), [3, classes]));
    b.output(b.op('MatMul', [features, matrix(10)], {}, 'classes'));
    b.output(b.op('MatMul', [features, matrix(1)], {}, 'validity'));
    await using discriminator = await Discriminator.load(modelOfGraph(b.graph), { device: 'cpu' });
    const white = { width: 8, height: 8, channels: 3, data: new Uint8Array(192).fill(255) } as const;
    const [score] = await discriminator.score([white]);
    const { mean, std } = discriminator.input.picture.normalization;
    const expected = mean.reduce((sum, each, at) => sum + (1 - each) / (std[at] as number), 0);
    expect(score?.logit).toBeCloseTo(mean.length === 3 ? expected : 3 * expected, 4);
  });

  test('of a mean of probabilities gives the logit of the mean', async () => {
    const ending = (b: GraphBuilder, picture: string, last: (scores: string) => string) => {
      const kernel = b.initializer('kernel', float32Tensor([0.1, -0.2, 0.3], [1, 3, 1, 1]));
      return last(b.op('Sigmoid', [b.op('Conv', [picture, kernel])], {}, 'patches'));
    };
    const load = (last: (b: GraphBuilder, scores: string) => string) => {
      const b = new GraphBuilder();
      const picture = b.input('picture', 'float32', ['batch', 3, 4, 4]);
      b.output(ending(b, picture, (scores) => last(b, scores)));
      return Discriminator.load(modelOfGraph(b.graph), { device: 'cpu' });
    };
    await using patches = await load((_, scores) => scores);
    const [one] = await patches.score([pictures[0]!]);
    for (const last of [
      (b: GraphBuilder, scores: string) => b.reduceMean(scores, [1, 2, 3], false),
      (b: GraphBuilder, scores: string) => b.op('Flatten', [b.op('GlobalAveragePool', [scores])]),
    ]) {
      await using mean = await load(last);
      const [score] = await mean.score([pictures[0]!]);
      expect(score!.logit).toBeCloseTo(Math.log(score!.probability / (1 - score!.probability)), 5);
      // The mean of these small logits is nearly the logit of the mean.
      expect(Math.abs(score!.logit - one!.logit)).toBeLessThan(0.05);
    }
    await expect(load((b, scores) => b.reduceMean(b.mul(scores, b.scalar(100)), [1, 2, 3], false))).rejects.toThrow(
      /either logits, real above 0, or probabilities, real above 0\.5; got ".*", computed from Sigmoid "patches"/,
    );
  });

  test('refuses a generator', async () => {
    await expect(Discriminator.load(tiny('generator'), { device: 'cpu' })).rejects.toThrow('expected a picture input');
  });

  test('refuses several classes, detectors, and further inputs without a value', async () => {
    const load = (ending: (b: GraphBuilder, picture: string) => string, inputs = {}) => {
      const b = new GraphBuilder();
      b.output(ending(b, b.input('picture', 'float32', ['batch', 3, 4, 4])));
      return Discriminator.load(modelOfGraph(b.graph), { device: 'cpu', inputs });
    };
    const classes = load((b, picture) => b.reduceMean(picture, [2, 3], false, 'classes'));
    await expect(classes).rejects.toThrow('a discriminator with one score per picture; got 3 per picture');
    // Four coordinates and one score for each of 16 boxes.
    const detector = load((b, picture) => {
      const rows = b.reshape(picture, ['batch', 3, 16]);
      const twice = b.op('Concat', [rows, rows], { axis: 1 });
      const [box = '', rest = ''] = b.ops('Split', [twice, b.ints([4, 2])], 2, { axis: 1 });
      const scores = b.op('Sigmoid', [b.reduceMean(rest, [1], true)]);
      return b.op('Concat', [box, scores], { axis: 1 }, 'detections');
    });
    await expect(detector).rejects.toThrow('got scores of boxes, as of a detector');
    const conditional = (b: GraphBuilder, picture: string) =>
      b.add(b.reduceMean(picture, [1, 2, 3], false), b.input('age', 'float32', ['batch']), 'score');
    await expect(load(conditional)).rejects.toThrow('got none for age: float32 [batch]');
    const logits = [];
    for (const age of [0, 3]) {
      const discriminator = await load(conditional, { age: { data: [age] } });
      const [score] = await discriminator.score([pictures[0]!]);
      logits.push(score!.logit);
      await discriminator.dispose();
    }
    expect(logits[1]! - logits[0]!).toBeCloseTo(3, 5);
  });
});
