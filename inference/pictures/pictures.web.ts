/** @file Reads and writes picture files with the browser. */
import { InputError } from '../../onnx/errors.js';
import { fetchBytes } from '../../onnx/files/fetch.js';
import { MAX_FILE_BYTES, MAX_PIXELS, rgbaPixels, rgbFromRgba, type Picture } from './pictures.js';

/**
 * Decodes a picture file to 8-bit sRGB. Applies the EXIF orientation and puts transparent pictures on white. Of an animation
 * it takes the first frame.
 * @param source URL, or the file's bytes
 * @param name what to call the file in errors; a URL names itself
 * @returns a picture with 3 channels
 * @throws InputError if there is no such file, it is no complete picture, or it has more than `MAX_PIXELS` pixels
 */
export async function decodePicture(source: string | URL | Uint8Array, name?: string): Promise<Picture> {
  const given = source instanceof Uint8Array;
  const label = name ?? (given ? 'picture' : String(source));
  const bytes = given ? source : await fetchBytes(new URL(source, location.href), MAX_FILE_BYTES);
  const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)])).catch((error: Error) => {
    throw new InputError({
      name: label,
      expected: 'a picture this browser can read',
      got: `an error (${error.message})`,
    });
  });
  const { width, height } = bitmap;
  try {
    if (width * height > MAX_PIXELS) {
      throw new InputError({ name: label, expected: `at most ${MAX_PIXELS} pixels`, got: `${width}×${height}` });
    }
    const context = contextOf(width, height);
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, channels: 3, data: rgbFromRgba(data) };
  } finally {
    bitmap.close();
  }
}

/** The bytes of a PNG file. */
export async function encodePng(picture: Picture): Promise<Uint8Array> {
  const { width, height } = picture;
  const context = contextOf(width, height);
  context.putImageData(new ImageData(rgbaPixels(picture), width, height), 0, 0);
  const blob = await context.canvas.convertToBlob({ type: 'image/png' });
  return new Uint8Array(await blob.arrayBuffer());
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('this browser gives no canvas to read pixels from');
  return context;
}
