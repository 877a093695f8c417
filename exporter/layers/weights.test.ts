import { describe, expect, it } from 'vitest';
import { tfl } from '../tf.js';
import { onnxLayout, tfjsLayout, weightName, type WeightLayout } from './weights.js';

const numbered = (length: number) => Float32Array.from({ length }, (_, i) => i);

describe('onnxLayout(data, shape, layout)', () => {
  it.each([
    ['same', [2, 3], [2, 3]],
    ['conv', [2, 3, 4, 5], [5, 4, 2, 3]],
    ['conv-transpose', [2, 3, 4, 5], [5, 4, 2, 3]],
    ['depthwise', [2, 3, 4, 5], [20, 1, 2, 3]],
  ] as const)('%s: [%s] becomes [%s], and tfjsLayout undoes it', (layout: WeightLayout, shape, dims) => {
    const data = numbered(shape.reduce((a: number, b: number) => a * b, 1));
    const onnx = onnxLayout(data, shape, layout);
    expect(onnx.dims).toEqual(dims);
    expect(onnx.data.toSorted()).toEqual(data);
    expect(tfjsLayout(onnx.data, shape, layout)).toEqual(data);
  });

  it('puts element [h, w, i, o] of a convolution kernel at [o, i, h, w]', () => {
    const { data } = onnxLayout(numbered(120), [2, 3, 4, 5], 'conv');
    const [h, w, i, o] = [1, 2, 3, 4];
    expect(data[((o * 4 + i) * 2 + h) * 3 + w]).toBe(((h * 3 + w) * 4 + i) * 5 + o);
  });

  it('puts element [h, w, i, m] of a depthwise kernel at output channel i·M + m', () => {
    const { data } = onnxLayout(numbered(120), [2, 3, 4, 5], 'depthwise');
    const [h, w, i, m] = [1, 0, 2, 3];
    expect(data[((i * 5 + m) * 2 + h) * 3 + w]).toBe(((h * 3 + w) * 4 + i) * 5 + m);
  });
});

const namesOfOneMore = () =>
  tfl.sequential({ layers: [tfl.layers.dense({ name: 'twin', units: 1, inputShape: [2] })] }).weights.map(weightName);

describe('weightName(weight)', () => {
  it('is the same for the same model made twice', () => {
    expect(namesOfOneMore()).toEqual(['twin/kernel', 'twin/bias']);
    expect(namesOfOneMore()).toEqual(['twin/kernel', 'twin/bias']);
  });
});
