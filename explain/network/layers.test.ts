import { describe, expect, test } from 'vitest';
import { emptyGraph, GraphBuilder } from '../../onnx/build/build.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { convLayers, layerGroups, selectedLayers } from './layers.js';

/** Three stages that halve 16×16, each followed by relu, and a head that makes 1×1 of the last 2×2. */
function discriminatorGraph() {
  const b = new GraphBuilder(emptyGraph('discriminator'));
  let value = b.input('image', 'float32', ['batch', 3, 16, 16]);
  let channels = 3;
  for (const stage of [1, 2, 3]) {
    const kernel = b.initializer(
      `kernel${stage}`,
      float32Tensor(new Float32Array(channels * 16 * 4), [4, channels, 4, 4]),
    );
    value = b.op('Conv', [value, kernel], { strides: [2, 2], pads: [1, 1, 1, 1] }, `stage${stage}/Conv`);
    value = b.op('Relu', [value], {}, `stage${stage}/Relu`);
    channels = 4;
  }
  const kernel = b.initializer('head_kernel', float32Tensor(new Float32Array(16), [1, 4, 2, 2]));
  value = b.op('Conv', [value, kernel], {}, 'head/Conv');
  b.output(b.op('Flatten', [value], { axis: 1 }, 'logit'));
  return b.graph;
}

const graph = discriminatorGraph();
const names = (choice: Parameters<typeof selectedLayers>[1]) => selectedLayers(graph, choice).map(({ name }) => name);

describe('convLayers(graph)', () => {
  test('lists every convolution with index, name, operator and output shape, in topological order', () => {
    expect(convLayers(graph)).toEqual([
      { index: 0, name: 'stage1/Conv', value: 'stage1/Conv', op: 'Conv', shape: ['batch', 4, 8, 8] },
      { index: 1, name: 'stage2/Conv', value: 'stage2/Conv', op: 'Conv', shape: ['batch', 4, 4, 4] },
      { index: 2, name: 'stage3/Conv', value: 'stage3/Conv', op: 'Conv', shape: ['batch', 4, 2, 2] },
      { index: 3, name: 'head/Conv', value: 'head/Conv', op: 'Conv', shape: ['batch', 1, 1, 1] },
    ]);
  });
});

describe('selectedLayers(graph, choice)', () => {
  test('last-conv is not the convolution that makes the logit', () => {
    expect(names('last-conv')).toEqual(['stage3/Conv']);
    expect(names(undefined)).toEqual(['stage3/Conv']);
  });

  test('all-convs are the convolutions that have a map', () => {
    expect(names('all-convs')).toEqual(['stage1/Conv', 'stage2/Conv', 'stage3/Conv']);
  });

  test('takes indices, names and lists of them, each layer once', () => {
    expect(names(1)).toEqual(['stage2/Conv']);
    expect(names('2,stage1/Conv')).toEqual(['stage3/Conv', 'stage1/Conv']);
    expect(names(['last-conv', 2, 'stage3/Conv'])).toEqual(['stage3/Conv']);
  });

  test('takes any node with a map, not only convolutions', () => {
    expect(selectedLayers(graph, 'stage2/Relu')).toEqual([
      { name: 'stage2/Relu', value: 'stage2/Relu', op: 'Relu', shape: ['batch', 4, 4, 4] },
    ]);
  });

  test('a name may be that of the output, and may have a comma', () => {
    const [conv, ...rest] = graph.nodes;
    const renamed = { ...graph, nodes: [{ ...conv!, name: 'first, conv' }, ...rest] };
    expect(selectedLayers(renamed, 'stage1/Conv')[0]).toMatchObject({ index: 0, name: 'first, conv' });
    expect(selectedLayers(renamed, 'first, conv')[0]).toMatchObject({ index: 0, value: 'stage1/Conv' });
  });

  test('refuses what does not exist and says what does', () => {
    const message =
      /^layer: expected last-conv, all-convs, an index of 0…3, auto, last-activation, or .*; got "4"; the convolutions are stage1\/Conv, .*head\/Conv$/;
    expect(() => names(4)).toThrow(message);
    expect(() => names('stage1/Conv,nope')).toThrow('got "nope"');
    expect(() => names('')).toThrow('got ""');
  });

  test('names convolutions that an optimisation has put in place of those that can be explained', () => {
    const b = new GraphBuilder(emptyGraph('optimised'));
    const picture = b.input('image', 'float32', [1, 8, 4, 4]);
    b.append({
      op: 'Conv',
      domain: 'com.microsoft.nchwc',
      name: 'c',
      inputs: [picture],
      outputs: ['y'],
      attributes: {},
    });
    b.output('y');
    expect(() => layerGroups(b.graph)).toThrow(
      'got only others such as com.microsoft.nchwc.Conv "c"; use the file that this one was optimised from',
    );
  });

  test('refuses outputs without a map', () => {
    expect(() => names('head/Conv')).toThrow(
      'larger than 1×1, or [batch, tokens, channels]; "head/Conv" has [batch, 1, 1, 1]',
    );
    expect(() => names('logit')).toThrow('"logit" has [batch, 1]');
  });
});

describe('layerGroups(graph, choice, grid)', () => {
  const groups = (choice: string) => layerGroups(graph, choice).map((layers) => layers.map(({ name }) => name));

  test('layers joined by + are one group, those with commas are several', () => {
    expect(groups('stage1/Conv+1,2')).toEqual([['stage1/Conv', 'stage2/Conv'], ['stage3/Conv']]);
    expect(groups('all-convs+0')).toEqual([['stage1/Conv', 'stage2/Conv', 'stage3/Conv']]);
    expect(() => groups('0+nope')).toThrow('got "nope"');
  });

  /** A layer of tokens, of which the first ones may be no patches. */
  const tokens = (count: number) => {
    const b = new GraphBuilder(emptyGraph('tokens'));
    b.output(b.op('Neg', [b.input('image', 'float32', ['batch', count, 8])], {}, 'tokens'));
    return b.graph;
  };
  const gridOf = (count: number, height: number, width: number, stated?: { height: number; width: number }) => {
    const grid = { picture: { height, width }, ...(stated && { tokens: stated }) };
    return layerGroups(tokens(count), 'tokens', grid)[0]?.[0]?.tokens;
  };

  test('tokens lie on the grid of patches that tiles the picture, after a class token and registers', () => {
    expect(gridOf(196, 224, 224)).toEqual({ leading: 0, height: 14, width: 14 });
    expect(gridOf(197, 224, 224)).toEqual({ leading: 1, height: 14, width: 14 });
    expect(gridOf(33, 64, 128)).toEqual({ leading: 1, height: 4, width: 8 });
    expect(gridOf(201, 224, 224)).toEqual({ leading: 5, height: 14, width: 14 });
    expect(gridOf(13, 224, 224, { height: 3, width: 4 })).toEqual({ leading: 1, height: 3, width: 4 });
  });

  test('refuses tokens that make no grid', () => {
    expect(() => gridOf(60, 224, 224)).toThrow('tokens: expected the grid of the 60 tokens of "tokens"');
    expect(() => gridOf(13, 224, 224, { height: 4, width: 4 })).toThrow(
      'tokens: expected at most 13 positions; got 4×4',
    );
  });
});
