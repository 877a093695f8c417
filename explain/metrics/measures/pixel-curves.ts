/** @file Insertion and deletion: how confidence changes when pixels are added or removed in the order of the map. */
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { rankedPixels, withPixels, type Curve, type Metric, type Subject } from './metric.js';

/** Steps from no pixel to all. */
const STEPS = 20;
const BLUR_RADIUS = 5;
const BLUR_SIGMA = 5;

/** Area under a curve by trapezoids. */
export function areaUnder({ x, y }: Curve): number {
  return y.slice(1).reduce((area, value, i) => area + (((y[i] ?? 0) + value) / 2) * ((x[i + 1] ?? 0) - (x[i] ?? 0)), 0);
}

/** Confidence while pixels of `from` are replaced by those of `to`, highest map values first, in 20 equal steps. */
async function confidenceCurve(subject: Subject, from: Float32Array, to: Float32Array): Promise<Curve> {
  const plane = subject.size.height * subject.size.width;
  const order = rankedPixels(subject.map);
  const x = Array.from({ length: STEPS + 1 }, (_, step) => step / STEPS);
  const pictures = x.map((share) => withPixels(from, order.subarray(0, Math.round(share * plane)), to, plane));
  return { x, y: [...(await subject.confidences(concatenated(pictures)))] };
}

/**
 * The picture blurred by a Gaussian of 11 taps and σ = 5 pixels along each axis; at the edges only the taps inside are used.
 * @param picture [C, H, W]
 */
export function blurred(picture: Float32Array, { channels, height, width }: Subject['size']): Float32Array {
  const along = (data: Float32Array, count: number, stride: number, lines: readonly number[]) => {
    const smooth = new Float32Array(data.length);
    for (const start of lines) {
      for (let i = 0; i < count; i++) {
        let [sum, weights] = [0, 0];
        for (let j = Math.max(0, i - BLUR_RADIUS); j <= Math.min(count - 1, i + BLUR_RADIUS); j++) {
          const weight = Math.exp(-((i - j) ** 2) / (2 * BLUR_SIGMA ** 2));
          sum += weight * (data[start + j * stride] ?? 0);
          weights += weight;
        }
        smooth[start + i * stride] = sum / weights;
      }
    }
    return smooth;
  };
  const rows = Array.from({ length: channels * height }, (_, i) => i * width);
  const columns = Array.from(
    { length: channels * width },
    (_, i) => Math.floor(i / width) * height * width + (i % width),
  );
  return along(along(picture, width, 1, rows), height, width, columns);
}

/** Metrics of Petsiuk et al. 2018 (RISE), section 4.2. */
export const pixelCurveMetrics = {
  /** Area under the confidence as pixels replace those of a blurred picture, the most important first. */
  insertion: {
    title: 'Insertion AUC',
    better: 'higher',
    plots: {
      insertion: {
        title: 'Insertion: higher is better',
        xTitle: 'share of the pixels shown, by the map, on a blurred picture',
        yTitle: 'probability of the target',
      },
    },
    async measure(subject) {
      const curve = await confidenceCurve(subject, blurred(subject.input, subject.size), subject.input);
      return { value: areaUnder(curve), curves: { insertion: curve } };
    },
  },
  /** The same while pixels are set to 0 in the prepared picture, the mean colour if the normalisation has one, else black. */
  deletion: {
    title: 'Deletion AUC',
    better: 'lower',
    removes: true,
    plots: {
      deletion: {
        title: 'Deletion: lower is better',
        xTitle: 'share of the pixels removed, by the map',
        yTitle: 'probability of the target',
      },
    },
    async measure(subject) {
      const curve = await confidenceCurve(subject, subject.input, new Float32Array(subject.input.length));
      return { value: areaUnder(curve), curves: { deletion: curve } };
    },
  },
} as const satisfies Record<string, Metric>;
