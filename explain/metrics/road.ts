/** @file ROAD: removed pixels are filled in from their neighbours, so that the hole itself carries no information. */
import { concatenated } from '../../inference/numeric/concatenated.js';
import { mean, rankedPixels, type Metric, type Subject } from './metric.js';

/** Fractions of the pixels that are removed. */
const SHARES = [0.2, 0.4, 0.6, 0.8];
/** Standard deviation of the noise on filled pixels, in prepared units; as in the authors' code. */
const NOISE = 0.01;
const TOLERANCE = 1e-5;
/** Neighbours and their weights: Rong et al. 2022, section 4.2. */
const NEIGHBOURS = [-1, 0, 1].flatMap((down) =>
  [-1, 0, 1].flatMap((across) =>
    down === 0 && across === 0 ? [] : [{ down, across, weight: down === 0 || across === 0 ? 1 / 6 : 1 / 12 }],
  ),
);

/** Equations: each removed pixel is the weighted mean of its neighbours, which may be removed too. */
interface FillSystem {
  /** Sum of the weights of each equation. */
  totals: Float64Array;
  /** Removed neighbours of equation i, from `starts[i]` on: their equations and weights. */
  starts: Int32Array;
  unknowns: Int32Array;
  weights: Float64Array;
  /** Neighbours that are not removed: equation, pixel and weight. */
  known: { equation: number; pixel: number; weight: number }[];
}

function fillSystem(removed: readonly number[], height: number, width: number): FillSystem {
  const equations = new Int32Array(height * width).fill(-1);
  removed.forEach((pixel, equation) => (equations[pixel] = equation));
  const totals = new Float64Array(removed.length);
  const starts = new Int32Array(removed.length + 1);
  const unknowns = new Int32Array(removed.length * NEIGHBOURS.length);
  const weights = new Float64Array(unknowns.length);
  const known: FillSystem['known'] = [];
  let count = 0;
  removed.forEach((pixel, equation) => {
    for (const { down, across, weight } of NEIGHBOURS) {
      const [y, x] = [Math.floor(pixel / width) + down, (pixel % width) + across];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      totals[equation] = (totals[equation] ?? 0) + weight;
      const other = equations[y * width + x] ?? -1;
      if (other < 0) {
        known.push({ equation, pixel: y * width + x, weight });
      } else {
        unknowns[count] = other;
        weights[count++] = weight;
      }
    }
    starts[equation + 1] = count;
  });
  return { totals, starts, unknowns, weights, known };
}

/** Writes A·x into `image`, for the symmetric positive definite matrix A of the equations. */
function multiply({ totals, starts, unknowns, weights }: FillSystem, x: Float64Array, image: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    let sum = (totals[i] as number) * (x[i] as number);
    const end = starts[i + 1] as number;
    for (let at = starts[i] as number; at < end; at++) {
      sum -= (weights[at] as number) * (x[unknowns[at] as number] as number);
    }
    image[i] = sum;
  }
}

function dot(p: Float64Array, q: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += (p[i] as number) * (q[i] as number);
  return sum;
}

/** Solves A·x = b by conjugate gradients (Hestenes and Stiefel 1952). */
function solved(system: FillSystem, b: Float64Array): Float64Array {
  const x = new Float64Array(b.length);
  const residual = b.slice();
  const direction = b.slice();
  const image = new Float64Array(b.length);
  let size = dot(residual, residual);
  const enough = TOLERANCE ** 2 * size;
  for (let round = 0; round < 10 * b.length && size > enough; round++) {
    multiply(system, direction, image);
    const step = size / dot(direction, image);
    for (let i = 0; i < x.length; i++) {
      x[i] = (x[i] as number) + step * (direction[i] as number);
      residual[i] = (residual[i] as number) - step * (image[i] as number);
    }
    const next = dot(residual, residual);
    const share = next / size;
    for (let i = 0; i < x.length; i++) direction[i] = (residual[i] as number) + share * (direction[i] as number);
    size = next;
  }
  return x;
}

/**
 * The picture with pixels filled in by noisy linear imputation: each is the weighted mean of its up to eight neighbours,
 * 1/6 for direct and 1/12 for diagonal ones, plus noise.
 * @param picture [C, H, W]
 * @param removed positions in the plane; not all of them
 */
export function imputed(
  picture: Float32Array,
  { channels, height, width }: Subject['size'],
  removed: readonly number[],
  normal: () => number,
): Float32Array {
  const system = fillSystem(removed, height, width);
  const filled = picture.slice();
  for (let channel = 0; channel < channels; channel++) {
    const start = channel * height * width;
    const b = new Float64Array(removed.length);
    for (const { equation, pixel, weight } of system.known) {
      b[equation] = (b[equation] ?? 0) + weight * (picture[start + pixel] ?? 0);
    }
    solved(system, b).forEach((value, at) => (filled[start + (removed[at] ?? 0)] = value + NOISE * normal()));
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
        const pictures = SHARES.map((share) =>
          imputed(subject.input, subject.size, order.slice(0, Math.round(share * order.length)), subject.normal),
        );
        return { x: SHARES, y: [...(await subject.confidences(concatenated(pictures)))] };
      };
      const most = await curveOf(ranked);
      const least = await curveOf(ranked.toReversed());
      const value = mean(least.y.map((confidence, i) => (confidence - (most.y[i] ?? 0)) / 2));
      return { value, curves: { 'road-most-relevant': most, 'road-least-relevant': least } };
    },
  },
} as const satisfies Record<string, Metric>;
