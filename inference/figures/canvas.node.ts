/** @file Canvases with the package's own font, and pictures on them. */
import { fileURLToPath } from 'node:url';
import { createCanvas, GlobalFonts, type Canvas } from 'canvas';
import { rgbaPixels, rgbFromRgba, type Picture } from '../pictures/pictures.js';
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
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, height);
  image.data.set(rgbaPixels(picture));
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The content of an opaque canvas as a picture. */
export function canvasPicture(canvas: Canvas): Picture {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  return { width, height, channels: 3, data: rgbFromRgba(data) };
}
