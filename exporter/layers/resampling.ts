/** @file Layers that change only a picture's size: pooling, upsampling, padding, cropping. */
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { pictureSize, windowAttributes } from './convolutions.js';
import type { LayerRule } from './rule.js';

/** tfjs's average leaves the padding out, as ONNX's does by default. */
const pooling =
  (op: string): LayerRule =>
  (call) =>
    call.b.op(op, [call.inputs[0]], windowAttributes(call, 'poolSize'));

const globalPooling =
  (op: string): LayerRule =>
  ({ b, inputs: [x] }) =>
    b.op('Flatten', [b.op(op, [x])], { axis: 1 });

/** tfjs resizes without half-pixel centres: output position i looks at input position i / factor. */
const upSampling2d: LayerRule = ({ b, inputs: [x], options }) => {
  const interpolation = options.string('interpolation', 'nearest');
  if (interpolation !== 'nearest' && interpolation !== 'bilinear') {
    throw options.unsupported('interpolation', '"nearest" or "bilinear"');
  }
  const mode = interpolation === 'nearest' ? 'nearest' : 'linear';
  const scales = b.op('Constant', [], { value: float32Tensor([1, 1, ...options.pair('size', 2)], [4]) }, 'scales');
  return b.op('Resize', [x, '', scales], { mode, nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' });
};

const zeroPadding2d: LayerRule = ({ b, inputs: [x], options }) => {
  const [[top, bottom], [left, right]] = options.borders('padding');
  return b.op('Pad', [x, b.ints([0, 0, top, left, 0, 0, bottom, right])]);
};

const cropping2d: LayerRule = (call) => {
  const { b, inputs, options } = call;
  const [[top, bottom], [left, right]] = options.borders('cropping');
  const [height, width] = pictureSize(call);
  return b.op('Slice', [inputs[0], b.ints([top, left]), b.ints([height - bottom, width - right]), b.ints([2, 3])]);
};

/** Layers that change only a picture's size. */
export const resamplingLayers = {
  AveragePooling2D: pooling('AveragePool'),
  Cropping2D: cropping2d,
  GlobalAveragePooling2D: globalPooling('GlobalAveragePool'),
  GlobalMaxPooling2D: globalPooling('GlobalMaxPool'),
  MaxPooling2D: pooling('MaxPool'),
  UpSampling2D: upSampling2d,
  ZeroPadding2D: zeroPadding2d,
} satisfies Record<string, LayerRule>;
