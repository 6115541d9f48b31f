import { columnTitle, durationText, quantity, signed, timeText } from '../basics/text.ts';
import type { Amounts } from '../model/amounts.ts';
import type { Model } from '../model/model.ts';

/** Returns one line about a column: its total, and the time that it is of. */
export function summaryText(model: Model, column: number, { total }: Amounts, isFiltered: boolean): string {
  const { profiles, columns } = model;
  const { unit } = columns[column]!;
  const title = columnTitle(columns[column]!);
  const isDiff = profiles.length > 1;
  const [first, last] = [profiles[0], profiles.at(-1)];
  const error = isFiltered ? null : (last?.standardErrors[column] ?? null);
  const within = error === null ? '' : ` ± ${quantity(error, unit)}`;
  const parts = [
    isDiff
      ? `${title}: ${quantity(total.before, unit)} to ${quantity(total.after, unit)}${within}, ${signed(total.after - total.before, unit)}`
      : `${title}: ${quantity(total.after, unit)}${within}`,
    ...(isDiff && first?.timeMillis != null ? [`from ${timeText(first.timeMillis)}`] : []),
    ...(last?.timeMillis != null ? [`${isDiff ? 'to' : 'collected'} ${timeText(last.timeMillis)}`] : []),
    ...(!isDiff && last !== undefined && last.durationSeconds > 0
      ? [
          `over ${last.durationSeconds < 60 ? `${last.durationSeconds.toFixed(1)} s` : durationText(last.durationSeconds)}`,
        ]
      : []),
  ];
  return parts.join(', ');
}
