/**
 * @file Unknown values on a grid, each the weighted mean of its neighbours: conjugate gradients (Hestenes and Stiefel 1952)
 * with a multigrid cycle as preconditioner. All arrays have a border of one cell, which is never unknown.
 */

/** Weights of neighbours that are next to each other, and diagonally. */
export interface NeighbourWeights {
  direct: number;
  diagonal: number;
}

/** The equations on one grid: a symmetric matrix with a diagonal and, for each pair of neighbours, a weight. */
interface Level {
  height: number;
  width: number;
  /** Sum of the weights of a cell; 0 where there is no unknown. */
  diagonal: Float64Array;
  /** ω / diagonal, for one step of damped Jacobi. */
  damped: Float64Array;
  /** Weight towards the neighbours on the right, below, below on the right, and below on the left. */
  right: Float64Array;
  below: Float64Array;
  belowRight: Float64Array;
  belowLeft: Float64Array;
  /** Unknowns, right-hand side and a product, used by the cycle. */
  x: Float64Array;
  b: Float64Array;
  product: Float64Array;
}

/** Damping of Jacobi's method. */
const DAMPING = 0.9;
/** Corrections from a coarser grid that is constant in blocks are too small by about this factor (Braess 1995). */
const CORRECTION = 1.8;
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
    const enough = tolerance ** 2 * dot(residual, residual);
    let previous = 0;
    for (let round = 0; round < size && dot(residual, residual) > enough; round++) {
      const preconditioned = this.#cycle(residual);
      const next = dot(residual, preconditioned);
      const share = round === 0 ? 0 : next / previous;
      for (let i = 0; i < size; i++) direction[i] = (preconditioned[i] as number) + share * (direction[i] as number);
      multiply(finest, direction, image);
      const step = next / dot(direction, image);
      for (let i = 0; i < size; i++) {
        x[i] = (x[i] as number) + step * (direction[i] as number);
        residual[i] = (residual[i] as number) - step * (image[i] as number);
      }
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

function emptyLevel(height: number, width: number): Level {
  const array = () => new Float64Array((height + 2) * (width + 2));
  return {
    height,
    width,
    diagonal: array(),
    damped: array(),
    right: array(),
    below: array(),
    belowRight: array(),
    belowLeft: array(),
    x: array(),
    b: array(),
    product: array(),
  };
}

function finestLevel(unknown: Uint8Array, height: number, width: number, weights: NeighbourWeights): Level {
  const level = emptyLevel(height, width);
  const stride = width + 2;
  const isUnknown = (y: number, x: number) => x >= 0 && x < width && y < height && unknown[y * width + x] === 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isUnknown(y, x)) continue;
      const at = (y + 1) * stride + x + 1;
      const across = (x > 0 ? 1 : 0) + (x < width - 1 ? 1 : 0);
      const down = (y > 0 ? 1 : 0) + (y < height - 1 ? 1 : 0);
      level.diagonal[at] = weights.direct * (across + down) + weights.diagonal * across * down;
      if (isUnknown(y, x + 1)) level.right[at] = weights.direct;
      if (isUnknown(y + 1, x)) level.below[at] = weights.direct;
      if (isUnknown(y + 1, x + 1)) level.belowRight[at] = weights.diagonal;
      if (isUnknown(y + 1, x - 1)) level.belowLeft[at] = weights.diagonal;
    }
  }
  return withDamping(level);
}

function withDamping(level: Level): Level {
  level.diagonal.forEach((value, at) => (level.damped[at] = value > 0 ? DAMPING / value : 0));
  return level;
}

