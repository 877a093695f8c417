/** @file The preprocessing of a network as nodes, so that a gradient passes through it. */
import type { NetworkInput } from '../../../inference/networks/network-input.js';
import { resizeMatrices } from '../../../inference/pictures/resize-matrices.js';
import type { PictureSize } from '../../../inference/pictures/pixels.js';
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { InputError } from '../../../onnx/errors.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';

/** Shares of red, green and blue in grey, those of `greyPicture`. */
const LUMA = [19_595 / 65_536, 38_470 / 65_536, 7471 / 65_536];

/**
 * Appends what `preparedPictures` does, without rounding to 8 bits: resizing, colours, normalisation, layout.
 * @param pictures levels [N, C, H, W], 0 is black and 1 white
 * @param size of these pictures
 * @returns what the network's input expects
 * @throws InputError for a network of other channels than pictures have
 */
export function appendedPreparation(
  b: GraphBuilder,
  pictures: string,
  size: PictureSize,
  { picture: input, layout }: NetworkInput,
): string {
  return b.within('preparation', () => {
    const matrices = resizeMatrices(size, input);
    let value = pictures;
    if (matrices) {
      const rows = b.initializer(b.unique('rows'), float32Tensor(matrices.rows, [input.height, size.height]));
      const columns = transposed(matrices.columns, input.width, size.width);
      const right = b.initializer(b.unique('columns'), float32Tensor(columns, [size.width, input.width]));
      value = b.matMul(b.matMul(rows, value), right, 'resized');
    }
    const { weights, bias } = colours(size.channels, input);
    const kernel = b.initializer(b.unique('colours'), float32Tensor(weights, [input.channels, size.channels, 1, 1]));
    const shift = b.initializer(b.unique('shift'), float32Tensor(bias, [input.channels]));
    value = b.op('Conv', [value, kernel, shift], { kernel_shape: [1, 1] }, 'normalized');
    return layout === 'NCHW' ? value : b.transpose(value, [0, 2, 3, 1]);
  });
}

/** The network's channels as sums of the picture's: (Σ_c w_kc · x_c + full_k − mean_k) / std_k. */
function colours(channels: 1 | 3, { channels: wanted, channelOrder, normalization }: NetworkInput['picture']) {
  const order = channelOrder ?? (wanted === 1 ? undefined : 'RGB');
  if (order !== undefined && order.length !== wanted && wanted !== 1) {
    const expected = 'a network of 1 or 3 channels, or one of colours and opacity';
    throw new InputError({ name: 'model', expected, got: `one of ${wanted}` });
  }
  const weights = new Float32Array(wanted * channels);
  const bias = new Float32Array(wanted);
  for (let k = 0; k < wanted; k++) {
    const [mean = 0, std = 1] = [normalization.mean[k], normalization.std[k]];
    const colour = wanted === 1 || order === undefined ? -1 : 'RGB'.indexOf(order[k] as string);
    const isOpacity = wanted > 1 && colour < 0;
    for (let c = 0; c < channels; c++) {
      const grey = channels === 1 ? 1 : (LUMA[c] as number);
      const share = wanted === 1 ? grey : channels === 1 ? 1 : Number(colour === c);
      weights[k * channels + c] = isOpacity ? 0 : share / std;
    }
    bias[k] = (Number(isOpacity) - mean) / std;
  }
  return { weights, bias };
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: matrix.length },
    (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)] as number,
  );
}
