/** @file Where numbers of pictures have their channels. */
import type { PictureSize } from './pixels.js';

/** Numbers [N, C, H, W] as [N, H, W, C]. */
export function channelsLast<Numbers extends Float32Array | Uint8Array>(
  batch: Numbers,
  { channels, height, width }: Omit<PictureSize, 'channels'> & { channels: number },
): Numbers {
  const plane = height * width;
  const moved = batch.slice() as Numbers;
  for (let start = 0; start < batch.length; start += plane * channels)
    for (let channel = 0; channel < channels; channel++)
      for (let pixel = 0; pixel < plane; pixel++)
        moved[start + pixel * channels + channel] = batch[start + channel * plane + pixel] as number;
  return moved;
}
