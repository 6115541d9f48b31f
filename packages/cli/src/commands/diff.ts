import { encodePprof, encodePprofGzip } from '@heapray/exporter/pprof';
import {
  callSitesOnly,
  type MemoryPart,
  type Profile,
  partsWithoutCallSite,
  subtractProfiles,
  type TopGroup,
  topOf,
  totals,
} from '@heapray/exporter/profile';
import { symbolizeProfile } from '@heapray/exporter/symbols';
import { type Command, Option } from 'commander';
import { CommandError, UsageError } from '../errors.js';
import { COLUMN_WORDS, type PickedColumn, pickColumn } from '../inputs/columns.js';
import { withCommonColumns } from '../inputs/common-columns.js';
import { comparablePlaces } from '../inputs/comparable-places.js';
import { PROFILE_FORMATS } from '../inputs/index.js';
import { applyStrict } from '../inputs/memray.js';
import { type MergedInput, meaningOfSum, readInputs } from '../inputs/merged-input.js';
import { assertReadOnce } from '../inputs/processes.js';
import { filesNote, markdownReport, pseudoFrameItems } from '../outputs/markdown.js';
import { noCallSiteNotes, noCallSiteText } from '../outputs/no-call-site.js';
import { pseudoFrameNotes } from '../outputs/pseudo-frame-notes.js';
import { writeJson, writeStdout } from '../outputs/stdout.js';
import { fitLine, formatTable } from '../outputs/table.js';
import { writeOutput } from '../outputs/write-output.js';
import { markdownCode, markdownText } from '../text/markdown.js';
import { nameText, placeText, rowText } from '../text/place.js';
import { printable } from '../text/printable.js';
import { formatQuantity } from '../text/quantity.js';
import { assertNoSubject, type FailLimit, failOverOption, holdAgainst } from './fail-over.js';
import {
  addReadingOptions,
  atPeakOption,
  fromOption,
  markdownOption,
  rowsOption,
  untilOption,
  type WindowOptions,
  windowOf,
} from './options.js';
import { GROUPS } from './top.js';

interface DiffOptions extends WindowOptions {
  readonly by?: string;
  readonly atPeak?: true;
  readonly group: TopGroup;
  readonly rows: number;
  readonly json?: true;
  readonly md?: true;
  readonly output?: string;
  readonly strict?: true;
  readonly old?: readonly string[];
  readonly new?: readonly string[];
  readonly failOver?: readonly FailLimit[];
}

/** A place or label of both profiles. */
interface DiffRow {
  readonly name: string;
  readonly file: string;
  /** Position where the function starts, as far as both profiles have it; 0 otherwise. */
  readonly line: number;
  readonly column: number;
  readonly old: number;
  readonly new: number;
  readonly change: number;
}

/** Columns whose totals are always shown. */
const SHOWN = ['inuse_space', 'peak_space'];

export function addDiff(program: Command): void {
  const command = program
    .command('diff')
    .summary('compare two profiles')
    .description(
      `Compares two profiles by the columns that both have. Reads ${PROFILE_FORMATS}, told apart by content; ` +
        'the two may be of different formats. Several files of one kind on one side are summed.',
    )
    .usage('[options] OLD NEW\n       heapray diff [options] --old FILE... --new FILE...')
    .argument('[file...]', 'earlier and later profile; - for standard input')
    .option('--old <file...>', 'earlier profiles, summed')
    .option('--new <file...>', 'later profiles, summed')
    .option('--by <column>', `column to compare: ${COLUMN_WORDS} (default: inuse, else one that both have)`)
    .addOption(atPeakOption('by'))
    .addOption(new Option('--group <kind>', 'group rows by').choices([...GROUPS]).default('function'))
    .addOption(fromOption())
    .addOption(untilOption())
    .addOption(rowsOption(10))
    .option('--json', 'print JSON')
    .addOption(markdownOption())
    .option('-o, --output <file>', 'write the difference as pprof; - for standard output')
    .addOption(failOverOption('the growth (% of the old total)'));
  addReadingOptions(command).action(diff);
}

