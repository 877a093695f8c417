/** @file The equations of `GridMeans` on one grid, and what its method does with them. All arrays have a border of one cell, which is never unknown. */

/** Weights of neighbours that are next to each other, and diagonally. */
export interface NeighbourWeights {
  direct: number;
  diagonal: number;
}

/** The equations on one grid: a symmetric matrix with a diagonal and, for each pair of neighbours, a weight. */
export interface Level {
  height: number;
  width: number;
  /** Positions of the unknown cells, in ascending order: everything else stays 0. */
  cells: Int32Array;
  /** The block of each of them, as a position on the coarser grid; empty on the coarsest. */
  blocks: Int32Array;
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

function emptyLevel(height: number, width: number): Level {
  const array = () => new Float64Array((height + 2) * (width + 2));
  return {
    height,
    width,
    cells: new Int32Array(),
    blocks: new Int32Array(),
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

/** The equations of the grid [height, width] whose values are wanted. @param unknown whether each cell is unknown */
export function finestLevel(unknown: Uint8Array, height: number, width: number, weights: NeighbourWeights): Level {
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

/** The level with what follows from its diagonal. */
function withDamping(level: Level): Level {
  level.diagonal.forEach((value, at) => (level.damped[at] = value > 0 ? DAMPING / value : 0));
  level.cells = Int32Array.from(level.diagonal.keys()).filter((at) => level.diagonal[at] !== 0);
  return level;
}

/** The equations for values that are constant in blocks of 2×2 cells. */
export function coarser(fine: Level): Level {
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
  fine.blocks = fine.cells.map((at) => block(Math.floor(at / (fine.width + 2)) - 1, (at % (fine.width + 2)) - 1));
  return withDamping(coarse);
}

/** Writes the matrix times x into `image`. */
export function multiply(level: Level, x: Float64Array, image: Float64Array): void {
  const { cells, width, diagonal, right, below, belowRight, belowLeft } = level;
  const stride = width + 2;
  for (let i = 0; i < cells.length; i++) {
    const at = cells[i] as number;
    const [up, down] = [at - stride, at + stride];
    image[at] =
      (diagonal[at] as number) * (x[at] as number) -
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
export function scaled({ cells, damped }: Level, b: Float64Array, x: Float64Array): void {
  for (let i = 0; i < cells.length; i++) {
    const at = cells[i] as number;
    x[at] = (damped[at] as number) * (b[at] as number);
  }
}

/** One step of damped Jacobi. */
export function smooth(level: Level): void {
  const { cells, damped, x, b, product } = level;
  multiply(level, x, product);
  for (let i = 0; i < cells.length; i++) {
    const at = cells[i] as number;
    x[at] = (x[at] as number) + (damped[at] as number) * ((b[at] as number) - (product[at] as number));
  }
}

/** Sums the residual over blocks. */
export function restrict({ cells, blocks, b, product }: Level, coarse: Level): void {
  coarse.b.fill(0);
  for (let i = 0; i < cells.length; i++) {
    const [at, to] = [cells[i] as number, blocks[i] as number];
    coarse.b[to] = (coarse.b[to] as number) + (b[at] as number) - (product[at] as number);
  }
}

/** Adds the solution of the blocks to their unknown cells. */
export function correct(coarse: Level, { cells, blocks, x: values }: Level): void {
  for (let i = 0; i < cells.length; i++) {
    const at = cells[i] as number;
    values[at] = (values[at] as number) + CORRECTION * (coarse.x[blocks[i] as number] as number);
  }
}

/** direction ← change + share · direction */
export function addScaled({ cells }: Level, direction: Float64Array, share: number, change: Float64Array): void {
  for (let i = 0; i < cells.length; i++) {
    const at = cells[i] as number;
    direction[at] = (change[at] as number) + share * (direction[at] as number);
  }
}

/** x ← x + step · direction, residual ← residual − step · image */
export function stepAlong(
  { cells }: Level,
  step: number,
  { x, residual, direction, image }: Record<'x' | 'residual' | 'direction' | 'image', Float64Array>,
): void {
  for (let i = 0; i < cells.length; i++) {
    const at = cells[i] as number;
    x[at] = (x[at] as number) + step * (direction[at] as number);
    residual[at] = (residual[at] as number) - step * (image[at] as number);
  }
}

/** Σ p·q */
export function dot({ cells }: Level, p: Float64Array, q: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < cells.length; i++) {
    const at = cells[i] as number;
    sum += (p[at] as number) * (q[at] as number);
  }
  return sum;
}
