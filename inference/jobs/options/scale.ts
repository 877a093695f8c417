/** @file The option to enlarge pictures. */
import { InputError } from '../../../onnx/errors.js';
import type { GridOptions } from '../../pictures/grid.js';
import type { PictureSize } from '../../pictures/pixels.js';
import type { EnlargeKernel } from '../../pictures/resize.js';
import { parsed } from './option.js';

/** How pictures are enlarged. */
export interface Scale {
  factor: number;
  kernel: EnlargeKernel;
}

const MAX_FACTOR = 16;
const EXPECTED = `a factor of 1…${MAX_FACTOR}, such as 4, or with a filter: 4:nearest or 4:lanczos`;

export const scaleOption = {
  scale: parsed('Enlarge pictures by a whole factor: 4 repeats pixels, 4:lanczos is smooth', parsedScale),
};

/** A factor, and after a colon the filter. @throws InputError for other texts and factors */
export function parsedScale(given: string, name: string): Scale {
  const [, factor, kernel = 'nearest'] = /^\s*(\d+)\s*(?::\s*(nearest|lanczos))?\s*$/.exec(given) ?? [];
  const scale = { factor: Number(factor ?? Number.NaN), kernel: kernel as EnlargeKernel };
  return checkedScale(scale, name, JSON.stringify(given));
}

/** The size of enlarged pictures. */
export function scaledSize({ channels, width, height }: PictureSize, scale: Scale | undefined): PictureSize {
  const factor = scale?.factor ?? 1;
  return { channels, width: factor * width, height: factor * height };
}

/** Grids of enlarged pictures have wider gaps. */
export function gridLook(scale: Scale | undefined): GridOptions {
  return scale ? { padding: 2 * scale.factor } : {};
}

/** @throws InputError for a factor that is out of range */
export function checkedScale(scale: Scale, name = 'scale', got: string | number = scale.factor): Scale {
  if (Number.isInteger(scale.factor) && scale.factor >= 1 && scale.factor <= MAX_FACTOR) return scale;
  throw new InputError({ name, expected: EXPECTED, got });
}
