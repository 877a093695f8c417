/** @file Where the columns of a figure are. */
import { GAP, MARGIN } from '../../inference/figures/theme.js';
import { InputError } from '../../onnx/errors.js';

/** Width of labels beside rows. */
export const LABEL_WIDTH = 184;
const LABEL_GAP = 16;
/** Least width of pictures that have labels beside them. */
export const MIN_CELL = 96;

/** Columns of a row: the picture, and each method's map, alone and overlaid. */
export const columnsPerRow = (methods: number) => 1 + 2 * methods;

/** Where the columns of pictures are. */
export interface Columns {
  cell: number;
  margin: number;
  /** Left ends of the columns. */
  lefts: number[];
  width: number;
  /** Whether labels stand above their rows, as there is no room beside them. */
  labelsAbove: boolean;
}

const PRINT_MARGIN = 4;
const MIN_PRINT_CELL = 68;

/**
 * The columns of a figure that is as wide as they need, or of a given width.
 * @param options.between what is left free between columns besides their distance
 * @throws InputError if they do not fit
 */
export function columnsOf(
  count: number,
  cell: number,
  { width, labelled = true, between = 0 }: { width?: number | undefined; labelled?: boolean; between?: number },
): Columns {
  const beside = labelled ? LABEL_WIDTH + LABEL_GAP : 0;
  const placed = (margin: number, side: number, label: number): Columns => {
    const lefts = Array.from({ length: count }, (_, i) => margin + label + i * (side + GAP));
    const own = (lefts.at(-1) ?? 0) + side + margin;
    return { cell: side, margin, lefts, width: width ?? own, labelsAbove: labelled && label === 0 };
  };
  if (width === undefined) return placed(MARGIN, cell, beside);
  const fitting = (label: number) => Math.floor((width - 2 * PRINT_MARGIN - between - label + GAP) / count) - GAP;
  if (fitting(beside) >= MIN_CELL) return placed(PRINT_MARGIN, fitting(beside), beside);
  if (fitting(0) >= MIN_PRINT_CELL) return placed(PRINT_MARGIN, fitting(0), 0);
  const least = 2 * PRINT_MARGIN + between + count * (MIN_PRINT_CELL + GAP) - GAP;
  throw new InputError({
    name: 'width',
    expected: `at least ${Math.ceil((least / 96) * 25.4)} mm for ${count} columns of pictures`,
    got: `${Math.round((width / 96) * 25.4)}`,
  });
}
