import { textWidth } from './width.ts';

/** How wide each column is, over its head and all rows, of which there may be very many. */
export function columnWidths(heads: readonly string[], rows: Iterable<readonly string[]>): readonly number[] {
  const widths = heads.map(textWidth);
  for (const cells of rows)
    for (const [column, width] of widths.entries()) widths[column] = Math.max(width, textWidth(cells[column] ?? ''));
  return widths;
}

/** Cells in columns, without blanks at the end. */
export function inColumns(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - textWidth(cell))))
    .join('  ')
    .trimEnd();
}
