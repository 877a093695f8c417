import { describe, expect, test } from 'vitest';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { DataType, Dim, Model } from '../../onnx/graph/graph.js';
import { blackInput, fixedSizeModel, networkInputOf, networkView, preparedPictures } from './network-input.js';
import { channelsLast } from '../pictures/layout.js';
import type { Picture } from '../pictures/pictures.js';

function modelTaking(shape: readonly Dim[], type: DataType = 'float32'): Model {
  const b = new GraphBuilder(emptyGraph('input'));
  b.output(b.op('Neg', [b.input('image', type, shape)]));
  return modelOfGraph(b.graph);
}

function blackPicture(width: number, height: number): Picture {
  return { width, height, channels: 3, data: new Uint8Array(3 * width * height) };
}

describe('networkInputOf(model, stated)', () => {
  test.each([
    [['batch', 3, 64, 48], { layout: 'NCHW', picture: { channels: 3, height: 64, width: 48 } }],
    [['batch', 64, 48, 3], { layout: 'NHWC', picture: { channels: 3, height: 64, width: 48 } }],
    [[1, 1, 28, 28], { layout: 'NCHW', batch: 1, picture: { channels: 1, height: 28, width: 28 } }],
    [['n', 3, 'h', 'w'], { layout: 'NCHW', picture: { channels: 3, height: 224, width: 224 } }],
    [['n', 3, 3, 3], { layout: 'NCHW', picture: { channels: 3, height: 3, width: 3 } }],
  ] as const)('reads sizes and layout off %j', (shape, expected) => {
    expect(networkInputOf(modelTaking(shape))).toMatchObject({ name: 'image', ...expected });
  });

  test('prepares pictures as for ImageNet unless the model says otherwise', () => {
    const model = modelTaking(['batch', 3, 8, 8]);
    expect(networkInputOf(model).picture).toMatchObject({
      normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
      resize: 'crop',
    });
    const stated = { normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }, resize: 'squash' } as const;
    expect(networkInputOf(model, stated).picture).toMatchObject(stated);
  });

  test('takes a stated size where the model leaves it open, a layout, and one number for all channels', () => {
    const size = { height: 24, width: 40 };
    expect(networkInputOf(modelTaking(['n', 3, 'h', 'w']), { size }).picture).toMatchObject(size);
    expect(() => networkInputOf(modelTaking(['n', 3, 8, 9]), { size })).toThrow(
      'size: expected 8x9, which the model fixes; got 24x40',
    );
    expect(networkInputOf(modelTaking(['n', 3, 3, 3]), { layout: 'NHWC' }).layout).toBe('NHWC');
    const half = { mean: [0.5], std: [0.25] };
    expect(networkInputOf(modelTaking(['n', 3, 8, 9]), { normalization: half }).picture.normalization).toEqual({
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
    });
    expect(() => networkInputOf(modelTaking(['n', 3, 8, 9]), { normalization: { mean: [0, 1], std: [1] } })).toThrow(
      'mean: expected one number, or one for each of 3 channels; got 2',
    );
  });

  test.each([
    [['batch', 3, 8], 'float32'],
    [['batch', 65, 80, 80], 'float32'],
    [['batch', 3, 8, 8], 'float64'],
    [['batch', 3, 100_000, 8], 'float32'],
  ] as const)('refuses an input %j of %s', (shape, type) => {
    expect(() => networkInputOf(modelTaking(shape, type))).toThrow(`image: ${type} [${shape.join(', ')}]`);
  });
});

describe('fixedSizeModel(model, input)', () => {
  test('fixes open picture sizes, not the batch', () => {
    const model = modelTaking(['n', 3, 'h', 'w']);
    const [input] = fixedSizeModel(model, networkInputOf(model)).graph.inputs;
    expect(input?.value?.shape).toEqual(['n', 3, 224, 224]);
  });
});

describe('preparedPictures(pictures, input) and channelsLast(batch, input)', () => {
  test('are [N, C, H, W], and the same numbers as [N, H, W, C]', () => {
    const input = networkInputOf(modelTaking(['batch', 3, 2, 3]), {
      normalization: { mean: [0, 0, 0], std: [1, 0.5, 0.25] },
      resize: 'crop',
    });
    const data = Uint8Array.from({ length: 18 }, (_, i) => 10 * i);
    const batch = preparedPictures([blackPicture(3, 2), { width: 3, height: 2, channels: 3, data }], input);
    const second = Array.from(batch.subarray(18), (value) => Math.round(255 * value));
    expect(second).toEqual([0, 30, 60, 90, 120, 150, 20, 80, 140, 200, 260, 320, 80, 200, 320, 440, 560, 680]);
    const last = Array.from(channelsLast(batch, input.picture).subarray(18), (value, i) =>
      Math.round((255 * value) / [1, 2, 4][i % 3]!),
    );
    expect(last).toEqual([...data]);
  });
});

describe('blackInput(input)', () => {
  test.each(['RGB', 'RGBA', 'ABGR'] as const)(
    'is a prepared black picture, opaque where there is an opacity: %s',
    (order) => {
      const input = networkInputOf(modelTaking(['batch', order.length, 2, 3]), {
        normalization: { mean: [0.25], std: [0.5] },
        channelOrder: order,
        layout: 'NCHW',
      });
      const black = blackInput(input);
      expect(black).toEqual(preparedPictures([blackPicture(3, 2)], input));
      Array.from(order, (letter, channel) => expect(black[channel * 6]).toBe(letter === 'A' ? 1.5 : -0.5));
    },
  );
});

describe('networkView(picture, input, minSide)', () => {
  test('is the part the network sees, a whole number of times larger', () => {
    const input = networkInputOf(modelTaking(['batch', 3, 24, 40]));
    const view = networkView(blackPicture(600, 200), input, 100);
    expect([view.width, view.height, view.channels]).toEqual([200, 120, 3]);
  });
});
