/**
 * Lines of cells in columns, two blanks between them.
 * @param rightAligned how many columns, from the left, hold numbers
 */
export function formatTable(rows: readonly (readonly string[])[], rightAligned: number): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column < rightAligned ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
