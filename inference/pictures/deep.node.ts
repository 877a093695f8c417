/** @file TIFF and PNG pictures of more than 8 bits a channel, scaled by what they hold: sharp alone makes many of them black or white. */
import sharp from 'sharp';
import { InputError } from '../../onnx/errors.js';
import { LEVELS, MAX_PIXELS, rgbPicture, type Picture } from './pictures.js';

/** Depths of more than 8 bits, as sharp calls them. */
export const arrays = {
  ushort: Uint16Array,
  short: Int16Array,
  uint: Uint32Array,
  int: Int32Array,
  float: Float32Array,
  double: Float64Array,
} as const;

/**
 * The picture, if the file is a TIFF or PNG file of integers or floats that sharp would not scale by what they hold; undefined for
 * others. Floats of 0…1 are taken as such, other numbers by the fewest bits that hold the largest.
 * @throws InputError for numbers whose white is not known: negative ones, floats above 65535, and values that are not finite
 */
export async function decodeDeep(bytes: Uint8Array, label: string): Promise<Picture | undefined> {
  const open = () => sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
  const { format, depth, space, channels } = await open().metadata();
  const array = depth === undefined ? undefined : arrays[depth as keyof typeof arrays];
  if ((format !== 'tiff' && format !== 'png') || !array || !space || (channels !== 1 && channels !== 3))
    return undefined;
  const { data, info } = await open()
    .autoOrient()
    .pipelineColourspace(space)
    .toColourspace(space)
    .raw({ depth: depth as keyof typeof arrays })
    .toBuffer({ resolveWithObject: true });
  const values = new array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer);
  let [least, most] = [0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) {
      throw new InputError({ name: label, expected: `${depth} numbers that are finite`, got: `${value} among them` });
    }
    if (!(value >= least)) least = value;
    if (!(value <= most)) most = value;
  }
  // Pictures that fill their 16 bits are what sharp takes them for.
  if (depth === 'ushort' && most > 16_383) return undefined;
  const isUnit = (depth === 'float' || depth === 'double') && most <= 1;
  const white = isUnit ? 1 : LEVELS.find((level) => most <= level);
  if (white === undefined || !(least >= 0)) {
    throw new InputError({
      name: label,
      expected: `${depth} numbers of 0…1 or of 0 up to ${LEVELS.join(', ')}`,
      got: `${least}…${most}`,
    });
  }
  const levels = Uint8Array.from(values, (value) => Math.round((255 * value) / white));
  return rgbPicture({ width: info.width, height: info.height, channels: channels === 1 ? 1 : 3, data: levels });
}
