/** @file The bytes of a figure, drawn in this thread or in another. */
import { drawingFile } from '../../../inference/figures/files.node.js';
import type { Drawing } from '../../../inference/figures/drawing.node.js';
import { Thread } from '../../../inference/runtime/thread.node.js';
import { contactSheetDrawing } from '../../figures/contact-sheet.node.js';
import { layoutWidth, type FigureFileOptions } from '../../figures/figure-options.js';
import { columnsOf, columnsPerRow } from '../../figures/columns.js';
import { figureDrawing, type FigureRow } from '../../figures/figure.node.js';
import type { PaletteName } from '../../figures/names.js';
import { BLOCK_GAP, sideBySideDrawing } from '../../figures/side-by-side.node.js';
import { InputError } from '../../../onnx/errors.js';

/** Rows of a figure, and how it looks. */
export interface FigureContent {
  rows: readonly FigureRow[];
  palette: PaletteName;
  figures: FigureFileOptions;
}

/** With more methods a contact sheet is drawn instead of a figure. */
const MAX_METHODS = 4;

/** The figure of these rows, laid out. @throws InputError if it does not fit its width, or `perRow` does not fit the methods */
export function drawingOf({ rows, palette, figures }: FigureContent): Drawing {
  const { sameScale = false, titles = true, perRow = 1, width } = figures;
  const options = { palette, sameScale, titles, perRow, ...(width !== undefined && { width: layoutWidth(width) }) };
  if (isMany(rows)) {
    if (perRow > 1) throw notSideBySide(perRow);
    return contactSheetDrawing(rows, options);
  }
  return perRow > 1 ? sideBySideDrawing(rows, options) : figureDrawing(rows, options);
}

const notSideBySide = (got: number) =>
  new InputError({
    name: 'perRow',
    expected: `1 with more than ${MAX_METHODS} methods, or different ones in rows`,
    got,
  });

/**
 * Checks before the first map what is known of a figure by then.
 * @param of how many methods each row has, and how many rows there are at least
 * @throws InputError as `drawingOf`
 */
export function requireFigureFits(
  { methods, rows }: { methods: number; rows: number },
  { width, perRow = 1, titles = true }: FigureFileOptions,
): void {
  if (methods > MAX_METHODS) {
    if (perRow > 1) throw notSideBySide(perRow);
    return;
  }
  if (width === undefined || methods === 0) return;
  const blocks = Math.min(perRow, rows);
  const between = (blocks - 1) * BLOCK_GAP;
  const layout = { width: layoutWidth(width), labelled: titles && blocks === 1, between };
  columnsOf(blocks * columnsPerRow(methods), 0, layout);
}

/** The figure's file. */
export function drawnFigure(content: FigureContent): Promise<Uint8Array> {
  return drawingFile(drawingOf(content), content.figures);
}

/** Whether rows have more methods than fit side by side, or different ones. */
function isMany(rows: readonly FigureRow[]): boolean {
  const names = new Set(rows.map(({ maps }) => maps.map(({ method }) => method).join('\n')));
  return names.size > 1 || rows.some(({ maps }) => maps.length > MAX_METHODS);
}

/** Draws figures in a thread of its own, so that this thread can keep the network busy. */
export class FigureThread {
  #thread: Promise<Thread> | undefined;

  /** The figure's file. The thread is started when first needed. */
  async drawn(content: FigureContent): Promise<Uint8Array> {
    this.#thread ??= Thread.start(new URL('./figure-thread.node.js', import.meta.url));
    return (await this.#thread).ask<Uint8Array>(content);
  }

  /** Ends the thread. */
  async end(): Promise<void> {
    const thread = await this.#thread?.catch(() => undefined);
    this.#thread = undefined;
    await thread?.end();
  }
}
