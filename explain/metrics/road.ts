/** @file ROAD: pixels are removed by filling them in from their neighbours, so that the hole itself tells nothing. */
import { mean, rankedPixels, stacked, type Metric, type Subject } from './metric.js';

/** Shares of the pixels that are removed. */
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

/** Equations by which each removed pixel is the weighted mean of its neighbours, those removed among them. */
interface FillSystem {
  removed: readonly number[];
  /** Of each removed pixel: sum of its weights, neighbours that are removed (positions in `removed`) and that are not. */
  rows: { total: number; unknown: [number, number][]; known: [number, number][] }[];
}

function fillSystem(removed: readonly number[], height: number, width: number): FillSystem {
  const places = new Map(removed.map((pixel, at) => [pixel, at]));
  const rows = removed.map((pixel) => {
    const row: FillSystem['rows'][number] = { total: 0, unknown: [], known: [] };
    for (const { down, across, weight } of NEIGHBOURS) {
      const [y, x] = [Math.floor(pixel / width) + down, (pixel % width) + across];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      const neighbour = y * width + x;
      const place = places.get(neighbour);
      row.total += weight;
      if (place === undefined) row.known.push([neighbour, weight]);
      else row.unknown.push([place, weight]);
    }
    return row;
  });
  return { removed, rows };
}

/** A·x for the symmetric positive definite matrix of the equations. */
function product({ rows }: FillSystem, x: Float64Array): Float64Array {
  return Float64Array.from(rows, ({ total, unknown }, at) =>
    unknown.reduce((sum, [place, weight]) => sum - weight * (x[place] ?? 0), total * (x[at] ?? 0)),
  );
}

/** Solves A·x = b by conjugate gradients (Hestenes and Stiefel 1952). */
function solved(system: FillSystem, b: Float64Array): Float64Array {
  const dot = (p: Float64Array, q: Float64Array) => p.reduce((sum, value, i) => sum + value * (q[i] ?? 0), 0);
  const x = new Float64Array(b.length);
  const residual = b.slice();
  let direction = b.slice();
  let size = dot(residual, residual);
  const enough = TOLERANCE ** 2 * size;
  for (let round = 0; round < 10 * b.length && size > enough; round++) {
    const image = product(system, direction);
    const step = size / dot(direction, image);
    for (let i = 0; i < x.length; i++) {
      x[i] = (x[i] ?? 0) + step * (direction[i] ?? 0);
      residual[i] = (residual[i] ?? 0) - step * (image[i] ?? 0);
    }
    const next = dot(residual, residual);
    const share = next / size;
    direction = direction.map((value, i) => (residual[i] ?? 0) + share * value);
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
    const b = Float64Array.from(system.rows, ({ known }) =>
      known.reduce((sum, [pixel, weight]) => sum + weight * (picture[start + pixel] ?? 0), 0),
    );
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
        return { x: SHARES, y: [...(await subject.confidences(stacked(pictures)))] };
      };
      const most = await curveOf(ranked);
      const least = await curveOf(ranked.toReversed());
      const value = mean(least.y.map((confidence, i) => (confidence - (most.y[i] ?? 0)) / 2));
      return { value, curves: { 'road-most-relevant': most, 'road-least-relevant': least } };
    },
  },
} as const satisfies Record<string, Metric>;
