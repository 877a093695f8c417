import { describe, expect, test } from 'vitest';
import { emptyGraph, GraphBuilder } from '../onnx/build.js';
import { float32Tensor } from '../onnx/tensor.js';
import { convLayers, selectedLayers } from './layers.js';

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
      /^--layer: expected last-conv, all-convs, an index of 0…3, or .*; got "4"; the convolutions are stage1\/Conv, .*head\/Conv$/;
    expect(() => names(4)).toThrow(message);
    expect(() => names('stage1/Conv,nope')).toThrow('got "nope"');
    expect(() => names('')).toThrow('got ""');
  });

  test('refuses outputs without a map', () => {
    expect(() => names('head/Conv')).toThrow('larger than 1×1; "head/Conv" has [batch, 1, 1, 1]');
    expect(() => names('logit')).toThrow('"logit" has [batch, 1]');
  });
});
