/** @file Default layers among tokens: without normalization, beside class tokens, in blocks, and behind subgraphs. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../onnx/build/build.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { layerContext, normalizedLayers } from './candidates.js';
import { chosenLayers } from '../network/layers.js';
import { defaultLayer } from './default-layer.js';
import { onGrid, type Layer } from './layer.js';

const SIDE = 32;

/** A builder with patches of 8×8 as 16 tokens of 6 numbers. */
class Tokens {
  readonly b = new GraphBuilder();
  readonly image = this.b.input('image', 'float32', [1, 3, SIDE, SIDE]);

  zeros(...dims: number[]): string {
    const data = new Float32Array(dims.reduce((a, b) => a * b));
    return this.b.initializer(this.b.unique('zeros'), float32Tensor(data, dims));
  }

  patches(): string {
    const conv = this.b.op('Conv', [this.image, this.zeros(6, 3, 8, 8)], { strides: [8, 8] }, 'patches');
    return this.b.transpose(this.b.reshape(conv, [1, 6, 16]), [0, 2, 1]);
  }

  linear(x: string, from: number, to: number): string {
    return this.b.matMul(x, this.zeros(from, to));
  }

  norm(x: string, name: string): string {
    return this.b.op('LayerNormalization', [x, this.zeros(6), this.zeros(6)], { axis: -1 }, name);
  }

  rows(x: string, from: number, to: number, axis = 1): string {
    return this.b.op('Slice', [x, this.b.ints([from]), this.b.ints([to]), this.b.ints([axis])]);
  }
}

const grid = (logits: string) => ({ picture: { height: SIDE, width: SIDE }, logits });

/** The names of the default layers. */
function found(make: (tokens: Tokens) => string): string[] | undefined {
  const tokens = new Tokens();
  const logits = make(tokens);
  tokens.b.output(logits);
  return defaultLayer(layerContext(tokens.b.graph), grid(logits), false)?.layers.map(({ name }) => name);
}

