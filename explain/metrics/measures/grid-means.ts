/**
 * @file Unknown values on a grid, each the weighted mean of its neighbours: conjugate gradients (Hestenes and Stiefel 1952)
 * with a multigrid cycle as preconditioner.
 */
import {
  addScaled,
  coarser,
  correct,
  dot,
  finestLevel,
  type Level,
  multiply,
  type NeighbourWeights,
  restrict,
  scaled,
  smooth,
  stepAlong,
} from './grid-level.js';

/** Grids with fewer cells than this are smoothed only. */
const COARSEST = 16;
const COARSEST_STEPS = 8;

/** Equations for unknown cells of a grid. */
export class GridMeans {
  readonly #levels: Level[];

  /** @param unknown whether each cell of a grid [height, width] is unknown; not all of them are */
  constructor(
    unknown: Uint8Array,
    readonly height: number,
    readonly width: number,
    readonly weights: NeighbourWeights,
  ) {
    const finest = finestLevel(unknown, height, width, weights);
    this.#levels = [finest];
    for (let level = finest; level.height * level.width > COARSEST;) {
      level = coarser(level);
      this.#levels.push(level);
    }
  }

  /**
   * The values with the unknown ones solved for.
   * @param values [height, width]; those of unknown cells do not matter
   * @param tolerance of the residual, relative to the right-hand side
   */
  solved(values: Float32Array, tolerance: number): Float64Array {
    const [finest] = this.#levels as [Level];
    const { height, width } = this;
    const stride = width + 2;
    const size = stride * (height + 2);
    const [x, known] = [new Float64Array(size), new Float64Array(size)];
    for (let y = 0; y < height; y++) {
      for (let at = (y + 1) * stride + 1, i = y * width; i < (y + 1) * width; at++, i++) {
        if (finest.diagonal[at] === 0) known[at] = values[i] as number;
      }
    }
    const residual = this.#knownSums(known);
    const [direction, image] = [new Float64Array(size), new Float64Array(size)];
    const enough = tolerance ** 2 * dot(finest, residual, residual);
    let previous = 0;
    for (let round = 0; round < size && dot(finest, residual, residual) > enough; round++) {
      const preconditioned = this.#cycle(residual);
      const next = dot(finest, residual, preconditioned);
      const share = round === 0 ? 0 : next / previous;
      addScaled(finest, direction, share, preconditioned);
      multiply(finest, direction, image);
      const step = next / dot(finest, direction, image);
      stepAlong(finest, step, { x, residual, direction, image });
      previous = next;
    }
    const found = new Float64Array(height * width);
    for (let y = 0; y < height; y++) {
      for (let at = (y + 1) * stride + 1, i = y * width; i < (y + 1) * width; at++, i++) {
        found[i] = (x[at] as number) + (known[at] as number);
      }
    }
    return found;
  }

  /** For each unknown cell the weighted sum of its known neighbours. */
  #knownSums(known: Float64Array): Float64Array {
    const [{ diagonal }] = this.#levels as [Level];
    const { direct, diagonal: oblique } = this.weights;
    const stride = this.width + 2;
    const sums = new Float64Array(known.length);
    const k = (at: number) => known[at] as number;
    for (let at = stride + 1; at < known.length - stride - 1; at++) {
      if (diagonal[at] === 0) continue;
      sums[at] =
        direct * (k(at - 1) + k(at + 1) + k(at - stride) + k(at + stride)) +
        oblique * (k(at - stride - 1) + k(at - stride + 1) + k(at + stride - 1) + k(at + stride + 1));
    }
    return sums;
  }

  /** An approximate solution for a right-hand side, by one symmetric V-cycle; valid until the next call. */
  #cycle(b: Float64Array): Float64Array {
    const levels = this.#levels;
    const last = levels.length - 1;
    (levels[0] as Level).b = b;
    for (let i = 0; i < last; i++) {
      const level = levels[i] as Level;
      scaled(level, level.b, level.x);
      multiply(level, level.x, level.product);
      restrict(level, levels[i + 1] as Level);
    }
    const coarsest = levels[last] as Level;
    coarsest.x.fill(0);
    for (let step = 0; step < COARSEST_STEPS; step++) smooth(coarsest);
    for (let i = last - 1; i >= 0; i--) {
      const level = levels[i] as Level;
      correct(levels[i + 1] as Level, level);
      smooth(level);
    }
    return (levels[0] as Level).x;
  }
}
