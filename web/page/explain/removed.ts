/** @file A picture without its most important pixels. */
import type { Picture } from 'ganscope/inference';

/** What stands in the place of removed pixels: the middle grey. */
const GREY = 128;

const kept = new WeakMap<Float32Array, { share: number; of: Picture; picture: Picture }>();

/** The picture with a share of its pixels in grey, the highest values of a map first. */
export function withoutTop(picture: Picture, values: Float32Array, share: number): Picture {
  const known = kept.get(values);
  if (known?.share === share && known.of === picture) return known.picture;
  const order = Uint32Array.from(values.keys()).toSorted((a, b) => (values[b] as number) - (values[a] as number));
  const data = picture.data.slice();
  const { channels } = picture;
  for (const pixel of order.subarray(0, Math.round(share * order.length))) {
    data.fill(GREY, pixel * channels, (pixel + 1) * channels);
  }
  const made = { ...picture, data };
  kept.set(values, { share, of: picture, picture: made });
  return made;
}