describe('defaultLayer(context, grid, dense) of tokens', () => {
  test('is the last sum of blocks without normalization, not the convolution that makes the patches', () => {
    const mlp = found((n) => {
      let x = n.patches();
      for (const block of ['first', 'second']) x = n.b.add(x, n.linear(x, 6, 6), block);
      return n.linear(n.b.reduceMean(x, [1], false), 6, 5);
    });
    expect(mlp).toEqual(['second']);
  });

  test('is what a block adds to its tokens, rather than the normalization inside of it', () => {
    const block = found((n) => {
      const x = n.patches();
      const sum = n.b.add(x, n.linear(n.norm(x, 'norm'), 6, 6), 'sum');
      return n.linear(n.b.reduceMean(sum, [1], false), 6, 5);
    });
    expect(block).toEqual(['sum']);
  });

  test('is no convolution of patches that are dropped before the scores', () => {
    // As in CoaT: a convolution of the patches is padded by a class token's row of zeros, of which alone is read.
    const coat = found((n) => {
      const x = n.b.op('Concat', [n.zeros(1, 1, 6), n.patches()], { axis: 1 });
      const mixed = n.norm(x, 'norm');
      const scores = n.b.op('Softmax', [n.b.matMul(mixed, n.b.transpose(mixed, [0, 2, 1]))], { axis: -1 });
      const map = n.b.reshape(n.b.transpose(n.rows(x, 1, 17), [0, 2, 1]), [1, 6, 4, 4]);
      const conv = n.b.op('Conv', [map, n.zeros(6, 1, 3, 3)], { group: 6, pads: [1, 1, 1, 1] }, 'encoding');
      const encoded = n.b.transpose(n.b.reshape(conv, [1, 6, 16]), [0, 2, 1]);
      const padded = n.b.op('Pad', [encoded, n.b.ints([0, 1, 0, 0, 0, 0])]);
      const sum = n.b.add(n.b.matMul(scores, mixed), padded, 'sum');
      return n.linear(n.b.op('Gather', [sum, n.b.scalar(0, 'int64')], { axis: 1 }), 6, 5);
    });
    expect(coat).toEqual(['norm']);
  });

  test('leaves tokens out that stand before and after those of the picture, and is not their own layer', () => {
    // As in YOLOS: a class token, 16 patches, and 10 learnt tokens, of which the scores are made.
    const n = new Tokens();
    let x = n.b.op('Concat', [n.zeros(1, 1, 6), n.patches(), n.zeros(1, 10, 6)], { axis: 1 });
    for (const block of ['first', 'second']) {
      const norm = n.norm(x, block);
      const attention = n.b.op('Softmax', [n.b.matMul(norm, n.b.transpose(norm, [0, 2, 1]))], { axis: -1 });
      x = n.b.add(x, n.b.matMul(attention, norm));
    }
    const asked = n.b.op('Relu', [n.linear(n.rows(n.norm(x, 'last'), 17, 27), 6, 6)], {}, 'asked');
    const logits = n.linear(asked, 6, 5);
    n.b.output(logits);
    const [layer] = defaultLayer(layerContext(n.b.graph), grid(logits), true)?.layers ?? [];
    expect(layer).toMatchObject({ name: 'second', tokens: { leading: 1, height: 4, width: 4 } });
    const kept = onGrid(n.b, layer as Layer, (layer as Layer).value);
    expect(n.b.shape(kept)).toEqual([1, 6, 4, 4]);
  });

  test('are no class tokens, though their numbers would form a grid', () => {
    // Three class tokens of 16 numbers become one by a convolution: [1, 1, 16].
    const joined = found((n) => {
      const x = n.linear(n.norm(n.patches(), 'norm'), 6, 16);
      const tokens = n.b.op(
        'Concat',
        Array.from({ length: 3 }, () => n.rows(x, 0, 1)),
        { axis: 1 },
      );
      const one = n.b.op('Conv', [tokens, n.zeros(1, 3, 1)], {}, 'aggregate');
      return n.linear(n.b.reshape(n.b.op('Tanh', [n.linear(one, 16, 16)]), [1, 16]), 16, 5);
    });
    expect(joined).not.toContain('aggregate');
  });

  test('is none if positions are folded into the batch of the only convolution', () => {
    const folded = found((n) => {
      const windows = n.b.reshape(n.image, [16, 3, 8, 8]);
      const conv = n.b.op('Conv', [windows, n.zeros(4, 3, 3, 3)], { pads: [1, 1, 1, 1] }, 'inner');
      return n.linear(n.b.reshape(conv, [1, 4096]), 4096, 5);
    });
    expect(folded).toBeUndefined();
  });

  test('takes tokens whose patches are gathered at places that the graph computes from sizes', () => {
    const unfolded = found((n) => {
      const { b } = n;
      const size = b.op('Gather', [b.op('Shape', [n.image]), b.scalar(2, 'int64')], { axis: 0 });
      const starts = b.op('Range', [b.scalar(0, 'int64'), size, b.scalar(8, 'int64')]);
      const rows = b.op('Gather', [n.image, starts], { axis: 2 });
      const picked = b.op('Gather', [rows, starts], { axis: 3 });
      const tokens = b.transpose(b.reshape(picked, [1, 3, 16]), [0, 2, 1]);
      const x = n.norm(n.linear(tokens, 3, 6), 'norm');
      return n.linear(b.reduceMean(x, [1], false), 6, 5);
    });
    expect(unfolded).toEqual(['norm']);
  });
});

describe('chosenLayers(graph, last-conv, grid)', () => {
  test('says which later tokens are left, and nothing of convolutions that no tokens follow', () => {
    const n = new Tokens();
    const x = n.patches();
    const sum = n.b.add(x, n.linear(n.norm(x, 'norm'), 6, 6), 'sum');
    const logits = n.linear(n.b.reduceMean(sum, [1], false), 6, 5);
    n.b.output(logits);
    const { groups, because } = chosenLayers(n.b.graph, 'last-conv', grid(logits));
    expect(groups.flat().map(({ name }) => name)).toEqual(['patches']);
    expect(because).toBe('the last convolution; the scores are made of later layers, of which auto takes sum');
    const plain = new Tokens();
    const conv = plain.b.op('Conv', [plain.image, plain.zeros(6, 3, 8, 8)], { strides: [8, 8] }, 'conv');
    const pooled = plain.b.reshape(plain.b.op('GlobalAveragePool', [conv]), [-1, 6]);
    const scores = plain.linear(pooled, 6, 5);
    plain.b.output(scores);
    expect(chosenLayers(plain.b.graph, 'last-conv', grid(scores))).not.toHaveProperty('because');
  });
});

describe('normalizedLayers(context, grid)', () => {
  test('are none of blocks [N, blocks, tokens, C], whose sides are not those of the picture', () => {
    const n = new Tokens();
    n.norm(n.b.reshape(n.patches(), [1, 2, 8, 6]), 'blocks');
    n.norm(n.b.reshape(n.patches(), [1, 4, 4, 6]), 'map');
    const layers = normalizedLayers(layerContext(n.b.graph), grid(''));
    expect(layers.map(({ name }) => name)).toEqual(['map']);
  });
});
