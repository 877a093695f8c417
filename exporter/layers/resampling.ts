/** @file Layers that change only a picture's size: pooling, upsampling, padding, cropping. */
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { positionsOf, windowed, withChannelsFirst } from './layout.js';
import type { LayerRule } from './rule.js';

/** tfjs's average leaves the padding out, as ONNX's does by default. */
const pooling =
  (op: string): LayerRule =>
  (call) =>
    withChannelsFirst(call, (x) => {
      const { value, attributes } = windowed(call, x, 'poolSize');
      return call.b.op(op, [value], attributes);
    });

const globalPooling =
  (op: string): LayerRule =>
  (call) =>
    withChannelsFirst(call, (x) => call.b.op('Flatten', [call.b.op(op, [x])], { axis: 1 }));

/** tfjs resizes without half-pixel centres: output position i looks at input position i / factor. */
const upSampling2d: LayerRule = (call) => {
  const { b, options } = call;
  const interpolation = options.string('interpolation', 'nearest');
  if (interpolation !== 'nearest' && interpolation !== 'bilinear') {
    throw options.unsupported('interpolation', '"nearest" or "bilinear"');
  }
  const mode = interpolation === 'nearest' ? 'nearest' : 'linear';
  const factors = options.perAxis('size', 2, 2);
  return withChannelsFirst(call, (x) => {
    const scales = b.op('Constant', [], { value: float32Tensor([1, 1, ...factors], [4]) }, 'scales');
    const attributes = { mode, nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' };
    return b.op('Resize', [x, '', scales], attributes);
  });
};

const zeroPadding2d: LayerRule = (call) => {
  const { b, options } = call;
  const [[top, bottom], [left, right]] = options.borders('padding');
  return withChannelsFirst(call, (x) => b.op('Pad', [x, b.ints([0, 0, top, left, 0, 0, bottom, right])]));
};

const cropping2d: LayerRule = (call) => {
  const { b, options } = call;
  const [[top, bottom], [left, right]] = options.borders('cropping');
  return withChannelsFirst(call, (x) => {
    const [height = 0, width = 0] = positionsOf(call, x);
    return b.op('Slice', [x, b.ints([top, left]), b.ints([height - bottom, width - right]), b.ints([2, 3])]);
  });
};

/** Layers that change only a picture's size. */
export const resamplingLayers = {
  AveragePooling1D: pooling('AveragePool'),
  AveragePooling2D: pooling('AveragePool'),
  AveragePooling3D: pooling('AveragePool'),
  Cropping2D: cropping2d,
  GlobalAveragePooling1D: globalPooling('GlobalAveragePool'),
  GlobalAveragePooling2D: globalPooling('GlobalAveragePool'),
  GlobalMaxPooling1D: globalPooling('GlobalMaxPool'),
  GlobalMaxPooling2D: globalPooling('GlobalMaxPool'),
  MaxPooling1D: pooling('MaxPool'),
  MaxPooling2D: pooling('MaxPool'),
  MaxPooling3D: pooling('MaxPool'),
  UpSampling2D: upSampling2d,
  ZeroPadding2D: zeroPadding2d,
} satisfies Record<string, LayerRule>;