/** The equations for values that are constant in blocks of 2×2 cells. */
function coarser(fine: Level): Level {
  const coarse = emptyLevel(Math.ceil(fine.height / 2), Math.ceil(fine.width / 2));
  const stride = coarse.width + 2;
  const block = (y: number, x: number) => ((y >> 1) + 1) * stride + (x >> 1) + 1;
  const add = (array: Float64Array, at: number, value: number) => (array[at] = (array[at] as number) + value);
  const addPair = (weight: number, from: number, to: number) => {
    if (weight === 0) return;
    if (to === from) add(coarse.diagonal, from, -2 * weight);
    else if (to === from + 1) add(coarse.right, from, weight);
    else if (to === from - 1) add(coarse.right, to, weight);
    else if (to === from + stride) add(coarse.below, from, weight);
    else add(to > from + stride ? coarse.belowRight : coarse.belowLeft, from, weight);
  };
  for (let y = 0; y < fine.height; y++) {
    for (let x = 0; x < fine.width; x++) {
      const at = (y + 1) * (fine.width + 2) + x + 1;
      const own = block(y, x);
      add(coarse.diagonal, own, fine.diagonal[at] as number);
      addPair(fine.right[at] as number, own, block(y, x + 1));
      addPair(fine.below[at] as number, own, block(y + 1, x));
      addPair(fine.belowRight[at] as number, own, block(y + 1, x + 1));
      addPair(fine.belowLeft[at] as number, own, block(y + 1, x - 1));
    }
  }
  return withDamping(coarse);
}

/** Writes the matrix times x into `image`. */
function multiply(level: Level, x: Float64Array, image: Float64Array): void {
  const { height, width, diagonal, right, below, belowRight, belowLeft } = level;
  const stride = width + 2;
  for (let at = stride + 1; at < (height + 1) * stride - 1; at++) {
    const own = diagonal[at] as number;
    if (own === 0) continue;
    const [up, down] = [at - stride, at + stride];
    image[at] =
      own * (x[at] as number) -
      (right[at] as number) * (x[at + 1] as number) -
      (right[at - 1] as number) * (x[at - 1] as number) -
      (below[at] as number) * (x[down] as number) -
      (below[up] as number) * (x[up] as number) -
      (belowRight[at] as number) * (x[down + 1] as number) -
      (belowRight[up - 1] as number) * (x[up - 1] as number) -
      (belowLeft[at] as number) * (x[down - 1] as number) -
      (belowLeft[up + 1] as number) * (x[up + 1] as number);
  }
}

/** One step of damped Jacobi from zero. */
function scaled({ damped }: Level, b: Float64Array, x: Float64Array): void {
  for (let at = 0; at < x.length; at++) x[at] = (damped[at] as number) * (b[at] as number);
}

/** One step of damped Jacobi. */
function smooth(level: Level): void {
  const { damped, x, b, product } = level;
  multiply(level, x, product);
  for (let at = 0; at < x.length; at++)
    x[at] = (x[at] as number) + (damped[at] as number) * ((b[at] as number) - (product[at] as number));
}

/** Sums the residual over blocks. */
function restrict({ height, width, b, product }: Level, coarse: Level): void {
  coarse.b.fill(0);
  for (let y = 0; y < height; y++) {
    const row = ((y >> 1) + 1) * (coarse.width + 2) + 1;
    for (let x = 0, at = (y + 1) * (width + 2) + 1; x < width; x++, at++) {
      const to = row + (x >> 1);
      coarse.b[to] = (coarse.b[to] as number) + (b[at] as number) - (product[at] as number);
    }
  }
}

/** Adds the solution of the blocks to their unknown cells. */
function correct(coarse: Level, { height, width, diagonal, x: values }: Level): void {
  for (let y = 0; y < height; y++) {
    const row = ((y >> 1) + 1) * (coarse.width + 2) + 1;
    for (let x = 0, at = (y + 1) * (width + 2) + 1; x < width; x++, at++) {
      if (diagonal[at] !== 0) values[at] = (values[at] as number) + CORRECTION * (coarse.x[row + (x >> 1)] as number);
    }
  }
}

function dot(p: Float64Array, q: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += (p[i] as number) * (q[i] as number);
  return sum;
}
