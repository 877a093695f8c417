/** @file RISE: which pixels are visible when the score is high, over random masks. */
import { bilinearResized } from '../../../inference/numeric/bilinear.js';
import { jackknifeErrors, jackknifeGroups } from '../../../inference/numeric/jackknife.js';
import type { NetworkRuns, RunsMethod } from '../kinds/method.js';
import { affordedDraws, scoresOfMasked } from './masked-scores.js';

/** Cells of the grid along a side, and the share of them that is visible. */
const CELLS = 7;
const VISIBLE = 0.5;

/** A grid of cells that are visible or not, and by how many pixels it is shifted. */
interface RandomMask {
  cells: Float32Array;
  right: number;
  down: number;
}

/** Pixels of a cell. */
const cellOf = (side: number) => Math.ceil(side / CELLS);

function drawnMasks({ random, picture: { height, width } }: NetworkRuns, count: number): RandomMask[] {
  return Array.from({ length: count }, () => ({
    cells: Float32Array.from({ length: CELLS * CELLS }, () => (random.uniform() < VISIBLE ? 1 : 0)),
    down: Math.floor(random.uniform() * cellOf(height)),
    right: Math.floor(random.uniform() * cellOf(width)),
  }));
}

/** The mask of the picture's size: the grid enlarged to one cell more than the picture, and cut at its shift. */
function enlarged({ cells, down, right }: RandomMask, { height, width }: NetworkRuns['picture']): Float32Array {
  const [fullHeight, fullWidth] = [(CELLS + 1) * cellOf(height), (CELLS + 1) * cellOf(width)];
  const full = bilinearResized(cells, CELLS, CELLS, fullHeight, fullWidth);
  const mask = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const from = (y + down) * fullWidth + right;
    mask.set(full.subarray(from, from + width), y * width);
  }
  return mask;
}

/** Sums over draws: of scores, of masks [H, W], and of their products. */
interface Sums {
  draws: number;
  score: number;
  mask: Float64Array;
  product: Float64Array;
}

/** Σ m·(f − f̄) / Σ m of the draws in `all` that are not in `left`. */
function weightedMeans(all: Sums, left?: Sums): Float64Array {
  const mean = (all.score - (left?.score ?? 0)) / (all.draws - (left?.draws ?? 0));
  return all.mask.map((total, at) => {
    const mask = total - (left?.mask[at] ?? 0);
    const product = (all.product[at] as number) - (left?.product[at] ?? 0);
    return mask === 0 ? 0 : product / mask - mean;
  });
}

/** Methods that see the picture through random masks. */
export const riseMethods = {
  /**
   * Petsiuk et al. 2018 (RISE), eq. 5 and section 3.2: the mean score of pictures x ⊙ m where the pixel is visible,
   * Σ f·m(λ) / Σ m(λ), minus the mean of all scores. Masks are 7×7 cells of 0 and 1, half of each, enlarged bilinearly with a
   * random shift. The paper divides by the mean that Σ m has, and does not subtract: its map is this one plus a constant,
   * with more noise where scores are far from 0.
   */
  rise: {
    kind: 'runs',
    title: 'RISE',
    at: 'picture',
    costly: true,
    runs: 4000,
    async map(network) {
      const { picture, score } = network;
      const draws = affordedDraws(network, { method: 'rise', draws: 4000, least: 100 });
      const masks = drawnMasks(network, draws);
      const mask = (draw: number) => enlarged(masks[draw] as RandomMask, picture);
      const scores = await scoresOfMasked(network, draws, mask);
      const plane = picture.height * picture.width;
      const groups = Array.from({ length: jackknifeGroups(draws, 2 * plane) + 1 }, (): Sums => {
        return { draws: 0, score: 0, mask: new Float64Array(plane), product: new Float64Array(plane) };
      });
      const [all, ...parts] = groups as [Sums, ...Sums[]];
      scores.forEach((found, draw) => {
        // Made again, as all masks together take too much memory.
        const own = mask(draw);
        // Scores near 0 leave smaller rounding.
        const value = found - score;
        for (const sums of [all, parts[draw % parts.length] as Sums]) {
          sums.draws++;
          sums.score += value;
          for (let at = 0; at < plane; at++) {
            const visible = own[at] as number;
            sums.mask[at] = (sums.mask[at] as number) + visible;
            sums.product[at] = (sums.product[at] as number) + visible * value;
          }
        }
      });
      return {
        data: Float32Array.from(weightedMeans(all)),
        height: picture.height,
        width: picture.width,
        ...(parts.length > 1 && {
          standardError: jackknifeErrors(parts.length, (group) => weightedMeans(all, parts[group])),
        }),
      };
    },
  },
} as const satisfies Record<string, RunsMethod>;
