/** @file How much confidence remains when the picture is masked by its map. */
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { type Metric, type Subject } from './metric.js';

/**
 * Confidence Y for the picture and O for the picture times the map: of prepared pixels, so that 0 is the mean colour if the
 * normalisation has one, else black.
 */
async function confidencePair({ input, map, confidences }: Subject): Promise<{ Y: number; O: number }> {
  const masked = input.map((value, at) => value * (map[at % map.length] ?? 0));
  const [Y = Number.NaN, O = Number.NaN] = await confidences(concatenated([input, masked]));
  return { Y, O };
}

/** Metrics of Chattopadhay et al. 2018, section 4.1. */
export const maskedConfidenceMetrics = {
  /** max(0, Y − O) / Y in percent. */
  'average-drop': {
    title: 'Average drop %',
    better: 'lower',
    removes: true,
    async measure(subject) {
      const { Y, O } = await confidencePair(subject);
      // A similarity may be negative: it has no share that is lost.
      if (Y < 0) return undefined;
      return { value: Y <= O ? 0 : (100 * (Y - O)) / Y };
    },
  },
  /** Percentage of the pictures for which O is larger than Y. */
  'increase-in-confidence': {
    title: 'Increase in confidence %',
    better: 'higher',
    removes: true,
    async measure(subject) {
      const { Y, O } = await confidencePair(subject);
      return { value: O > Y ? 100 : 0 };
    },
  },
} as const satisfies Record<string, Metric>;
