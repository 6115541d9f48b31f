// Prints figures as a table.

const COLUMNS = ['', 'median', 'min', 'max', 'runs', 'target', ''];

export function formatTable(figures) {
  const rows = [COLUMNS, ...figures.map(toRow)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column], column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function toRow({ part, what, unit, value, min, max, runs, target, missed }) {
  return [
    `${part}: ${what}`,
    `${number(value)} ${unit}`.trim(),
    number(min),
    number(max),
    String(runs),
    target ? targetText(target) : '',
    target ? (missed ? 'MISSED' : 'ok') : '',
  ];
}

function targetText({ atLeast, atMost }) {
  return atLeast !== undefined ? `>= ${atLeast}` : `<= ${atMost}`;
}

/** Returns the number with four significant digits, never in exponents. */
function number(value) {
  if (!Number.isFinite(value)) return '-';
  const digits = Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toFixed(Math.min(digits, 4));
}

function pad(cell, width, column) {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
