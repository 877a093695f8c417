/** @file Maps of global sensitivity analysis: how much of the score's variation comes from each cell of a grid. */
import { jackknifeErrors, jackknifeGroups } from '../../../inference/numeric/jackknife.js';
import { designedInputs, drawnDesigns, totalIndices } from '../../../inference/numeric/total-indices.js';
import type { NetworkRuns, RunsMethod } from '../kinds/method.js';
import { dependences } from './dependence.js';
import { affordedDraws, scoresOfMasked } from './masked-scores.js';

/** A grid over the picture. */
interface Grid {
  height: number;
  width: number;
  /** The mask [H, W] of one number for each cell, without interpolation. */
  mask(cells: ArrayLike<number>): Float32Array;
}

/** A grid of `cells` along each side, or as many as there are pixels. */
function gridOf({ picture }: NetworkRuns, cells: number): Grid {
  const [height, width] = [Math.min(cells, picture.height), Math.min(cells, picture.width)];
  const columns = Int32Array.from({ length: picture.width }, (_, x) => Math.floor((x * width) / picture.width));
  return {
    height,
    width,
    mask(values) {
      const mask = new Float32Array(picture.height * picture.width);
      for (let y = 0; y < picture.height; y++) {
        const row = Math.floor((y * height) / picture.height) * width;
        for (let x = 0; x < picture.width; x++)
          mask[y * picture.width + x] = values[row + (columns[x] as number)] as number;
      }
      return mask;
    },
  };
}

/** Methods that vary the cells of a grid at random. */
export const sensitivityMethods = {
  /**
   * Fel et al. 2021, eq. 4, by Jansen's estimator (1999), as xplique: the total-order index of each of 8×8 cells, the share of
   * the score's variance that goes when the cell alone is fixed, Σ_n (f(a_n) − f(c_n))² / (2·N·V). Cells show the picture by a
   * uniform share of 0…1; c_n is a_n with another share in the cell, V the variance of f(a). Shares are independent random
   * numbers, where xplique takes a Sobol sequence, so that the standard error can be told.
   */
  sobol: {
    kind: 'runs',
    title: 'Sobol',
    at: 'picture',
    costly: true,
    runs: 2080,
    async map(network) {
      const grid = gridOf(network, 8);
      const { height, width } = grid;
      const cells = height * width;
      const draws = affordedDraws(network, { method: 'sobol', draws: 32, least: 8, passes: cells + 1 });
      const designs = drawnDesigns(network.random, draws, cells);
      const scores = await scoresOfMasked(network, draws * (cells + 1), (draw) =>
        grid.mask(designedInputs(designs, cells, draw)),
      );
      const groups = jackknifeGroups(draws);
      const indices = (left?: number) => {
        const kept = designs.flatMap((_, draw) => (draw % groups === left ? [] : [draw * (cells + 1)]));
        return totalIndices(scores, kept, cells);
      };
      return { data: Float32Array.from(indices()), height, width, standardError: jackknifeErrors(groups, indices) };
    },
  },
  /**
   * Novello et al. 2022, eq. 4 and section 3.2, as xplique: the Hilbert-Schmidt independence criterion of each of 7×7 cells
   * and the score, tr(K·H·L·H)/(N − 1)². A cell is visible with probability ½; K is its Dirac kernel, L a Gaussian kernel of
   * scores, whose width is the median of |f_i − f_j|: xplique's, the median score, depends on where scores are 0.
   */
  hsic: {
    kind: 'runs',
    title: 'HSIC',
    at: 'picture',
    costly: true,
    runs: 500,
    async map(network) {
      const grid = gridOf(network, 7);
      const { height, width } = grid;
      const cells = height * width;
      const draws = affordedDraws(network, { method: 'hsic', draws: 500, least: 40, most: 10_000 });
      const { random } = network;
      const shown = Array.from({ length: draws }, () =>
        Uint8Array.from({ length: cells }, () => (random.uniform() < 0.5 ? 1 : 0)),
      );
      const scores = await scoresOfMasked(network, draws, (draw) => grid.mask(shown[draw] as Uint8Array));
      const groups = jackknifeGroups(draws);
      const estimate = dependences(shown, scores, groups);
      return {
        data: Float32Array.from(estimate()),
        height,
        width,
        standardError: jackknifeErrors(groups, estimate),
      };
    },
  },
} as const satisfies Record<string, RunsMethod>;
