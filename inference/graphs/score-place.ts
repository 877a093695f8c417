/** @file How scores lie in a value: which axis is that of the classes, and which are positions. */
import type { Dim, Shape } from '../../onnx/graph/graph.js';

/** Scores of one picture, or of each position of it. */
export interface ScorePlace {
  classes: number;
  /** Positions; missing for one score per class. */
  grid?: { height: number; width: number };
  /** Axis of the classes; missing where a value holds one score only, or one for each position. */
  classAxis?: number;
  /** Whether the value lacks a batch axis. */
  batchless?: true;
}

/** What is known of a value beside its sizes. */
export interface PlaceHints {
  /** Size of the network's batch axis. */
  batch: Dim | undefined;
  /** The classes' axis, where operators tell it; from the end where negative. */
  classAxis?: number | undefined;
  /** Size of the picture, whose aspect the positions have. */
  picture?: { height: number; width: number } | undefined;
  /** Number of class names. */
  names?: number | undefined;
}

/** Undefined unless the sizes are those of one score per picture, per class, or per class and position. */
export function scorePlace(shape: Shape | undefined, hints: PlaceHints): ScorePlace | undefined {
  if (!shape) return undefined;
  const { batch } = hints;
  const single = batch === 1;
  const first = shape[0];
  const hasBatch = shape.length > 0 && (first === batch || typeof first === 'string');
  const known = hints.classAxis === undefined ? undefined : hints.classAxis + (hints.classAxis < 0 ? shape.length : 0);
  if (shape.length === 0) return single ? { classes: 1 } : undefined;
  if (shape.length === 1 && hasBatch) return { classes: 1 };
  // A model of one picture at a time may leave the batch out.
  const lead = hasBatch || !single ? 1 : 0;
  const batchless = lead === 0 ? ({ batchless: true } as const) : {};
  const rest = shape.slice(lead);
  if (rest.length === 0 || rest.length > 3 || rest.some((size) => typeof size !== 'number')) return undefined;
  const sizes = rest as number[];
  const several = sizes.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const named = known === undefined || known < lead ? undefined : known - lead;
  // Scores of classes may stand on any axis of size 1 otherwise, unless it is known to be one of positions.
  if (several.length === 0) return { classes: 1 };
  const [only] = several;
  if (several.length === 1 && only !== undefined) {
    const isPositions = sizes.length > 1 && named !== undefined && named !== only && hints.names === 1;
    if (!isPositions) return { classes: sizes[only] as number, classAxis: only + lead };
  }
  if (sizes.length === 3) {
    const axis = named ?? denseAxis(sizes as [number, number, number], hints);
    const [height, width] = sizes.filter((_, at) => at !== axis) as [number, number];
    return { classes: sizes[axis] as number, grid: { height, width }, classAxis: axis + lead, ...batchless };
  }
  const [a, b] = sizes as [number, number];
  if (named === undefined && isPictureShaped(a, b, hints))
    return { classes: 1, grid: { height: a, width: b }, ...batchless };
  const axis = named ?? (hints.names === a ? 0 : 1);
  return {
    classes: axis === 0 ? a : b,
    grid: { height: 1, width: axis === 0 ? b : a },
    classAxis: axis + lead,
    ...batchless,
  };
}

/** The axis of classes among three: the one without which the others have the picture's aspect; the first of several. */
function denseAxis(sizes: readonly [number, number, number], hints: PlaceHints): number {
  const [a, b, c] = sizes;
  if (a === 1) return 0;
  if (c === 1) return 2;
  const last = isPictureShaped(a, b, hints) && !isPictureShaped(b, c, hints);
  return last ? 2 : 0;
}

function isPictureShaped(height: number, width: number, { picture }: PlaceHints): boolean {
  return picture !== undefined && height >= 2 && width >= 2 && hasAspectOf(picture, height, width);
}

/** Whether so many rows and columns have a picture's aspect ratio, but for rounding. */
export function hasAspectOf(picture: { height: number; width: number }, height: number, width: number): boolean {
  return Math.abs(height * picture.width - width * picture.height) <= Math.max(picture.width, picture.height);
}
