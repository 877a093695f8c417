/** @file Canvases with the package's own font, and pictures on them. */
import { fileURLToPath } from 'node:url';
import { createCanvas, GlobalFonts, ImageData, type Canvas } from 'canvas';
import { rgbaPixels, rgbFromRgba, type OpaquePixels, type Picture } from '../pictures/pictures.js';
import { FONT_FAMILY } from './theme.js';

const FACES = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'];
const FONTS = new URL('../../../assets/fonts/', import.meta.url);
let registered = false;

/** Registers the faces of `FONT_FAMILY`, which ship with the package. Calls after the first do nothing. */
export function registerFonts(): void {
  if (registered) return;
  for (const face of FACES) {
    const path = fileURLToPath(new URL(face, FONTS));
    if (GlobalFonts.registerFromPath(path, FONT_FAMILY) === null) throw new Error(`${path}: cannot be read as a font`);
  }
  registered = true;
}

/** A blank canvas of width × height pixels; text in `FONT_FAMILY` needs no fonts of the system. */
export function figureCanvas(width: number, height: number): Canvas {
  registerFonts();
  return createCanvas(width, height);
}

/** A canvas that holds the picture, to be drawn on another one. */
export function pictureCanvas(picture: Picture): Canvas {
  const { width, height } = picture;
  const canvas = createCanvas(width, height);
  canvas.getContext('2d').putImageData(new ImageData(rgbaPixels(picture), width, height), 0, 0);
  return canvas;
}

/** The pixels of an opaque canvas as they are stored: read in a tenth of the time that `canvasPicture` takes. */
export function canvasPixels(canvas: Canvas): OpaquePixels {
  const { width, height } = canvas;
  return { width, height, channels: 4, data: canvas.data() };
}

/** Pixels that are read from a canvas at a time: all at once would take a third more memory than the picture. */
const READ_PIXELS = 2 ** 18;

/** The content of an opaque canvas as a picture. */
export function canvasPicture(canvas: Canvas): Picture {
  const { width, height } = canvas;
  const context = canvas.getContext('2d');
  const data = new Uint8Array(3 * width * height);
  const rows = Math.max(1, Math.floor(READ_PIXELS / width));
  for (let top = 0; top < height; top += rows) {
    const strip = context.getImageData(0, top, width, Math.min(rows, height - top));
    rgbFromRgba(strip.data, data.subarray(3 * top * width));
  }
  return { width, height, channels: 3, data };
}
