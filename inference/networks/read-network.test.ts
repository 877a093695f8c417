import { describe, expect, test } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { DataType, Dim, Model } from '../../onnx/graph/graph.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { readNetwork } from './read-network.js';

/** A convolution of `channels` behind what `beginning` makes of the picture input. */
function network(
  shape: readonly Dim[],
  beginning: (b: GraphBuilder, picture: string) => string = (_, picture) => picture,
  { channels = 3, type = 'float32' as DataType, metadata = new Map<string, string>() } = {},
): Model {
  const b = new GraphBuilder();
  const kernel = b.initializer('kernel', float32Tensor(new Float32Array(channels), [1, channels, 1, 1]));
  b.output(b.op('Conv', [beginning(b, b.input('picture', type, shape)), kernel], {}, 'conv'));
  return modelOfGraph(b.graph, metadata);
}

const scaled = (factor: number) => (b: GraphBuilder, picture: string) => b.mul(picture, b.scalar(factor));
const white = (model: Model) => {
  const { mean, std } = readNetwork(model).input.picture.normalization;
  return (1 - (mean[0] ?? 0)) / (std[0] ?? 1);
};

describe('readNetwork(model, options)', () => {
  test('the first convolution tells open channels and the layout', () => {
    const open = ['N', 'C', 'H', 'W'];
    expect(readNetwork(network(open, undefined, { channels: 4 })).input).toMatchObject({ picture: { channels: 4 } });
    const last = network(['N', 8, 8, 3], (b, picture) => b.transpose(picture, [0, 3, 1, 2]));
    expect(readNetwork(last).input).toMatchObject({ layout: 'NHWC', picture: { channels: 3, height: 8 } });
    expect(() => readNetwork(network(open), { preparation: { channels: 5 } })).toThrow('channels: expected 3');
  });

  test('rescaling inside the graph tells the numbers that go in', () => {
    expect(white(network(['N', 3, 8, 8], scaled(1 / 255)))).toBeCloseTo(255, 6);
    const centred = (b: GraphBuilder, picture: string) => b.sub(b.op('Div', [picture, b.scalar(127.5)]), b.scalar(1));
    expect(white(network(['N', 3, 8, 8], centred))).toBeCloseTo(255, 6);
    const unit = (b: GraphBuilder, picture: string) => b.op('Div', [b.sub(picture, b.scalar(0.45)), b.scalar(0.22)]);
    expect(white(network(['N', 3, 8, 8], unit))).toBeCloseTo(1, 6);
    const { assumptions } = readNetwork(network(['N', 3, 8, 8], scaled(1 / 255)));
    expect(assumptions.find(({ about }) => about === 'numbers')?.because).toMatch(/^as the graph shows: Mul/);
    const metadata = new Map([['Image.NominalPixelRange', 'Normalized_0_1']]);
    expect(() => readNetwork(network(['N', 3, 8, 8], scaled(1 / 255), { metadata }))).toThrow('disagree');
  });

  test('pictures of any size are left to a graph that resizes them, where this is asked for and nothing else is stated', () => {
    const resizing = (b: GraphBuilder, picture: string) =>
      b.op('Resize', [picture, '', '', b.ints([1, 3, 8, 8])], {
        mode: 'linear',
        coordinate_transformation_mode: 'half_pixel',
      });
    const open = network([1, 3, 'H', 'W'], resizing);
    const sizes = ({ model, input }: ReturnType<typeof readNetwork>) => [
      model.graph.inputs[0]?.value?.shape?.slice(2),
      input.anySize ?? false,
      input.picture.height,
    ];
    expect(sizes(readNetwork(open, { anySize: true }))).toEqual([['H', 'W'], true, 8]);
    expect(sizes(readNetwork(open))).toEqual([[8, 8], false, 8]);
    const size = { height: 5, width: 5 };
    expect(sizes(readNetwork(open, { anySize: true, preparation: { size } }))).toEqual([[5, 5], false, 5]);
    expect(sizes(readNetwork(open, { anySize: true, preparation: { resize: 'pad' } }))).toEqual([[8, 8], false, 8]);
    expect(sizes(readNetwork(network([1, 3, 16, 16], resizing), { anySize: true }))).toEqual([[16, 16], false, 16]);
    expect(sizes(readNetwork(network([1, 3, 8, 'W'], resizing), { anySize: true }))).toEqual([[8, 8], false, 8]);
  });

  test('whole numbers, doubles and single pictures become batches of floats', () => {
    const cast = (b: GraphBuilder, picture: string) => b.op('Cast', [picture], { to: 1 });
    for (const type of ['uint8', 'int32', 'int64'] as const)
      expect(white(network(['N', 3, 8, 8], cast, { type }))).toBeCloseTo(255, 6);
    expect(white(network(['N', 3, 8, 8], cast, { type: 'int8' }))).toBeCloseTo(127, 6);
    const single = network([8, 8, 3], (b, picture) =>
      b.transpose(b.op('Unsqueeze', [picture, b.ints([0])]), [0, 3, 1, 2]),
    );
    expect(readNetwork(single).input).toMatchObject({ batch: 1, layout: 'NHWC', picture: { height: 8, width: 8 } });
  });

  test('further inputs become constants; without a value they are named', () => {
    const model = network(['N', 3, 8, 8], (b, picture) => {
      const age = b.input('age', 'float32', ['N', 1]);
      return b.add(picture, b.op('Reshape', [age, b.ints([-1, 1, 1, 1])]));
    });
    expect(() => readNetwork(model)).toThrow('such as age=FILE or age=NUMBERS; got none for age: float32 [N, 1]');
    const read = readNetwork(model, { inputs: { age: { data: [0.5] } } });
    expect(read.model.graph.inputs.map(({ name }) => name)).toEqual(['picture']);
    expect(() => readNetwork(model, { inputs: { age: { data: [1, 2] } } })).toThrow('input "age": expected float32');
    expect(() => readNetwork(model, { inputs: { sex: { data: [1] } } })).toThrow('got "sex"');
  });

  test('a picture for a further input of whole numbers is given as such, whatever the first one is normalised by', () => {
    const model = network(['N', 3, 8, 8], (b, picture) =>
      b.add(picture, b.op('Cast', [b.input('other', 'uint8', ['N', 3, 8, 8])], { to: 1 })),
    );
    const data = Uint8Array.from({ length: 192 }, (_, i) => i);
    const read = readNetwork(model, { inputs: { other: { width: 8, height: 8, channels: 3, data } } });
    const given = read.model.graph.initializers.get('other/given');
    expect(Array.from(given?.data as BigInt64Array, Number).slice(0, 4)).toEqual([0, 3, 6, 9]);
  });

  test('a position table tells the size; a table that is added to places made of sizes, as of anchors, does not', () => {
    const table = (b: GraphBuilder) => b.initializer('table', float32Tensor(new Float32Array(9 * 3), [1, 9, 3]));
    const reading = (added: (b: GraphBuilder, picture: string) => string) =>
      network(['N', 3, 'H', 'W'], (b, picture) => {
        const rows = b.op('Add', [added(b, picture), table(b)], {}, 'add');
        return b.add(picture, b.op('ReduceMean', [rows], { keepdims: 0 }));
      });
    const patches = (b: GraphBuilder, picture: string) => {
      const pooled = b.op('AveragePool', [picture], { kernel_shape: [16, 16], strides: [16, 16] });
      return b.transpose(b.op('Reshape', [pooled, b.ints([0, 3, -1])]), [0, 2, 1]);
    };
    expect(() => readNetwork(reading(patches))).toThrow(
      'size: expected a size that gives 9 tokens, as the position table "table" at Add "add" has, such as 48; got 224x224, the default, which gives 196',
    );
    const places = (b: GraphBuilder, picture: string) => {
      const sizes = b.op('Slice', [b.op('Shape', [picture]), b.ints([1]), b.ints([4])]);
      return b.reshape(b.op('Cast', [sizes], { to: 1 }), [1, 1, 3]);
    };
    expect(() => readNetwork(reading(places))).not.toThrow();
  });
});
