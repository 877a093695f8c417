/** @file ROAD: removed pixels are filled in from their neighbours, so that the hole itself carries no information. */
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { GridMeans } from './grid-means.js';
import { mean, rankedPixels, type Metric, type Subject } from './metric.js';

/** Fractions of the pixels that are removed. */
const SHARES = [0.2, 0.4, 0.6, 0.8];
/** Standard deviation of the noise on filled pixels of a picture prepared as for ImageNet; as in the authors' code. */
const NOISE = 0.01;
const TOLERANCE = 1e-5;
/** Weights of neighbours: Rong et al. 2022, section 4.2. */
const NEIGHBOURS = { direct: 1 / 6, diagonal: 1 / 12 };

/**
 * The picture with pixels filled in by noisy linear imputation: each is the weighted mean of its up to eight neighbours,
 * 1/6 for direct and 1/12 for diagonal ones, plus noise.
 * @param picture [C, H, W]
 * @param removed positions in the plane; not all of them
 * @param unit as a subject has it
 */
export function imputed(
  picture: Float32Array,
  { channels, height, width }: Subject['size'],
  removed: readonly number[],
  normal: () => number,
  unit = 1,
): Float32Array {
  const plane = height * width;
  const unknown = new Uint8Array(plane);
  for (const pixel of removed) unknown[pixel] = 1;
  const means = new GridMeans(unknown, height, width, NEIGHBOURS);
  const filled = picture.slice();
  for (let start = 0; start < channels * plane; start += plane) {
    const values = means.solved(picture.subarray(start, start + plane), TOLERANCE);
    for (const pixel of removed) filled[start + pixel] = (values[pixel] as number) + NOISE * unit * normal();
  }
  return filled;
}

/** Metric of Rong et al. 2022. */
export const roadMetrics = {
  /**
   * Half the mean of confidence after removing the least important pixels minus that after removing the most important
   * ones, over 20, 40, 60 and 80 % of the pixels (`ROADCombined` of pytorch-grad-cam).
   */
  road: {
    title: 'ROAD',
    better: 'higher',
    plots: {
      'road-most-relevant': {
        title: 'ROAD, most relevant pixels removed: lower is better',
        xTitle: 'share of the pixels filled in from their neighbours',
        yTitle: 'probability of the target',
      },
      'road-least-relevant': {
        title: 'ROAD, least relevant pixels removed: higher is better',
        xTitle: 'share of the pixels filled in from their neighbours',
        yTitle: 'probability of the target',
      },
    },
    async measure(subject) {
      const ranked = [...rankedPixels(subject.map)];
      const curveOf = async (order: readonly number[]) => {
        const confidences: Promise<Float32Array>[] = [];
        for (const share of SHARES) {
          const removed = order.slice(0, Math.round(share * order.length));
          const found = subject.confidences(
            imputed(subject.input, subject.size, removed, subject.normal, subject.unit),
          );
          // Its error is thrown when it is awaited.
          found.catch(() => undefined);
          confidences.push(found);
          // Filling in takes a while: hand the network its next pictures before the next share.
          await new Promise((resolve) => setTimeout(resolve));
        }
        return { x: SHARES, y: [...concatenated(await Promise.all(confidences))] };
      };
      const most = await curveOf(ranked);
      const least = await curveOf(ranked.toReversed());
      const value = mean(least.y.map((confidence, i) => (confidence - (most.y[i] ?? 0)) / 2));
      return { value, curves: { 'road-most-relevant': most, 'road-least-relevant': least } };
    },
  },
} as const satisfies Record<string, Metric>;
