/**
 * Rounds a table of numbers to integers, column by column, so that the sum of each rounded column is the rounded sum of
 * the column.
 *
 * Only fractional parts are carried from row to row. So integers, including 0, are unchanged, and a large total cannot
 * swallow a fraction.
 *
 * @param values rows one after another, `width` numbers each; changed in place
 */
export function roundColumns(values: Float64Array, width: number): void {
  for (let column = 0; column < width; column++) {
    let carried = 0;
    let given = 0;
    for (let at = column; at < values.length; at += width) {
      const value = values[at]!;
      const whole = Math.floor(value);
      carried += value - whole;
      const due = Math.round(carried);
      // Adding 0 turns -0 into 0.
      values[at] = whole + (due - given) + 0;
      given = due;
    }
  }
}
