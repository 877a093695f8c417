/** @file Options of grids: how many columns and rows. */
import { InputError } from '../../../onnx/errors.js';
import { parsedGrid } from '../../parse/grid.js';
import { parsed } from './option.js';

export const gridOption = {
  grid: parsed('Columns × rows of the grid, such as 8x8 [default: nearly square]', parsedGrid),
};

/** Columns for so many pictures. @throws InputError if they do not fit into the cells */
export function columnsFor(count: number, cells: { columns: number; rows: number } | undefined): number {
  if (cells && count > cells.columns * cells.rows) {
    throw new InputError({
      name: 'grid',
      expected: `at least ${count} cells, one per picture`,
      got: `${cells.columns}x${cells.rows}`,
    });
  }
  return cells?.columns ?? Math.ceil(Math.sqrt(count));
}
