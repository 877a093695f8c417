/** @file A canvas to draw figures and plots on, with a font of our own. */
import { createRequire } from 'node:module';
import { createCanvas, GlobalFonts, type Canvas } from 'canvas';
import { rgbaPixels, type Picture } from '../pictures/pictures.js';

/**
 * The family of all text in figures and plots: DejaVu Sans, regular and bold, under a name no installed font has, so
 * that figures look alike everywhere. `figureCanvas` registers it.
 */
export const FONT_FAMILY = 'ganscope DejaVu';

const FACES = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'];
let registered = false;

/** Registers the faces of `FONT_FAMILY` from npm's dejavu-fonts-ttf. Calls after the first do nothing. */
function registerFonts(): void {
  if (registered) return;
  const require = createRequire(import.meta.url);
  for (const face of FACES) {
    const path = require.resolve(`dejavu-fonts-ttf/ttf/${face}`);
    if (GlobalFonts.registerFromPath(path, FONT_FAMILY) === null) throw new Error(`${path}: cannot be read as a font`);
  }
  registered = true;
}

/** A blank canvas of width × height pixels on which text in `FONT_FAMILY` can be drawn, system fonts or none. */
export function figureCanvas(width: number, height: number): Canvas {
  registerFonts();
  return createCanvas(width, height);
}

/** The picture on a canvas of its own size, to be drawn on another one. */
export function pictureCanvas(picture: Picture): Canvas {
  const { width, height } = picture;
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, height);
  image.data.set(rgbaPixels(picture));
  context.putImageData(image, 0, 0);
  return canvas;
}

/** What is drawn on an opaque canvas, as a picture. */
export function canvasPicture(canvas: Canvas): Picture {
  const { width, height } = canvas;
  const { data: rgba } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) data.set(rgba.subarray(4 * i, 4 * i + 3), 3 * i);
  return { width, height, channels: 3, data };
}
