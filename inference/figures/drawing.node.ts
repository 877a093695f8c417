/** @file The white sheet under every figure, plot and grid: something that draws itself, and the file made of it. */
import type { Canvas, SKRSContext2D } from 'canvas';
import { InputError } from '../../onnx/errors.js';
import { encodeOpaquePng } from '../pictures/pictures.node.js';
import type { Picture } from '../pictures/pictures.js';
import { canvasPicture, canvasPixels, figureCanvas } from './canvas.node.js';
import { light, MAX_SIDE } from './theme.js';

/** Something to draw, measured in layout pixels. */
export interface Drawing {
  width: number;
  height: number;
  /**
   * Draws on a white sheet of this size.
   * @param scale pixels per layout pixel; the context is scaled already
   */
  draw(context: SKRSContext2D, scale: number): void;
}

/**
 * The drawing on white.
 * @param scale pixels per layout pixel
 * @throws InputError if a side would be longer than `MAX_SIDE`
 */
export function drawingCanvas({ width, height, draw }: Drawing, scale: number): Canvas {
  const [pixelWidth, pixelHeight] = [Math.round(width * scale), Math.round(height * scale)];
  if (Math.max(pixelWidth, pixelHeight) > MAX_SIDE) {
    throw new InputError({
      name: 'figure',
      expected: `at most ${MAX_SIDE} pixels a side`,
      got: `${pixelWidth}×${pixelHeight} (use fewer pictures)`,
    });
  }
  const canvas = figureCanvas(pixelWidth, pixelHeight);
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  paint({ width, height, draw }, context, scale);
  return canvas;
}

/** Draws on a context of the drawing's size. */
export function paint({ width, height, draw }: Drawing, context: SKRSContext2D, scale: number): void {
  context.fillStyle = light.paper;
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.textBaseline = 'middle';
  draw(context, scale);
}

/** Drawings under each other, as wide as the widest. */
export function stackedDrawings(drawings: readonly Drawing[]): Drawing {
  return {
    width: Math.max(0, ...drawings.map(({ width }) => width)),
    height: drawings.reduce((sum, { height }) => sum + height, 0),
    draw(context, scale) {
      context.save();
      for (const drawing of drawings) {
        drawing.draw(context, scale);
        context.translate(0, drawing.height);
      }
      context.restore();
    },
  };
}

/** The drawing as a PNG file. @throws InputError as `drawingCanvas` */
export function drawingPng(drawing: Drawing, scale = 2): Uint8Array {
  return drawingCanvas(drawing, scale).toBuffer('image/png');
}

/**
 * The same, encoded beside this thread.
 * @param dpi dots per inch to note in the file
 * @throws InputError as `drawingCanvas`
 */
export async function encodedDrawing(drawing: Drawing, scale = 2, dpi?: number): Promise<Uint8Array> {
  return encodeOpaquePng(canvasPixels(drawingCanvas(drawing, scale)), 6, dpi);
}

/** The drawing as a picture. @throws InputError as `drawingCanvas` */
export function drawingPicture(drawing: Drawing, scale = 1): Picture {
  return canvasPicture(drawingCanvas(drawing, scale));
}
