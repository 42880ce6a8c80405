const GAP = '  ';

/**
 * Rows of text under their headings, each column as wide as its widest cell; columns of numbers are aligned at their ends.
 * @param rows as many cells each as there are headings
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows];
  const columns = headings.map((_, column) => {
    const cells = lines.map((line) => line[column] ?? '');
    return { width: Math.max(...cells.map((cell) => cell.length)), isNumeric: rows.length > 0 && cells.slice(1).every((cell) => /^(?:[\d.,]+( [a-zA-Z]+)?|-)$/.test(cell)) };
  });
  const shown = lines.map((line) => columns.map(({ width, isNumeric }, column) => (isNumeric ? (line[column] ?? '').padStart(width) : (line[column] ?? '').padEnd(width))).join(GAP).trimEnd());
  return shown.map((line) => `${line}\n`).join('');
}
