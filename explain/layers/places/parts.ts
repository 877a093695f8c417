/** @file Axes as parts of the picture's rows and columns: what a reshape splits and joins, and which order is the picture's. */
import type { Shape } from '../../../onnx/graph/graph.js';

/** A part of an axis: `size` steps along the picture's rows (y) or columns (x), or places that are no positions. */
export interface Part {
  along: 'y' | 'x' | 'other';
  /** NaN where it is not known, as of a batch. */
  size: number;
  /** Positions from one to the next. */
  step: number;
  /** Positions of the whole picture along its rows or columns. */
  extent: number;
}

/** The parts of each axis, the outermost first. */
export type Places = readonly (readonly Part[])[];

/** A whole axis. */
export function wholeAxis(along: Part['along'], size: number): Part[] {
  return size === 1 ? [] : [{ along, size, step: 1, extent: size }];
}

/** The parts after a reshape; undefined where its sizes do not fit them. Only the first size may be open. */
export function reshapedPlaces(places: Places, after: Shape): Places | undefined {
  const left = places.flat();
  const axes: Part[][] = [];
  for (const size of after.slice(1).toReversed()) {
    const own = typeof size === 'number' ? takenFromEnd(left, size) : undefined;
    if (!own) return undefined;
    axes.unshift(own);
  }
  return [left, ...axes];
}

/** Removes the last parts of so many places, and the inner end of one that holds more. */
function takenFromEnd(parts: Part[], size: number): Part[] | undefined {
  const own: Part[] = [];
  let left = size;
  while (left > 1) {
    const last = parts.pop();
    if (!last || Number.isNaN(last.size)) return undefined;
    if (left % last.size === 0) {
      own.unshift(last);
      left /= last.size;
      continue;
    }
    if (last.size % left !== 0) return undefined;
    own.unshift({ ...last, size: left });
    parts.push({ ...last, size: last.size / left, step: last.step * left });
    left = 1;
  }
  return own;
}

/** Whether parts run along rows or columns alone, in the picture's order and from end to end, if in coarser steps. */
export function runsAlong(parts: readonly Part[], along: Part['along']): boolean {
  let outer: number | undefined;
  for (const part of parts) {
    if (part.along !== along || part.size * part.step !== (outer ?? part.extent)) return false;
    outer = part.step;
  }
  return true;
}

/** Whether an axis of tokens holds the picture row by row. */
export function runsRowByRow(parts: readonly Part[]): boolean {
  const rows = parts.findLastIndex(({ along }) => along === 'y') + 1;
  return runsAlong(parts.slice(0, rows), 'y') && runsAlong(parts.slice(rows), 'x');
}

export const isPositional = (parts: readonly Part[]) => parts.some(({ along }) => along !== 'other');
