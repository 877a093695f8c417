/** @file Layers whose positions lie in another order than the picture's, and those that only look so. */
import { describe, expect, test } from 'vitest';
import { convLayers, chosenLayers, listedLayers } from '../network/layers.js';
import { HEIGHT, Layers, WIDTH } from './layers.test.helper.js';

const grid = { picture: { height: HEIGHT, width: WIDTH } };

/** A network with 4 channels at 8×16 positions. */
class Folds extends Layers {
  readonly map = this.conv(this.image, 4, 'stem', 2);

  pointwise(x: string, channels: number, name: string): string {
    return this.b.op('Conv', [x, this.zeros(channels, Number(this.b.shape(x)[1]), 1, 1)], {}, name);
  }

  /** Reshaped, put in another order, and reshaped again; -1 is the batch. */
  folded(x: string, split: number[], order: number[], joined: number[]): string {
    return this.b.reshape(this.b.transpose(this.b.reshape(x, split), order), joined);
  }

  /** Tokens row by row. */
  get tokens(): string {
    return this.b.transpose(this.b.reshape(this.map, [-1, 4, 128]), [0, 2, 1]);
  }

  norm(x: string, name: string): string {
    const channels = Number(this.b.shape(x).at(-1));
    return this.b.op('LayerNormalization', [x, this.zeros(channels), this.zeros(channels)], { axis: -1 }, name);
  }

  get listed(): string[] {
    return listedLayers(this.b.graph, grid).map(({ name }) => name);
  }
}

describe('listedLayers(graph, grid) and chosenLayers(graph, choice, grid)', () => {
  test('leave convolutions of unfolded patches out, and keep what is folded back', () => {
    // As in MobileViT v2: [N, C, 4 positions of a patch, 32 patches].
    const n = new Folds();
    const patches = n.folded(n.map, [-1, 4, 4, 2, 8, 2], [0, 1, 3, 5, 2, 4], [-1, 4, 4, 32]);
    const inner = n.pointwise(n.relu(n.pointwise(patches, 8, 'first'), 'relu'), 4, 'second');
    const back = n.folded(inner, [-1, 4, 2, 2, 4, 8], [0, 1, 4, 2, 5, 3], [-1, 4, 8, 16]);
    n.b.output(n.classified(n.pointwise(back, 4, 'after')));
    expect(n.listed).toEqual(['stem', 'after']);
    const { groups } = chosenLayers(n.b.graph, 'all-convs', grid);
    expect(groups.flat().map(({ name, index }) => [name, index])).toEqual([
      ['stem', 0],
      ['after', 3],
    ]);
    expect(convLayers(n.b.graph)).toHaveLength(4);
    for (const name of ['first', 'relu', '2'])
      expect(() => chosenLayers(n.b.graph, name, grid)).toThrow(
        /rows and columns; .* \[batch, \d, 4, 32\], where they are folded/,
      );
  });

  test('leave convolutions of attention between tokens out', () => {
    // As in EfficientFormer v2: scores [N, heads, tokens, tokens], mixed by a convolution over heads.
    const n = new Folds();
    const heads = n.b.transpose(n.b.reshape(n.tokens, [-1, 128, 2, 2]), [0, 2, 1, 3]);
    const scores = n.b.matMul(heads, n.b.transpose(heads, [0, 1, 3, 2]));
    const mixed = n.pointwise(n.b.op('Softmax', [scores], { axis: -1 }), 2, 'talking');
    const seen = n.b.matMul(mixed, heads);
    const back = n.b.reshape(n.b.transpose(seen, [0, 1, 3, 2]), [-1, 4, 8, 16]);
    n.b.output(n.classified(n.relu(n.pointwise(back, 4, 'projected'), 'last')));
    expect(n.listed).toEqual(['stem', 'projected', 'last']);
  });

  test('leave tokens out that lie block by block, until blocks are one token each', () => {
    // As in Hiera: the places within blocks of 2×2 come first, and are pooled away.
    const n = new Folds();
    const blocks = n.folded(n.tokens, [-1, 4, 2, 8, 2, 4], [0, 2, 4, 1, 3, 5], [-1, 128, 4]);
    const inner = n.norm(blocks, 'in_blocks');
    const pooled = n.b.op('ReduceMax', [n.b.reshape(inner, [-1, 4, 32, 4]), n.b.ints([1])], { keepdims: 0 });
    const last = n.norm(pooled, 'pooled');
    n.b.output(n.b.matMul(n.b.reduceMean(last, [1], false), n.zeros(4, 5)));
    expect(n.listed).toEqual(['stem', 'pooled']);
    expect(() => chosenLayers(n.b.graph, 'in_blocks', grid)).toThrow('folded');
  });

  test('keep what windows are made of, moved and joined again, and channels that hold the places of a patch', () => {
    const n = new Folds();
    const rows = n.b.transpose(n.map, [0, 2, 3, 1]);
    const part = (from: number, to: number) => n.b.op('Slice', [rows, n.b.ints([from]), n.b.ints([to]), n.b.ints([1])]);
    const rolled = n.b.op('Concat', [part(2, 8), part(0, 2)], { axis: 1 });
    const windows = n.folded(n.norm(rolled, 'rolled'), [-1, 2, 4, 4, 4, 4], [0, 1, 3, 2, 4, 5], [-1, 16, 4]);
    const mixed = n.b.matMul(windows, n.zeros(4, 4));
    const joined = n.folded(mixed, [-1, 2, 4, 4, 4, 4], [0, 1, 3, 2, 4, 5], [-1, 8, 16, 4]);
    const sum = n.norm(n.b.add(joined, rolled), 'joined');
    const merged = n.norm(n.folded(sum, [-1, 4, 2, 8, 2, 4], [0, 1, 3, 4, 2, 5], [-1, 4, 8, 16]), 'merged');
    n.b.output(n.b.matMul(n.b.reduceMean(merged, [1, 2], false), n.zeros(16, 5)));
    expect(n.listed).toEqual(expect.arrayContaining(['stem', 'rolled', 'joined', 'merged']));
  });
});
