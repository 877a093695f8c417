/** @file Many pictures of one size as one picture. */
import { InputError } from '../../onnx/errors.js';
import type { Picture } from './pictures.js';

/** Gaps of a grid. */
export interface GridOptions {
  /** Pixels between pictures and around the grid, default 2 as in torchvision's `make_grid`. */
  padding?: number;
  /** Grey level between pictures and in unused cells, 0…255, default 0. */
  background?: number;
}

/**
 * Pictures side by side, row by row.
 * @param pictures at least one, all of one size and number of channels
 * @param columns pictures per row; fewer pictures make a narrower grid
 * @throws InputError if there is no picture, they differ in size, or `columns` is no positive integer
 */
export function pictureGrid(pictures: readonly Picture[], columns: number, options: GridOptions = {}): Picture {
  const { padding = 2, background = 0 } = options;
  const [first] = pictures;
  if (first === undefined) throw new InputError({ name: 'grid', expected: 'at least one picture', got: 'none' });
  if (!Number.isInteger(columns) || columns < 1) {
    throw new InputError({ name: 'grid', expected: 'a positive number of columns', got: columns });
  }
  const { width, height, channels } = first;
  const perRow = Math.min(columns, pictures.length);
  const gridWidth = perRow * (width + padding) + padding;
  const gridHeight = Math.ceil(pictures.length / perRow) * (height + padding) + padding;
  const data = new Uint8Array(gridWidth * gridHeight * channels).fill(background);
  pictures.forEach((picture, index) => {
    if (picture.width !== width || picture.height !== height || picture.channels !== channels) {
      throw new InputError({
        name: 'grid',
        expected: `pictures of ${width}×${height}×${channels}`,
        got: `${picture.width}×${picture.height}×${picture.channels}`,
      });
    }
    const left = padding + (index % perRow) * (width + padding);
    const top = padding + Math.floor(index / perRow) * (height + padding);
    for (let y = 0; y < height; y++) {
      const row = picture.data.subarray(y * width * channels, (y + 1) * width * channels);
      data.set(row, ((top + y) * gridWidth + left) * channels);
    }
  });
  return { width: gridWidth, height: gridHeight, channels, data };
}
