/** @file Pictures that the tests of probes share. */
import type { Picture } from '../../../inference/pictures/pictures.js';

/** Waves of three colours, others for each seed. */
export function waves(seed: number): Picture {
  const data = Uint8Array.from(
    { length: 3 * 32 * 32 },
    (_, at) => 127 + 127 * Math.sin((at * (seed + 1)) / 37 + (at % 3) * seed),
  );
  return { width: 32, height: 32, channels: 3, data };
}
