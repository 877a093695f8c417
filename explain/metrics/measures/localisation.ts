/** @file Whether a map lies on the object, whose place a person has marked. Only where the place is known. */
import type { Metric } from './metric.js';

/** The pointing game's tolerance in pixels, for pictures of the size that it was made with. */
const TOLERANCE = 15;
const TOLERANCE_SIDE = 224;

export const localisationMetrics = {
  /**
   * Zhang et al. 2018, section 4.2: 1 if the largest value of the map is on the object, or at most 15 pixels from it in a picture
   * whose shorter side has 224 (in proportion for others), else 0. Its mean is the accuracy.
   */
  'pointing-game': {
    title: 'Pointing game',
    better: 'higher',
    async measure({ attribution, size: { height, width }, object }) {
      if (!object) return undefined;
      const place = attribution.reduce((best, value, i) => (value > (attribution[best] as number) ? i : best), 0);
      const [x, y] = [place % width, Math.floor(place / width)];
      const reach = (TOLERANCE * Math.min(width, height)) / TOLERANCE_SIDE;
      const isHit = object.some((inside, i) => {
        return inside && Math.hypot((i % width) - x, Math.floor(i / width) - y) <= reach;
      });
      return { value: isHit ? 1 : 0 };
    },
  },
  /** Wang et al. 2020 (Score-CAM), section 4.3: the share of the map's positive values that is on the object. */
  'energy-inside': {
    title: 'Energy inside',
    better: 'higher',
    async measure({ attribution, object }) {
      if (!object) return undefined;
      const energy = (counts: (i: number) => boolean) =>
        attribution.reduce((sum, value, i) => (value > 0 && counts(i) ? sum + value : sum), 0);
      const all = energy(() => true);
      return all === 0 ? undefined : { value: energy((i) => object[i] === 1) / all };
    },
  },
} as const satisfies Record<string, Metric>;
