/** @file Pictures that hold nothing, where paths to a picture begin. */
import { InputError } from '../../../onnx/errors.js';
import type { Sizes } from '../kinds/method.js';

/** A picture without what is explained: black, of its own mean colour, or blurred. */
export const baselineNames = ['black', 'mean', 'blur'] as const;
export type BaselineName = (typeof baselineNames)[number];

/** Standard deviation of the blur, as a fraction of the shorter side. */
const BLUR = 0.1;

/** The names without repetitions. @throws InputError for an empty list or another name */
export function checkedBaselines(names: readonly string[]): BaselineName[] {
  const unknown = names.find((name) => !baselineNames.some((known) => known === name));
  if (unknown === undefined && names.length > 0) return [...new Set(names as readonly BaselineName[])];
  const expected = `one or more of ${baselineNames.join(', ')}`;
  throw new InputError({ name: 'baseline', expected, got: `"${unknown ?? ''}"` });
}

/**
 * A baseline of a picture.
 * @param input prepared [C, H, W]
 * @param black a black picture, prepared [C, H, W]
 */
export function baselinePicture(
  name: BaselineName,
  input: Float32Array,
  black: Float32Array,
  sizes: Sizes,
): Float32Array {
  if (name === 'black') return black;
  const plane = sizes.height * sizes.width;
  const made = new Float32Array(input.length);
  for (let start = 0; start < input.length; start += plane) {
    const channel = input.subarray(start, start + plane);
    if (name === 'blur') made.set(blurredChannel(channel, sizes, BLUR * Math.min(sizes.height, sizes.width)), start);
    else made.fill(channel.reduce((sum, value) => sum + value, 0) / plane, start, start + plane);
  }
  return made;
}

/**
 * A Gaussian blur of one channel [H, W]; pixels beyond the edge are those at the edge.
 * @param std in pixels
 */
export function blurredChannel(
  data: Float32Array,
  { height, width }: Pick<Sizes, 'height' | 'width'>,
  std: number,
): Float32Array {
  const radius = Math.ceil(3 * std);
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * std ** 2)));
  const total = kernel.reduce((sum, value) => sum + value, 0);
  /** Of the pixel at `from` and its neighbours, which lie `step` apart. */
  const along = (from: Float32Array, step: number, length: number) =>
    from.map((_, at) => {
      const place = Math.floor(at / step) % length;
      return (
        kernel.reduce((sum, share, i) => {
          const near = Math.max(0, Math.min(length - 1, place + i - radius));
          return sum + share * (from[at + (near - place) * step] as number);
        }, 0) / total
      );
    });
  return along(along(data, 1, width), width, height);
}
