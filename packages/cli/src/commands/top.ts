import { type TopGroup, type TopRow, topOf, totals } from '@heapray/exporter/profile';
import { type Command, Option } from 'commander';
import { COLUMN_WORDS, type PickedColumn, pickColumn } from '../inputs/columns.js';
import { PROFILE_FORMATS, readInput } from '../inputs/index.js';
import { applyStrict } from '../inputs/memray.js';
import { pseudoFrameNotes } from '../outputs/pseudo-frame-notes.js';
import { writeJson, writeStdout } from '../outputs/stdout.js';
import { nameText, placeText } from '../text/place.js';
import { printable } from '../text/printable.js';
import { formatQuantity, formatShare } from '../text/quantity.js';
import { fitLine, formatTable } from '../text/table.js';
import { maxMemoryOption, maxSecondsOption, rowsOption, strictOption } from './options.js';

interface TopOptions {
  readonly by?: string;
  readonly group: TopGroup;
  readonly rows: number;
  readonly json?: true;
  readonly strict?: true;
}

/** What rows may be. */
export const GROUPS: readonly TopGroup[] = [
  'function',
  'file',
  'package',
  'component',
  'thread',
  'allocator',
];

export function addTop(program: Command): void {
  program
    .command('top')
    .summary('the biggest places of a profile')
    .description(
      `Lists who has or allocates the most. Reads ${PROFILE_FORMATS}, told apart by content. ` +
        'A function is charged with what it and the runtime below it allocate (flat), and with all that its ' +
        'callees allocate too (cumulative).',
    )
    .argument('<file>', 'the profile; - for standard input')
    .option('--by <column>', `what to rank by: ${COLUMN_WORDS} (default: the profile's own)`)
    .addOption(new Option('--group <kind>', 'what the rows are').choices([...GROUPS]).default('function'))
    .addOption(rowsOption(10))
    .option('--json', 'as JSON, on standard output')
    .addOption(strictOption())
    .addOption(maxMemoryOption())
    .addOption(maxSecondsOption())
    .action(top);
}

async function top(file: string, options: TopOptions): Promise<void> {
  const { profile, format, end } = await readInput(file);
  applyStrict(options.strict, end);
  const column = pickColumn(profile, options.by, file);
  const { group } = options;
  const all = topOf(profile, { column: column.type, groupBy: group });
  const rows = all.slice(0, options.rows);
  const total = totals(profile)[column.type] ?? 0;
  const omitted = all.length - rows.length;
  if (options.json) {
    const { type, unit } = column;
    return writeJson({ file, format, column: type, unit, group, total, omitted, rows });
  }
  const heading = `${column.type} by ${group}: ${formatQuantity(total, column.unit)} in all`;
  await writeStdout([
    fitLine(printable(heading)),
    '\n\n',
    asTable(rows, column, group),
    ...pseudoFrameNotes(rows),
  ]);
  if (omitted > 0) await writeStdout([`\n${fitLine(`${omitted} more; -n shows more rows`)}\n`]);
}

function asTable(rows: readonly TopRow[], { unit }: PickedColumn, group: TopGroup): string {
  const head = ['FLAT', 'SHARE', 'CUMULATIVE', group.toUpperCase()];
  const cells = rows.map((row) => [
    formatQuantity(row.flat, unit),
    formatShare(row.share),
    formatQuantity(row.cumulative, unit),
    printable(nameText(row)),
    ...(group === 'function' ? [printable(placeText(row))] : []),
  ]);
  return formatTable([group === 'function' ? [...head, 'FILE'] : head, ...cells], 3);
}
