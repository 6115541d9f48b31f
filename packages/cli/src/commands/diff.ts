import { encodePprof, encodePprofGzip } from '@heapray/exporter/pprof';
import { type Profile, subtractProfiles, type TopGroup, topOf, totals } from '@heapray/exporter/profile';
import { type Command, Option } from 'commander';
import { CommandError } from '../errors.js';
import { COLUMN_WORDS, pickColumn } from '../inputs/columns.js';
import { withCommonColumns } from '../inputs/common-columns.js';
import { comparablePlaces } from '../inputs/comparable-places.js';
import { PROFILE_FORMATS, readInput } from '../inputs/index.js';
import { applyStrict } from '../inputs/memray.js';
import { pseudoFrameNotes } from '../outputs/pseudo-frame-notes.js';
import { writeJson, writeStdout } from '../outputs/stdout.js';
import { writeOutput } from '../outputs/write-output.js';
import { nameText, placeText } from '../text/place.js';
import { printable } from '../text/printable.js';
import { formatQuantity } from '../text/quantity.js';
import { fitLine, formatTable } from '../text/table.js';
import { maxMemoryOption, maxSecondsOption, rowsOption, strictOption } from './options.js';
import { GROUPS } from './top.js';

interface DiffOptions {
  readonly by?: string;
  readonly group: TopGroup;
  readonly rows: number;
  readonly json?: true;
  readonly output?: string;
  readonly strict?: true;
}

/** A place or label in both profiles. */
interface DiffRow {
  readonly name: string;
  readonly file: string;
  /** Where a function starts, as far as both profiles tell; 0 otherwise. */
  readonly line: number;
  readonly column: number;
  readonly old: number;
  readonly new: number;
  readonly change: number;
}

/** Columns whose totals are shown without being asked for. */
const SHOWN = ['inuse_space', 'peak_space'];

export function addDiff(program: Command): void {
  program
    .command('diff')
    .summary('what grew and what shrank')
    .description(
      `Compares two profiles by the columns that both have. Reads ${PROFILE_FORMATS}, told apart by content; ` +
        'the two may be of different formats.',
    )
    .argument('<old>', 'the profile to compare with; - for standard input')
    .argument('<new>', 'the later profile')
    .option('--by <column>', `what to compare: ${COLUMN_WORDS} (default: inuse, else what both have)`)
    .addOption(new Option('--group <kind>', 'what the rows are').choices([...GROUPS]).default('function'))
    .addOption(rowsOption(10))
    .option('--json', 'as JSON, on standard output')
    .option('-o, --output <file>', 'write the difference as pprof; - for standard output')
    .addOption(strictOption())
    .addOption(maxMemoryOption())
    .addOption(maxSecondsOption())
    .action(diff);
}

async function diff(oldFile: string, newFile: string, options: DiffOptions): Promise<void> {
  const older = await readInput(oldFile);
  const newer = await readInput(newFile);
  const [from, to] = withCommonColumns(older.profile, newer.profile) ?? [];
  if (from === undefined || to === undefined) {
    throw new CommandError(`${newFile}: no column in common with ${oldFile}`);
  }
  const { group, output } = options;
  const column = pickColumn(to, options.by, `${oldFile} and ${newFile}`);
  if (output !== undefined) await writeDifference(output, from, to);
  applyStrict(options.strict, older.end, newer.end);
  if (output === '-') return;
  const all = compare(from, to, column.type, group);
  const rows = biggest(all, options.rows);
  const omitted = all.length - rows.length;
  if (options.json) {
    const { type, unit } = column;
    const sums = { old: totals(from), new: totals(to) };
    const files = { old: oldFile, new: newFile };
    return writeJson({ ...files, column: type, unit, group, totals: sums, omitted, rows });
  }
  await writeStdout(asText(from, to, column, group, rows, omitted));
}

async function writeDifference(output: string, from: Profile, to: Profile): Promise<void> {
  const difference = subtractProfiles(to, from);
  const plain = output.toLowerCase().endsWith('.pb');
  await writeOutput(output, [plain ? encodePprof(difference) : await encodePprofGzip(difference)]);
}

/** All that changed, what grew most first, what shrank most last. */
function compare(from: Profile, to: Profile, column: string, groupBy: TopGroup): DiffRow[] {
  const rows = new Map<string, Omit<DiffRow, 'old' | 'new' | 'change'> & { old: number; new: number }>();
  const placeOf = comparablePlaces([from, to]);
  const gather = (profile: Profile, side: 'old' | 'new'): void => {
    for (const { name, file, line, column: at, flat } of topOf(profile, { column, groupBy, placeOf })) {
      const key = `${name}\0${file}\0${line}:${at}`;
      const row = rows.get(key) ?? { name, file, line, column: at, old: 0, new: 0 };
      row[side] = flat;
      rows.set(key, row);
    }
  };
  gather(from, 'old');
  gather(to, 'new');
  return [...rows.values()]
    .map((row) => ({ ...row, change: row.new - row.old }))
    .filter(({ change }) => change !== 0)
    .sort((a, b) => b.change - a.change || order(a, b));
}

function order(a: DiffRow, b: DiffRow): number {
  const [left, right] = [`${a.name}\0${a.file}`, `${b.name}\0${b.file}`];
  if (left !== right) return left < right ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

/** The `count` that changed most, in the order they came. */
function biggest(rows: readonly DiffRow[], count: number): DiffRow[] {
  const kept = new Set(rows.toSorted((a, b) => Math.abs(b.change) - Math.abs(a.change)).slice(0, count));
  return rows.filter((row) => kept.has(row));
}

function* asText(
  from: Profile,
  to: Profile,
  { type, unit }: { readonly type: string; readonly unit: string },
  group: TopGroup,
  rows: readonly DiffRow[],
  omitted: number,
): Generator<string> {
  const before = totals(from);
  const after = totals(to);
  for (const column of to.columns) {
    if (column.type !== type && !SHOWN.includes(column.type)) continue;
    const [old, now] = [before[column.type]!, after[column.type]!];
    const change = signed(now - old, column.unit);
    const sums = `${formatQuantity(old, column.unit)} to ${formatQuantity(now, column.unit)}, ${change}`;
    yield `${fitLine(`${printable(column.type)}: ${sums}`)}\n`;
  }
  if (rows.length === 0) return yield `\n${fitLine(`nothing changed by ${group}`)}\n`;
  const head = ['CHANGE', 'OLD', 'NEW', group.toUpperCase(), ...(group === 'function' ? ['FILE'] : [])];
  const cells = rows.map((row) => [
    signed(row.change, unit),
    formatQuantity(row.old, unit),
    formatQuantity(row.new, unit),
    printable(nameText(row)),
    ...(group === 'function' ? [printable(placeText(row))] : []),
  ]);
  yield `\n${fitLine(`${printable(type)} by ${group}`)}\n`;
  yield formatTable([head, ...cells], 3);
  yield* pseudoFrameNotes(rows);
  if (omitted > 0) yield `\n${fitLine(`${omitted} more; -n shows more rows`)}\n`;
}

function signed(value: number, unit: string): string {
  return `${value > 0 ? '+' : ''}${formatQuantity(value, unit)}`;
}
