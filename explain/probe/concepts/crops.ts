/** @file Square crops that cover a picture. */
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { bilinearResized } from '../../../inference/numeric/bilinear.js';
import type { Sizes } from '../../methods/kinds/method.js';

/** A square of a prepared picture. */
export interface CropBox {
  left: number;
  top: number;
  side: number;
}

/** From one crop to the next, as a share of its side, at most (Fel et al. 2023's code). */
const STEP = 0.8;

/** Crops from edge to edge, evenly spaced, row by row. */
export function cropBoxes({ width, height }: { width: number; height: number }, side: number): CropBox[] {
  const starts = (length: number): number[] => {
    const count = 1 + Math.ceil((length - side) / (STEP * side));
    return Array.from({ length: count }, (_, at) =>
      count === 1 ? 0 : Math.round((at * (length - side)) / (count - 1)),
    );
  };
  return starts(height).flatMap((top) => starts(width).map((left) => ({ left, top, side })));
}

/** A crop of a prepared picture [C, H, W], enlarged to the whole size [C, H, W]. */
export function croppedPicture(picture: Float32Array, { channels, height, width }: Sizes, box: CropBox): Float32Array {
  const { left, top, side } = box;
  const planes = Array.from({ length: channels }, (_, channel) => {
    const part = new Float32Array(side * side);
    for (let y = 0; y < side; y++) {
      const from = (channel * height + top + y) * width + left;
      part.set(picture.subarray(from, from + side), y * side);
    }
    return bilinearResized(part, side, side, height, width);
  });
  return concatenated(planes);
}
