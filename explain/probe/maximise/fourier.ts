/** @file A picture as the sum of waves, with decorrelated colours: what is maximised over is the spectrum. */
import type { Random } from '../../../inference/numeric/random.js';
import type { PictureSize } from '../../../inference/pictures/pixels.js';
import type { GraphBuilder } from '../../../onnx/build/build.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';

/** Standard deviation of the first spectrum, and the divisor of the picture, both of Lucid. */
const FIRST = 0.01;
const DIVISOR = 4;

/**
 * The square root of the colours' covariance over ImageNet, by its singular value decomposition, divided by the largest norm
 * of a column: `color_correlation_svd_sqrt` of Lucid (lucid/optvis/param/color.py). Rows are red, green and blue.
 */
const COLOURS = [
  [0.26, 0.09, 0.02],
  [0.27, 0, -0.05],
  [0.27, -0.09, 0.03],
] as const;
const COLOUR_NORM = Math.hypot(0.26, 0.27, 0.27);

/** Sizes of the spectrum: its real and imaginary part [2, C, H, ⌊W/2⌋ + 1], as torch.fft.rfft2 has it. */
export const spectrumShape = ({ channels, height, width }: PictureSize): number[] => [
  2,
  channels,
  height,
  Math.floor(width / 2) + 1,
];

/** The spectrum to begin with. */
export function firstSpectrum(size: PictureSize, random: Random): Float32Array {
  const count = spectrumShape(size).reduce((product, length) => product * length, 1);
  return Float32Array.from({ length: count }, () => FIRST * random.normal());
}

/**
 * Appends the picture of a spectrum, as in Olah et al. 2017 ("Preconditioning and Parameterization") and Lucid's `fft_image`: waves are
 * scaled by 1 / frequency, so that all of them have the same energy, and summed by an inverse Fourier transform (`ortho`), which
 * is two pairs of matrix products; colours are mixed (`COLOURS`) and a sigmoid keeps them in 0…1.
 * @param spectrum of `spectrumShape`
 * @returns levels [1, C, H, W]
 */
export function appendedPicture(b: GraphBuilder, spectrum: string, size: PictureSize): string {
  const { channels, height, width } = size;
  const half = Math.floor(width / 2) + 1;
  return b.within('fourier', () => {
    const constant = (name: string, dims: readonly number[], value: (row: number, column: number) => number) => {
      const columns = dims.at(-1) as number;
      const length = dims.reduce((product, each) => product * each, 1);
      const data = Float32Array.from({ length }, (_, at) => value(Math.floor(at / columns), at % columns));
      return b.initializer(b.unique(name), float32Tensor(data, dims));
    };
    const frequency = (k: number, count: number) => Math.min(k, count - k) / count;
    const least = 1 / Math.max(width, height);
    const scale = constant('scale', [height, half], (k, l) => {
      const cycles = Math.max(Math.hypot(frequency(k, height), l / width), least);
      return 1 / (cycles * Math.sqrt(width * height) * DIVISOR);
    });
    const wave = (rows: number, columns: number, period: number, name: string, of: (angle: number) => number) =>
      constant(name, [rows, columns], (j, k) => of((2 * Math.PI * ((j * k) % period)) / period));
    const [cosRows, sinRows] = [
      wave(height, height, height, 'cos_rows', Math.cos),
      wave(height, height, height, 'sin_rows', Math.sin),
    ];
    // All but the first and the middle wave stand for their mirror image, too.
    const times = (l: number) => (l === 0 || 2 * l === width ? 1 : 2);
    const across = (name: string, of: (angle: number) => number) =>
      constant(name, [half, width], (l, j) => times(l) * of((2 * Math.PI * ((l * j) % width)) / width));
    const [cosColumns, sinColumns] = [across('cos_columns', Math.cos), across('sin_columns', Math.sin)];
    const [real = '', imaginary = ''] = b.ops('Split', [b.mul(spectrum, scale)], 2, { axis: 0 }, 'parts');
    const down = b.sub(b.matMul(cosRows, real), b.matMul(sinRows, imaginary));
    const turned = b.add(b.matMul(sinRows, real), b.matMul(cosRows, imaginary));
    const waves = b.sub(b.matMul(down, cosColumns), b.matMul(turned, sinColumns), 'waves');
    if (channels === 1) return b.op('Sigmoid', [waves], {}, 'levels');
    const mixing = Float32Array.from(COLOURS.flat(), (share) => share / COLOUR_NORM);
    const kernel = b.initializer(b.unique('mixing'), float32Tensor(mixing, [3, 3, 1, 1]));
    return b.op('Sigmoid', [b.op('Conv', [waves, kernel], { kernel_shape: [1, 1] }, 'colours')], {}, 'levels');
  });
}
