/** @file Pictures of any number of channels in .npy files and in TIFF files of several pages. */
import sharp from 'sharp';
import { InputError } from '../../onnx/errors.js';
import { readBoundedFile } from '../../onnx/files/files.node.js';
import { MAX_PICTURE_BYTES } from '../files/picture-paths.node.js';
import { npyNumbers } from '../numeric/npy.js';
import { arrays } from '../pictures/deep.node.js';
import { MAX_PIXELS } from '../pictures/pictures.js';
import { isNpy, isTiff } from './assumed.js';
import { rasterOfArray, rasterOfPlanes, type Raster } from './raster.js';

/** Of all pages of a file: as many as the largest picture in colour has. */
const MAX_NUMBERS = 3 * MAX_PIXELS;

/**
 * The picture in a .npy file, [C, H, W] or [H, W, C], or in a TIFF file of as many grey pages as there are channels.
 * @returns undefined for other files, and for TIFF files of other pages
 * @throws InputError if the file is missing or damaged, or as `rasterOfArray`
 */
export async function decodeRaster(path: string, channels: number): Promise<Raster | undefined> {
  if (isNpy(path)) {
    const { type, shape, data } = npyNumbers(await readBoundedFile(path, MAX_PICTURE_BYTES), path);
    return rasterOfArray({ shape, data, integer: /^[iu]/.test(type) }, channels, path);
  }
  return isTiff(path) && channels > 1 ? decodePages(path, channels) : undefined;
}

async function decodePages(path: string, channels: number): Promise<Raster | undefined> {
  const bytes = await readBoundedFile(path, MAX_PICTURE_BYTES);
  const open = (page: number) => sharp(bytes, { page, limitInputPixels: MAX_PIXELS, failOn: 'error' });
  try {
    const metadata = await open(0).metadata();
    const { format, pages, width, height, depth = 'uchar', channels: samples, space = 'b-w' } = metadata;
    if (format !== 'tiff' || pages !== channels || samples !== 1) return undefined;
    const array = { uchar: Uint8Array, char: Int8Array, ...arrays }[depth as keyof typeof arrays | 'uchar' | 'char'];
    if (array === undefined) return undefined;
    const plane = width * height;
    if (plane * pages > MAX_NUMBERS) {
      throw new InputError({ name: path, expected: `at most ${MAX_NUMBERS} numbers`, got: plane * pages });
    }
    const planes = new Float64Array(plane * pages);
    for (let page = 0; page < pages; page++) {
      const { data, info } = await open(page)
        .pipelineColourspace(space)
        .toColourspace(space)
        .raw({ depth: depth as keyof typeof arrays })
        .toBuffer({ resolveWithObject: true });
      if (info.width !== width || info.height !== height || info.channels !== 1) {
        throw new InputError({
          name: path,
          expected: `grey pages of ${width}×${height}, one per channel`,
          got: `page ${page + 1} of ${info.width}×${info.height}`,
        });
      }
      const copy = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer;
      planes.set(new array(copy), page * plane);
    }
    const integer = depth !== 'float' && depth !== 'double';
    return rasterOfPlanes({ width, height, channels }, { data: planes, integer }, path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError({ name: path, expected: 'a TIFF file', got: `an error (${(error as Error).message})` });
  }
}