async function diff(files: readonly string[], options: DiffOptions): Promise<void> {
  const { group, output, failOver = [] } = options;
  assertNoSubject(failOver);
  const sides = sidesOf(files, options);
  assertReadOnce([...sides.old, ...sides.new]);
  const window = windowOf(options);
  const older = await readInputs(sides.old, group === 'process', window);
  const newer = await readInputs(sides.new, group === 'process', window);
  const common = withCommonColumns(older.profile, newer.profile) ?? [];
  // Addresses differ when a library was rebuilt.
  const [oldWhole, newWhole] = common.map((profile) => symbolizeProfile(profile, { keepPlaces: true }));
  if (oldWhole === undefined || newWhole === undefined) {
    throw new CommandError(`${newer.name}: no column in common with ${older.name}`);
  }
  // As in `top`, memory without a call site has a line of its own.
  const isByKind = group === 'kind';
  const [from, to] = isByKind ? [oldWhole, newWhole] : [callSitesOnly(oldWhole), callSitesOnly(newWhole)];
  const name = `${older.name} and ${newer.name}`;
  const column = pickColumn(to, options.atPeak ? 'peak' : options.by, name);
  const difference = subtractProfiles(newWhole, oldWhole);
  if (output !== undefined) await writeDifference(output, difference);
  const all = compare(from, to, column.type, group);
  const others = isByKind ? [] : partsWithoutCallSite(difference, column.index);
  const rows = biggest(all, options.rows);
  const compared: Compared = { from, to, older, newer, column, group, all, rows, others };
  if (output !== '-') {
    if (options.json) await writeJson(asJson(sides, compared));
    else if (options.md) await writeStdout(asMarkdown(sides, compared));
    else await writeStdout(asText(compared));
  }
  applyStrict(options.strict, ...older.ends, ...newer.ends);
  for (const limit of failOver) checkLimit(name, limit, compared);
}

interface Sides {
  readonly old: readonly string[];
  readonly new: readonly string[];
}

function sidesOf(files: readonly string[], { old, new: later }: DiffOptions): Sides {
  const [first, second] = files;
  const isTwo = first !== undefined && second !== undefined && files.length === 2;
  if (isTwo && old === undefined && later === undefined) return { old: [first], new: [second] };
  if (files.length === 0 && old !== undefined && later !== undefined) return { old, new: later };
  throw new UsageError('diff takes two files, OLD NEW, or --old FILE... --new FILE... for several on a side');
}

interface Compared {
  readonly from: Profile;
  readonly to: Profile;
  readonly older: MergedInput;
  readonly newer: MergedInput;
  readonly column: PickedColumn;
  readonly group: TopGroup;
  readonly all: readonly DiffRow[];
  /** The rows to show. */
  readonly rows: readonly DiffRow[];
  /** Change of the memory that belongs to no call site. */
  readonly others: readonly MemoryPart[];
}

function asJson(sides: Sides, compared: Compared): object {
  const { from, to, older, newer, column, group, all, rows, others } = compared;
  const { type, unit } = column;
  const [old, now] = [meaningOfSum(older, type), meaningOfSum(newer, type)];
  return {
    old: sides.old.length === 1 ? sides.old[0] : sides.old,
    new: sides.new.length === 1 ? sides.new[0] : sides.new,
    column: type,
    unit,
    group,
    totals: { old: totals(from), new: totals(to) },
    ...((old ?? now) !== undefined && { totals_are: { old: old ?? null, new: now ?? null } }),
    omitted: all.length - rows.length,
    rows,
    ...(others.length > 0 && { no_call_site: others }),
  };
}

/** Checks the total growth, because growth in one place may be offset by shrinkage in another. */
function checkLimit(name: string, limit: FailLimit, { from, to, column, all }: Compared): void {
  const { type, unit } = column;
  const before = totals(from)[type]!;
  const [first] = all;
  const site = first === undefined ? '' : `; most by ${rowText(first)}: ${signed(first.change, unit)}`;
  const whole = { name: 'the old total', amount: before };
  holdAgainst(name, limit, {
    what: `the growth of ${type}`,
    amount: totals(to)[type]! - before,
    whole,
    unit,
    site,
  });
}

