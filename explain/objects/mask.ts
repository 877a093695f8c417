/** @file Where the objects of a picture are in what the network sees of it. */
import { sourceArea, type PictureArea } from '../../inference/pictures/resize.js';
import type { Picture, PictureInput } from '../../inference/pictures/pictures.js';
import type { ObjectBox } from './boxes.js';

/** Size of the network's input, and how pictures are fitted into it. */
type SeenSize = Pick<PictureInput, 'width' | 'height' | 'resize'>;

/** A place that must be inside for a pixel of the network's input to count: its centre, in pixels of the picture. */
type Inside = (x: number, y: number) => boolean;

/**
 * The boxes as 1 inside and 0 outside [H, W], with the crop and scale of the network's input.
 * @returns undefined if no pixel's centre lies in a box
 */
export function boxMask(
  boxes: readonly ObjectBox[],
  picture: Pick<Picture, 'width' | 'height'>,
  input: SeenSize,
): Uint8Array | undefined {
  return maskOf(picture, input, (px, py) =>
    boxes.some(({ x, y, width, height }) => px >= x && px < x + width && py >= y && py < y + height),
  );
}

/** The same of a mask, a picture whose first channel is bright (at least 128 of 255) on the object. */
export function pictureMask(mask: Picture, input: SeenSize): Uint8Array | undefined {
  const { width, height, data } = mask;
  const channels = data.length / (width * height);
  return maskOf(mask, input, (x, y) => {
    const [column, row] = [Math.floor(x), Math.floor(y)];
    if (column < 0 || row < 0 || column >= width || row >= height) return false;
    return (data[(row * width + column) * channels] as number) >= 128;
  });
}

function maskOf(picture: Pick<Picture, 'width' | 'height'>, input: SeenSize, inside: Inside): Uint8Array | undefined {
  const area: PictureArea = sourceArea(picture, input);
  const { width, height } = input;
  const mask = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const y = area.y + ((row + 0.5) / height) * area.height;
    for (let column = 0; column < width; column++) {
      const x = area.x + ((column + 0.5) / width) * area.width;
      if (inside(x, y)) mask[row * width + column] = 1;
    }
  }
  return mask.includes(1) ? mask : undefined;
}
