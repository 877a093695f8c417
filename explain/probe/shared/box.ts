/** @file A box of a picture: what a region is. */
import { InputError } from '../../../onnx/errors.js';
import { rgbPicture, type Picture } from '../../../inference/pictures/pictures.js';
import { enlargedPicture, MAX_FACTOR } from '../../../inference/pictures/resize.js';

/** A rectangle of pixels. */
export interface PixelBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The box that a text means: `x,y,width,height`, or with `name` `at` a pixel `x,y`. @throws InputError for another text */
export function parsedBox(text: string, name: 'box' | 'at'): PixelBox {
  const numbers = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  const [x = 0, y = 0, width = 1, height = 1] = numbers;
  if (numbers.length === (name === 'box' ? 4 : 2) && numbers.every(Number.isSafeInteger))
    return { x, y, width, height };
  const expected = name === 'box' ? 'x,y,width,height in pixels' : 'x,y in pixels';
  throw new InputError({ name, expected, got: JSON.stringify(text) });
}

/** @throws InputError for a box that is empty or not inside a picture of this size */
export function requireInside(box: PixelBox, size: { width: number; height: number }): void {
  const fits = box.width > 0 && box.height > 0 && box.x + box.width <= size.width && box.y + box.height <= size.height;
  if (fits) return;
  const got = `${box.x},${box.y},${box.width},${box.height}`;
  throw new InputError({
    name: 'box',
    expected: `a box inside the picture of ${size.width}×${size.height} pixels`,
    got,
  });
}

/** The colour of a box's frame. */
const FRAME = [255, 221, 0];

/** The picture enlarged by a whole factor, with a frame around a box, one enlarged pixel's fourth thick. */
export function framedPicture(picture: Picture, box: PixelBox, factor: number): Picture {
  const large = enlargedPicture(rgbPicture(picture), factor);
  const data = large.data.slice();
  const thick = Math.max(1, Math.round(factor / 4));
  const [left, top] = [box.x * factor, box.y * factor];
  const [right, bottom] = [left + box.width * factor, top + box.height * factor];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const isEdge = x < left + thick || x >= right - thick || y < top + thick || y >= bottom - thick;
      if (isEdge) data.set(FRAME, 3 * (y * large.width + x));
    }
  }
  return { ...large, data };
}

/** The whole factor that enlarges a picture to at least `side` pixels on its longer side, as far as pictures are enlarged. */
export const factorTo = ({ width, height }: { width: number; height: number }, side: number): number =>
  Math.min(MAX_FACTOR, Math.max(1, Math.ceil(side / Math.max(width, height))));
