/** @file Reads and writes picture files with sharp. */
import sharp, { type Sharp } from 'sharp';
import { InputError } from '../../onnx/errors.js';
import { foreignFile } from '../../onnx/files/foreign.js';
import { readSource } from '../../onnx/files/files.node.js';
import { decodeBmp, isBmp } from './bmp.js';
import { decodeDeep } from './deep.node.js';
import { withoutPngTexts } from './png.js';
import { checkFrame, checkSpeed, type AnimationOptions } from './animation.js';
import { MAX_FILE_BYTES, MAX_PIXELS, rgbPicture, type OpaquePixels, type Picture } from './pictures.js';
import { encodeVideo } from './video.node.js';

// An SVG file with filters can take hours to draw, and it is not a photograph, whatever its name is.
sharp.block({ operation: ['VipsForeignLoadSvg', 'VipsForeignLoadPdf'] });

/**
 * Decodes a picture file to 8-bit sRGB. Applies the EXIF orientation, puts transparent pictures on white, and converts grey,
 * 16-bit and CMYK pictures and colour profiles; TIFF pictures, and PNG pictures of 10 or 12 bits in 16, are scaled by what they hold
 * (`decodeDeep`). Of an animation it takes the first frame.
 * @param source path, URL of file:, http: or https:, or the file's bytes
 * @param name what to call the file in errors; a path or URL names itself
 * @returns a picture with 3 channels
 * @throws InputError if there is no such file, it is no complete picture, or it has more than `MAX_PIXELS` pixels
 */
export async function decodePicture(source: string | URL | Uint8Array, name?: string): Promise<Picture> {
  const given = source instanceof Uint8Array;
  const label = name ?? (given ? 'picture' : String(source));
  const bytes = given ? source : await readSource(source, MAX_FILE_BYTES);
  if (isBmp(bytes)) return decodeBmp(bytes, label);
  try {
    const plain = withoutPngTexts(bytes);
    const deep = isDeep(bytes) ? await decodeDeep(plain, label) : undefined;
    if (deep?.picture) return deep.picture;
    // Good photographs often cause warnings, such as unknown EXIF entries.
    const { data, info } = await sharp(plain, { limitInputPixels: MAX_PIXELS, failOn: 'error' })
      .autoOrient()
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const picture = { width: info.width, height: info.height, data: new Uint8Array(data) };
    return rgbPicture({ ...picture, channels: info.channels === 1 ? 1 : 3 });
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = String(error instanceof Error ? error.message : error)
      .trim()
      .replaceAll(/\s*\n\s*/g, ' ');
    if (bytes.length === 0) throw new InputError({ name: label, expected: 'a picture', got: 'an empty file' });
    if (reason.includes('unsupported image format')) {
      const got = isZip(bytes) ? 'a .zip archive (unpack it)' : (foreignFile(bytes) ?? 'a file that is not one');
      throw new InputError({ name: label, expected: 'a picture', got });
    }
    const expected = reason.includes('pixel limit')
      ? `a picture of at most ${MAX_PIXELS} pixels`
      : 'a picture that is complete and not damaged';
    throw new InputError({ name: label, expected, got: `an error (${reason})` });
  }
}

/** Whether bytes begin as an archive with entries. */
function isZip([a, b, c, d]: Uint8Array): boolean {
  return a === 0x50 && b === 0x4b && c === 3 && d === 4;
}

/**
 * The number that is white in a TIFF or PNG file of more than 8 bits a channel; undefined for other files.
 * @throws InputError if the white is not known
 */
export async function whiteOf(bytes: Uint8Array, name: string): Promise<number | undefined> {
  return isDeep(bytes) ? (await decodeDeep(withoutPngTexts(bytes), name))?.white : undefined;
}

const isDeep = (bytes: Uint8Array): boolean => isTiff(bytes) || isDeepPng(bytes);

/** Whether bytes begin as a TIFF file, of either byte order. */
function isTiff([a, b]: Uint8Array): boolean {
  return (a === 0x49 && b === 0x49) || (a === 0x4d && b === 0x4d);
}

/** Whether bytes begin as a PNG file of 16 bits a channel. */
function isDeepPng(bytes: Uint8Array): boolean {
  return bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[24] === 16;
}

/** A picture as sharp's input. */
function sharpPicture({ width, height, channels, data }: Picture | OpaquePixels): Sharp {
  return sharp(data, { raw: { width, height, channels }, limitInputPixels: false });
}

/**
 * The bytes of a PNG file.
 * @param dpi dots per inch to note in the file
 * @param compressionLevel of zlib, 0…9; 2 is three times as fast as 6, the default, and 4 % larger for large grids
 */
export async function encodePng(picture: Picture, compressionLevel = 6, dpi?: number): Promise<Uint8Array> {
  return pngBytes(sharpPicture(picture), compressionLevel, dpi);
}

/** The same for pixels of a canvas; the file has three channels. */
export async function encodeOpaquePng(pixels: OpaquePixels, compressionLevel = 6, dpi?: number): Promise<Uint8Array> {
  return pngBytes(sharpPicture(pixels).removeAlpha(), compressionLevel, dpi);
}

function pngBytes(image: Sharp, compressionLevel: number, dpi: number | undefined): Promise<Uint8Array> {
  const png = image.png({ compressionLevel });
  return (dpi === undefined ? png : png.withMetadata({ density: dpi })).toBuffer();
}

/** The bytes of a lossless WebP file. */
export async function encodeWebp(picture: Picture): Promise<Uint8Array> {
  return sharpPicture(picture).webp({ lossless: true }).toBuffer();
}

/**
 * The bytes of an animated WebP or GIF file, or of an MP4 video made by ffmpeg.
 * @param frames at least one, all of one size and number of channels
 * @throws InputError if there is no frame, they differ in size or are too large, `fps` is out of range, or there is no ffmpeg for a video
 */
export async function encodeAnimation(frames: readonly Picture[], options: AnimationOptions): Promise<Uint8Array> {
  const { format, fps, loop } = options;
  const [first] = frames;
  if (first === undefined) throw new InputError({ name: 'animation', expected: 'at least one frame', got: 'none' });
  checkSpeed(options);
  checkFrame(format, first);
  const { width, height, channels } = first;
  if (frames.some((frame) => frame.width !== width || frame.height !== height || frame.channels !== channels)) {
    throw new InputError({
      name: 'animation',
      expected: `frames of one size, ${width}×${height}×${channels}`,
      got: 'others',
    });
  }
  if (format === 'mp4') return encodeVideo(frames, fps);
  // GIF counts in 10 ms, WebP in 1 ms. Times are rounded, not durations, so that errors do not add up.
  const tick = format === 'gif' ? 10 : 1;
  const time = (frame: number) => Math.round((frame * 1000) / fps / tick) * tick;
  const timing = { delay: frames.map((_, i) => time(i + 1) - time(i)), loop: loop ? 0 : 1 };
  const pages = sharp(Buffer.concat(frames.map((frame) => frame.data)), {
    limitInputPixels: false,
    raw: { width, height: height * frames.length, channels, pageHeight: height },
  });
  return format === 'gif'
    ? pages.gif({ ...timing, keepDuplicateFrames: true }).toBuffer()
    : pages.webp({ ...timing, quality: 90, smartSubsample: true }).toBuffer();
}