async function writeDifference(output: string, difference: Profile): Promise<void> {
  const plain = output.toLowerCase().endsWith('.pb');
  await writeOutput(output, [plain ? encodePprof(difference) : await encodePprofGzip(difference)]);
}

/** Returns all rows that changed, from the largest growth to the largest shrinkage. */
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

/** Returns the `count` rows that changed most, in their original order. */
function biggest(rows: readonly DiffRow[], count: number): DiffRow[] {
  const kept = new Set(rows.toSorted((a, b) => Math.abs(b.change) - Math.abs(a.change)).slice(0, count));
  return rows.filter((row) => kept.has(row));
}

function* asText(compared: Compared): Generator<string> {
  const { column, group, all, rows, others } = compared;
  for (const { type, change } of totalChanges(compared)) {
    yield `${fitLine(`${printable(type)}: ${change}`)}\n`;
  }
  if (rows.length === 0) {
    yield `\n${fitLine(`nothing changed by ${group}`)}\n`;
    return yield* noCallSiteNotes(others, column.unit);
  }
  yield `\n${fitLine(`${printable(column.type)} by ${group}`)}\n`;
  yield formatTable([headOf(group), ...cellsOf(compared)], 3);
  yield* pseudoFrameNotes(rows);
  yield* noCallSiteNotes(others, column.unit);
  const omitted = all.length - rows.length;
  if (omitted > 0) yield `\n${fitLine(`${omitted} more; -n shows more rows`)}\n`;
}

function asMarkdown(sides: Sides, compared: Compared): Iterable<string> {
  const { column, group, all, rows, others } = compared;
  const otherText = noCallSiteText(others, column.unit);
  const omitted = all.length - rows.length;
  return markdownReport({
    title: `${markdownCode(printable(column.type))} by ${group}: changes`,
    tables:
      rows.length === 0
        ? []
        : [
            {
              head: headOf(group),
              columns: [
                'right',
                'right',
                'right',
                'code',
                ...(group === 'function' ? (['code'] as const) : []),
              ],
              rows: cellsOf(compared),
            },
          ],
    notes: [
      ...Array.from(
        totalChanges(compared),
        ({ type, change }) => `${markdownCode(printable(type))}: ${markdownText(change)}`,
      ),
      ...(rows.length === 0 ? [`Nothing changed by ${group}`] : []),
      ...filesNote(sides.old, 'Old'),
      ...filesNote(sides.new, 'New'),
      ...(omitted > 0 ? [`${omitted} more rows; \`-n\` shows more`] : []),
      ...pseudoFrameItems(rows),
      ...(otherText === undefined ? [] : [markdownText(otherText)]),
    ],
  });
}

/** Returns the change of the totals of the compared column, and of those in {@link SHOWN}. */
function* totalChanges({ from, to, older, newer, column }: Compared): Generator<{
  readonly type: string;
  readonly change: string;
}> {
  const [before, after] = [totals(from), totals(to)];
  for (const { type, unit } of to.columns) {
    if (type !== column.type && !SHOWN.includes(type)) continue;
    const [old, now] = [before[type]!, after[type]!];
    const [oldMeaning, newMeaning] = [meaningOfSum(older, type), meaningOfSum(newer, type)];
    const sums = `${formatQuantity(old, unit)}${inBrackets(oldMeaning)} to ${formatQuantity(now, unit)}`;
    yield { type, change: `${sums}${inBrackets(newMeaning)}, ${signed(now - old, unit)}` };
  }
}

function headOf(group: TopGroup): readonly string[] {
  return ['CHANGE', 'OLD', 'NEW', group.toUpperCase(), ...(group === 'function' ? ['FILE'] : [])];
}

function cellsOf({ rows, column: { unit }, group }: Compared): readonly (readonly string[])[] {
  return rows.map((row) => [
    signed(row.change, unit),
    formatQuantity(row.old, unit),
    formatQuantity(row.new, unit),
    printable(nameText(row)),
    ...(group === 'function' ? [printable(placeText(row))] : []),
  ]);
}

function signed(value: number, unit: string): string {
  return `${value > 0 ? '+' : ''}${formatQuantity(value, unit)}`;
}

function inBrackets(text: string | undefined): string {
  return text === undefined ? '' : ` (${text})`;
}
