/** @file The resizing of pictures as two matrices, for graphs that are differentiated. */
import type { PictureInput } from './pictures.js';
import { coveringAxes, filterSpan, filterWeights, paddedPlace, type Axis } from './resize.js';

/** A matrix for each axis, [wanted, given]: rows · picture · columnsᵀ is the resized picture, before it is rounded. */
export interface ResizeMatrices {
  rows: Float32Array;
  columns: Float32Array;
}

/**
 * The matrices that resize a picture as `resizedPicture` does; undefined where the sizes are the same. What `pad` adds is 0.
 * @param picture sizes of the given picture
 */
export function resizeMatrices(
  picture: { width: number; height: number },
  { width, height, resize }: Pick<PictureInput, 'width' | 'height' | 'resize'>,
): ResizeMatrices | undefined {
  if (picture.width === width && picture.height === height) return undefined;
  const whole = (from: number, to: number): Axis => ({ from, to, start: 0, count: to });
  if (resize === 'crop') {
    const [x, y] = coveringAxes(picture, width, height);
    return { rows: matrix(y, height), columns: matrix(x, width) };
  }
  const place = resize === 'pad' ? paddedPlace(picture, width, height) : { width, height, left: 0, top: 0 };
  return {
    rows: matrix(whole(picture.height, place.height), height, place.top),
    columns: matrix(whole(picture.width, place.width), width, place.left),
  };
}

/** @param first row of the matrix that holds the first pixel */
function matrix(axis: Axis, wanted: number, first = 0): Float32Array {
  const made = new Float32Array(wanted * axis.from);
  for (let at = 0; at < axis.count; at++)
    made.set(filterWeights(axis, axis.start + at), (first + at) * axis.from + filterSpan(axis, axis.start + at).begin);
  return made;
}
