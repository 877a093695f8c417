import { describe, expect, test } from 'vitest';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { layerContext } from './candidates.js';
import { defaultLayer } from './default-layer.js';
import { HEIGHT, Layers, WIDTH } from './layers.test.helper.js';

/** The default layers of what `make` makes of a picture, and why they are taken. */
function found(make: (layers: Layers) => string, dense = false) {
  const layers = new Layers();
  const logits = make(layers);
  layers.b.output(logits);
  const grid = { picture: { height: HEIGHT, width: WIDTH }, logits };
  const result = defaultLayer(layerContext(layers.b.graph), grid, dense);
  return result && { names: result.layers.map(({ name }) => name), because: result.because };
}

describe('defaultLayer(context, grid, dense)', () => {
  test('is not a single token that the positions were pooled into', () => {
    const pooled = (layers: Layers) => {
      const { b } = layers;
      const features = layers.relu(layers.conv(layers.image, 8, 'features', 2), 'relu');
      const token = b.op('Unsqueeze', [b.op('ReduceMean', [features], { axes: [2, 3], keepdims: 0 }), b.ints([1])]);
      const normalized = b.op('LayerNormalization', [token, layers.ones(8)], { axis: -1 }, 'pooled_norm');
      return b.matMul(b.op('Flatten', [normalized], { axis: 1 }), layers.zeros(8, 5));
    };
    expect(found(pooled)?.names).toEqual(['features']);
  });

  test('is the last convolution with positions', () => {
    const plain = found((n) => n.classified(n.relu(n.conv(n.conv(n.image, 4, 'first', 2), 4, 'second', 2), 'relu')));
    expect(plain).toEqual({ names: ['second'], because: 'the last convolution that has positions' });
    const discriminator = found((n) => {
      const features = n.relu(n.conv(n.image, 4, 'features', 2), 'relu');
      return n.b.op('Conv', [features, n.zeros(1, 4, HEIGHT / 2, WIDTH / 2)], {}, 'head');
    });
    expect(discriminator?.names).toEqual(['features']);
  });

  test('ignores convolutions that the scores do not depend on', () => {
    const beside = found((n) => {
      const features = n.conv(n.image, 4, 'features', 2);
      n.b.output(n.conv(features, 4, 'beside'));
      return n.classified(n.relu(features, 'relu'));
    });
    expect(beside?.names).toEqual(['features']);
  });

  test('is the sum that a shortcut joins, with the activation that follows it', () => {
    const block = (n: Layers, after: (sum: string) => string) => {
      const before = n.relu(n.conv(n.image, 4, 'before', 2), 'before_relu');
      const inner = n.conv(n.relu(n.conv(before, 4, 'inner'), 'inner_relu'), 4, 'outer');
      return n.classified(after(n.b.add(inner, before, 'sum')));
    };
    const because = 'what the last branches join into';
    expect(found((n) => block(n, (sum) => n.relu(sum, 'sum_relu')))).toEqual({ names: ['sum_relu'], because });
    expect(found((n) => block(n, (sum) => sum))).toEqual({ names: ['sum'], because });
  });

  test('is the concatenation of branches', () => {
    const branches = found((n) => {
      const before = n.relu(n.conv(n.image, 4, 'before', 2), 'before_relu');
      const parts = ['a', 'b', 'c'].map((name) => n.relu(n.conv(before, 2, name), `${name}_relu`));
      return n.classified(n.b.op('Concat', parts, { axis: 1 }, 'joined'));
    });
    expect(branches).toEqual({ names: ['joined'], because: 'what the last branches join into' });
  });

  test('is the convolution behind a join, where one follows it', () => {
    const narrowed = found((n) => {
      const before = n.relu(n.conv(n.image, 4, 'before', 2), 'before_relu');
      const joined = n.b.op('Concat', [before, n.conv(before, 2, 'branch')], { axis: 1 }, 'joined');
      return n.classified(n.relu(n.conv(joined, 4, 'last'), 'last_relu'));
    });
    expect(narrowed?.names).toEqual(['last']);
  });

  describe('of dense scores', () => {
    /** Down once, up once, with a connection across; then two convolutions that mix both. */
    const uNet = (n: Layers) => {
      const down = n.relu(n.conv(n.image, 4, 'down'), 'down_relu');
      const bottom = n.relu(n.conv(down, 8, 'bottom', 2), 'bottom_relu');
      const joined = n.b.op('Concat', [n.upsampled(bottom), down], { axis: 1 }, 'joined');
      return n.relu(n.conv(joined, 4, 'up'), 'up_relu');
    };

    test('is the last layer before the scores of a U-Net', () => {
      const segmenter = found((n) => n.conv(uNet(n), 5, 'scores'), true);
      expect(segmenter).toEqual({
        names: ['up'],
        because: 'the last convolution before the one that makes the scores',
      });
    });

    test('is the same where scores are resized, moved and scaled at last', () => {
      const moved = found((n) => {
        const scores = n.upsampled(n.conv(uNet(n), 5, 'scores'));
        return n.b.transpose(n.b.mul(scores, n.b.scalar(2)), [0, 2, 3, 1], 'moved');
      }, true);
      expect(moved?.names).toEqual(['up']);
    });

    test('are the last layers before the scores of each scale', () => {
      const pyramid = found((n) => {
        const fine = n.relu(n.conv(n.image, 4, 'fine', 2), 'fine_relu');
        const coarse = n.relu(n.conv(fine, 4, 'coarse', 2), 'coarse_relu');
        const rows = [fine, coarse].map((x, at) => n.b.reshape(n.conv(x, 5, `scores${at}`), [-1, 5, 128 / 4 ** at]));
        return n.b.op('Concat', rows, { axis: 2 }, 'all');
      }, true);
      expect(pyramid).toEqual({
        names: ['fine_relu', 'coarse_relu'],
        because: 'the last layer before the scores of each scale',
      });
    });
  });

  test('follows an instance normalization, before which mean gradients are zero', () => {
    const normalized = (n: Layers, x: string) =>
      n.b.op('InstanceNormalization', [x, n.zeros(4), n.zeros(4)], {}, 'normalized');
    const plain = found((n) => n.classified(n.relu(normalized(n, n.conv(n.image, 4, 'features', 2)), 'relu')));
    expect(plain?.names).toEqual(['normalized']);
    expect(plain?.because).toContain('normalization');
    // What goes round the normalization has a gradient.
    const around = found((n) => {
      const features = n.conv(n.image, 4, 'features', 2);
      return n.classified(n.b.add(normalized(n, features), features, 'sum'));
    });
    expect(around?.names).toEqual(['features']);
  });

  describe('of a transformer', () => {
    /** Patches of 8×8 as tokens, a class token before them, two blocks that mix tokens, each after a normalization. */
    const transformer = (n: Layers, read: (tokens: string) => string) => {
      const patches = n.b.op('Conv', [n.image, n.zeros(6, 3, 8, 8)], { strides: [8, 8] }, 'patches');
      const rows = n.b.transpose(n.b.reshape(patches, ['batch', 6, 8]), [0, 2, 1]);
      const first = n.b.op('Slice', [rows, n.b.ints([0]), n.b.ints([1]), n.b.ints([1])]);
      let tokens = n.b.op('Concat', [first, rows], { axis: 1 }, 'tokens');
      for (const block of ['first', 'second']) {
        const norm = n.b.op('LayerNormalization', [tokens, n.zeros(6), n.zeros(6)], { axis: -1 }, `${block}_norm`);
        const scores = n.b.matMul(norm, n.b.transpose(norm, [0, 2, 1]));
        tokens = n.b.add(tokens, n.b.matMul(n.b.op('Softmax', [scores], { axis: -1 }), norm));
      }
      const last = n.b.op('LayerNormalization', [tokens, n.zeros(6), n.zeros(6)], { axis: -1 }, 'last_norm');
      return n.b.matMul(read(last), n.zeros(6, 5));
    };

    test('is the last normalization whose patches reach the scores', () => {
      const because = 'the last tokens of the grid that the scores depend on';
      const byClassToken = found((n) => transformer(n, (x) => n.b.op('Gather', [x, n.b.ints([0])], { axis: 1 })));
      expect(byClassToken).toEqual({ names: ['second_norm'], because });
      const byMean = found((n) => transformer(n, (x) => n.b.reduceMean(x, [1], false)));
      expect(byMean).toEqual({ names: ['last_norm'], because });
    });
  });

  test('there is none without positions', () => {
    expect(found((n) => n.b.matMul(n.b.op('Flatten', [n.image], { axis: 1 }), n.zeros(1536, 5)))).toBeUndefined();
  });

  test('is no layer of learnt queries, whose rows are not positions of the picture', () => {
    const detector = (queries: boolean) =>
      found((n) => {
        const { b } = n;
        const norm = (x: string, name: string) => b.op('LayerNormalization', [x, n.ones(4)], { axis: -1 }, name);
        const tokens = b.transpose(b.reshape(n.conv(n.conv(n.image, 4, 'a', 2), 4, 'b', 2), [0, 4, 32]), [0, 2, 1]);
        const memory = norm(tokens, 'memory');
        const asked = queries
          ? b.initializer('queries', float32Tensor(new Float32Array(32).fill(0.5), [1, 8, 4]))
          : memory;
        const attention = b.op('Softmax', [b.matMul(asked, b.transpose(memory, [0, 2, 1]))], { axis: -1 });
        const answer = norm(b.add(asked, b.matMul(attention, memory)), 'answer');
        return b.matMul(answer, n.zeros(4, 5));
      })?.names;
    expect(detector(false)).toEqual(['answer']);
    expect(detector(true)).toEqual(['memory']);
  });

  test.each([
    ['split off', (n: Layers, all: string) => n.b.ops('Split', [all, n.b.ints([4, 3])], 2, { axis: 1 })[1] ?? ''],
    [
      'sliced off one picture, boxes by scores',
      (n: Layers, all: string) => {
        const rows = n.b.transpose(n.b.op('Gather', [all, n.b.scalar(0, 'int64')], { axis: 0 }), [1, 0]);
        return n.b.op('Slice', [rows, n.b.ints([4]), n.b.ints([2 ** 31]), n.b.ints([1])]);
      },
    ],
  ])('of boxes are the layers before the scores, %s, and not those before the coordinates', (_, scoresOf) => {
    const result = found((n) => {
      const scale = (stride: number) => {
        const features = n.relu(n.conv(n.image, 4, `features${stride}`, stride), `relu${stride}`);
        const branch = (count: number, name: string) =>
          n.conv(n.relu(n.conv(features, 4, `${name}${stride}`), `r${name}${stride}`), count, `${name}_head${stride}`);
        const joined = n.b.op('Concat', [branch(4, 'box'), branch(3, 'class')], { axis: 1 });
        return n.b.reshape(joined, [1, 7, (HEIGHT / stride) * (WIDTH / stride)]);
      };
      const all = n.b.op('Concat', [scale(2), scale(4)], { axis: 2 });
      return scoresOf(n, all);
    }, true);
    expect(result?.names).toEqual(['rclass2', 'rclass4']);
  });
});
