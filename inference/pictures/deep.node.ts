/** @file TIFF and PNG pictures of more than 8 bits a channel, scaled by what they hold: sharp alone makes many of them black or white. */
import sharp from 'sharp';
import { InputError } from '../../onnx/errors.js';
import { LEVELS, MAX_PIXELS, rgbPicture, type Picture } from './pictures.js';
import { hasSignificantBits } from './png.js';

/** Depths of more than 8 bits, as sharp calls them. */
export const arrays = {
  ushort: Uint16Array,
  short: Int16Array,
  uint: Uint32Array,
  int: Int32Array,
  float: Float32Array,
  double: Float64Array,
} as const;

/** The largest number of a PNG picture of 16 bits that is taken for one of 12 bits: it would be nearly black. */
const TWELVE_BITS = 4095;

/** What is in a file of more than 8 bits a channel. */
export interface DeepPicture {
  /** The number that is white; undefined where all are 0, which tells nothing of it. */
  white?: number;
  /** Undefined where sharp scales it by this white. */
  picture?: Picture;
}

/** White of numbers that fill their 16 bits. */
const FULL = 65_535;

/**
 * A TIFF or PNG file of integers or floats of more than 8 bits, scaled by what they hold; undefined for others. Floats of 0…1 are
 * taken as such, other numbers by the fewest bits that hold the largest.
 *
 * By its specification, numbers of a PNG file fill their 16 bits (section "Sample depth scaling"), so a dark picture stays dark. But
 * many programs write numbers of 10 or 12 bits as they are. A picture that would be nearly black is taken for one of these, unless the
 * file says how many bits are significant (sBIT) or all numbers are levels of 8 bits scaled to 16. Transparent pictures are drawn on
 * white; their opacity has as many bits as their colours, so what is opaque tells how many these are. Of floats opaque is 1.
 * @throws InputError for numbers whose white is not known: negative ones, floats above 65535, and values that are not finite
 */
export async function decodeDeep(bytes: Uint8Array, label: string): Promise<DeepPicture | undefined> {
  const open = () => sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
  const { format, depth, space, channels: stored, hasAlpha } = await open().metadata();
  const array = depth === undefined ? undefined : arrays[depth as keyof typeof arrays];
  if ((format !== 'tiff' && format !== 'png') || !array || !space) return undefined;
  if (format === 'png' && hasSignificantBits(bytes)) return { white: FULL };
  const opacities = hasAlpha ? 1 : 0;
  if (stored - opacities !== 1 && stored - opacities !== 3) return undefined;
  const { data, info } = await open()
    .autoOrient()
    .pipelineColourspace(space)
    // Of grey floats sharp drops the opacity; in colours they are the same numbers.
    .toColourspace(hasAlpha && space === 'b-w' ? 'srgb' : space)
    .raw({ depth: depth as keyof typeof arrays })
    .toBuffer({ resolveWithObject: true });
  const { channels } = info;
  const colours = channels - opacities === 1 ? 1 : 3;
  const values = new array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer);
  const isFloat = depth === 'float' || depth === 'double';
  let [least, most, opaque] = [0, 0, 0];
  for (const [at, value] of values.entries()) {
    const isOpacity = at % channels === colours;
    // Colours that are not seen say nothing of the white.
    if (hasAlpha && values[at - (at % channels) + colours] === 0) continue;
    if (!Number.isFinite(value)) {
      throw new InputError({ name: label, expected: `${depth} numbers that are finite`, got: `${value} among them` });
    }
    if (!(value >= least)) least = value;
    if (isOpacity && value > opaque) opaque = value;
    if (!(isOpacity && isFloat && value <= 1) && !(value <= most)) most = value;
  }
  // Numbers that fill their 16 bits are what sharp takes them for; 257·p is the level p of 8 bits.
  const isFull = format === 'png' ? most > TWELVE_BITS || values.every((value) => value % 257 === 0) : most > 16_383;
  if (depth === 'ushort' && isFull) return most > 0 ? { white: FULL } : {};
  const white = isFloat && most <= 1 ? 1 : LEVELS.find((level) => most <= level);
  if (white === undefined || !(least >= 0)) {
    throw new InputError({
      name: label,
      expected: `${depth} numbers of 0…1 or of 0 up to ${LEVELS.join(', ')}`,
      got: `${least}…${most}`,
    });
  }
  const levels = new Uint8Array(info.width * info.height * colours);
  for (let at = 0; at < levels.length; at++) {
    const pixel = Math.floor(at / colours) * channels;
    const value = (values[pixel + (at % colours)] ?? 0) / white;
    const alpha = hasAlpha ? (values[pixel + colours] ?? 0) / (isFloat && opaque <= 1 ? 1 : white) : 1;
    levels[at] = Math.round(255 * (alpha === 0 ? 1 : 1 - alpha + alpha * value));
  }
  const picture = rgbPicture({ width: info.width, height: info.height, channels: colours, data: levels });
  return { ...(most > 0 && { white }), picture };
}
