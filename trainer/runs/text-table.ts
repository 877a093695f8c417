/** @file Tables as lines of text. */

/** Rows of cells as lines whose columns line up. @param right columns whose cells are numbers */
export function textTable(cells: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const rows = cells.map((row) => row.map((cell) => cell.replaceAll(/\s+/g, ' ')));
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(0, ...rows.map((row) => [...(row[at] ?? '')].length)),
  );
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const gap = ' '.repeat(Math.max(0, (widths[at] ?? 0) - [...cell].length));
        return right.includes(at) ? gap + cell : cell + gap;
      })
      .join('  ')
      .trimEnd(),
  );
}
