import { describe, expect, test } from 'vitest';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { floatInputModel } from '../graphs/float-input.js';
import { readNetwork } from './read-network.js';
import { parsedPreparation, parsedSize, statedPreparation } from './preprocessing.js';

/** A model that takes bytes, with what `use` makes of them as its output. */
function byteModel(use: (b: GraphBuilder, image: string) => string) {
  const b = new GraphBuilder(emptyGraph('bytes'));
  b.output(use(b, b.input('image', 'uint8', ['batch', 8, 8, 3])));
  return modelOfGraph(b.graph);
}

describe('floatInputModel(model)', () => {
  test('takes the same numbers as floats where bytes are cast first', () => {
    const model = byteModel((b, image) => b.op('Cast', [b.transpose(image, [0, 3, 1, 2])], { to: 1 }));
    const { input } = readNetwork(model);
    expect(input).toMatchObject({ layout: 'NHWC', picture: { normalization: { mean: [0, 0, 0] } } });
    expect(1 / (input.picture.normalization.std[0] as number)).toBeCloseTo(255, 9);
  });

  test('refuses bytes that are used as such', () => {
    const model = byteModel((b, image) => b.op('Equal', [image, image]));
    expect(() => floatInputModel(model)).toThrow(
      'expected numbers of uint8 that are cast to floats first; "image" goes into Equal',
    );
  });

  test('leaves other models as they are', () => {
    const b = new GraphBuilder(emptyGraph('floats'));
    b.output(b.op('Neg', [b.input('image', 'float32', ['batch', 3, 8, 8])]));
    const model = modelOfGraph(b.graph);
    expect(floatInputModel(model)).toBe(model);
  });
});

describe('statedPreparation(metadata)', () => {
  test("reads the standard's range of a picture's numbers", () => {
    const stated = statedPreparation(new Map([['Image.NominalPixelRange', 'Normalized_1_1']]));
    expect(stated).toEqual({ normalization: { mean: [0.5], std: [0.5] } });
    expect(statedPreparation(new Map([['Image.NominalPixelRange', 'unheard of']]))).toEqual({});
  });
});

describe('parsedPreparation(texts) and parsedSize(text, option)', () => {
  test('read numbers and sizes', () => {
    const texts = { mean: '0.5', std: '0.25,0.5,1', size: '24x40', resize: 'pad', channelsLast: true } as const;
    expect(parsedPreparation(texts)).toEqual({
      normalization: { mean: [0.5], std: [0.25, 0.5, 1] },
      size: { height: 24, width: 40 },
      resize: 'pad',
      layout: 'NHWC',
    });
    expect(parsedPreparation({})).toEqual({});
    expect(parsedSize('14', 'tokens')).toEqual({ height: 14, width: 14 });
  });

  test('refuse others', () => {
    expect(() => parsedPreparation({ mean: '0.5' })).toThrow('mean: expected it together with `std`; got one of them');
    expect(() => parsedPreparation({ mean: '0.5', std: '0' })).toThrow('std: expected positive numbers');
    expect(() => parsedPreparation({ mean: 'a', std: '1' })).toThrow('mean: expected numbers with commas; got "a"');
    for (const text of ['0x4', '4x', 'x', '1x2x3', ''])
      expect(() => parsedSize(text, 'size')).toThrow('size: expected');
  });
});
