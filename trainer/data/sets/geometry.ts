/** @file The part of a picture around a box, and its mirror image. */
import type { Picture } from '../../../inference/pictures/pictures.js';
import { InputError } from '../../../onnx/errors.js';

/** A rectangle in pixels; x and y count from the upper left corner and need not be whole. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * The smallest square around a box, moved into the picture where it reaches out, and cut where the picture is smaller
 * than it: what is in the box stays whole when the result is cropped to a square.
 * @param name what to call the picture in errors
 * @throws InputError if the box lies outside the picture
 */
export function croppedPicture(picture: Picture, box: Box, name: string): Picture {
  const { channels, data } = picture;
  const side = Math.round(Math.max(box.width, box.height, 1));
  const across = span(box.x + box.width / 2, side, picture.width);
  const down = span(box.y + box.height / 2, side, picture.height);
  if (box.x >= picture.width || box.y >= picture.height || box.x + box.width <= 0 || box.y + box.height <= 0) {
    throw new InputError({
      name: name,
      expected: `a box within ${picture.width}×${picture.height}`,
      got: JSON.stringify(box),
    });
  }
  const cropped = new Uint8Array(across.length * down.length * channels);
  for (let row = 0; row < down.length; row++) {
    const from = ((down.start + row) * picture.width + across.start) * channels;
    cropped.set(data.subarray(from, from + across.length * channels), row * across.length * channels);
  }
  return { width: across.length, height: down.length, channels, data: cropped };
}

/** `side` pixels around `middle`, moved into 0…`size`. */
function span(middle: number, side: number, size: number): { start: number; length: number } {
  const length = Math.min(side, size);
  return { start: Math.min(size - length, Math.max(0, Math.round(middle - length / 2))), length };
}

/** The picture with left and right exchanged. */
export function mirroredPicture(picture: Picture): Picture {
  const { width, height, channels, data } = picture;
  const mirrored = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels;
      const to = (y * width + width - 1 - x) * channels;
      for (let channel = 0; channel < channels; channel++) mirrored[to + channel] = data[from + channel] ?? 0;
    }
  }
  return { width, height, channels, data: mirrored };
}
