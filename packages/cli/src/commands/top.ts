import {
  callSitesOnly,
  type MemoryPart,
  partsWithoutCallSite,
  type TopGroup,
  type TopRow,
  topOf,
  totals,
} from '@heapray/exporter/profile';
import { symbolizeProfile } from '@heapray/exporter/symbols';
import { type Command, Option } from 'commander';
import { COLUMN_WORDS, type PickedColumn, pickColumn } from '../inputs/columns.js';
import { PROFILE_FORMATS } from '../inputs/index.js';
import { applyStrict } from '../inputs/memray.js';
import { type MergedInput, meaningOfSum, readInputs } from '../inputs/merged-input.js';
import { filesNote, markdownReport, pseudoFrameItems } from '../outputs/markdown.js';
import { noCallSiteNotes, noCallSiteText } from '../outputs/no-call-site.js';
import { inlinedNotes, inlinedText, pseudoFrameNotes } from '../outputs/pseudo-frame-notes.js';
import { writeJson, writeStdout } from '../outputs/stdout.js';
import { fitLine, formatTable } from '../outputs/table.js';
import { markdownCode, markdownText } from '../text/markdown.js';
import { nameText, placeText, rowText } from '../text/place.js';
import { printable } from '../text/printable.js';
import { formatQuantity, formatShare } from '../text/quantity.js';
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

interface TopOptions extends WindowOptions {
  readonly by?: string;
  readonly atPeak?: true;
  readonly group: TopGroup;
  readonly rows: number;
  readonly json?: true;
  readonly md?: true;
  readonly strict?: true;
  readonly failOver?: readonly FailLimit[];
}

/** Valid values for the grouping of rows. */
export const GROUPS: readonly TopGroup[] = [
  'function',
  'file',
  'package',
  'component',
  'thread',
  'allocator',
  'kind',
  'process',
  'native',
];

export function addTop(program: Command): void {
  const command = program
    .command('top')
    .summary('list the functions with the most memory')
    .description(
      `Lists the functions that hold or allocate the most memory. Reads ${PROFILE_FORMATS}, told apart by content. ` +
        'Flat: allocated by the function itself and the runtime below it. Cumulative: also by its callees. Several ' +
        'files of one kind are summed.',
    )
    .argument('<file...>', 'profiles; - for standard input')
    .option('--by <column>', `column to sort by: ${COLUMN_WORDS} (default: that of the profile)`)
    .addOption(atPeakOption('by'))
    .addOption(new Option('--group <kind>', 'group rows by').choices([...GROUPS]).default('function'))
    .addOption(fromOption())
    .addOption(untilOption())
    .addOption(rowsOption(10))
    .option('--json', 'print JSON')
    .addOption(markdownOption())
    .addOption(failOverOption('the column, or the share of one row (%),'));
  addReadingOptions(command).action(top);
}

async function top(files: readonly string[], options: TopOptions): Promise<void> {
  const { group, failOver = [] } = options;
  assertNoSubject(failOver);
  const read = await readInputs(files, group === 'process', windowOf(options));
  const column = pickColumn(read.profile, options.atPeak ? 'peak' : options.by, read.name);
  // Memory without a call site would hide the call sites, so it has a line of its own.
  const isByKind = group === 'kind';
  const profile = isByKind ? read.profile : callSitesOnly(read.profile);
  const others = isByKind ? [] : partsWithoutCallSite(read.profile, column.index);
  const input = { ...read, profile: symbolizeProfile(profile, { keepPlaces: true }) };
  const all = topOf(input.profile, { column: column.type, groupBy: group });
  const total = totals(input.profile)[column.type] ?? 0;
  const shown: Shown = { input, column, group, total, all, rows: all.slice(0, options.rows), others };
  if (options.json) await writeJson(asJson(files, shown));
  else if (options.md) await writeStdout(asMarkdown(files, shown));
  else await writeStdout(asText(shown));
  applyStrict(options.strict, ...input.ends);
  for (const limit of failOver) checkLimit(limit, shown);
}

interface Shown {
  readonly input: MergedInput;
  readonly column: PickedColumn;
  readonly group: TopGroup;
  readonly total: number;
  readonly all: readonly TopRow[];
  /** The first entries of `all`. */
  readonly rows: readonly TopRow[];
  /** Memory that belongs to no call site, and is not in `total`. */
  readonly others: readonly MemoryPart[];
}

function asJson(files: readonly string[], shown: Shown): object {
  const { input, column, group, total, all, rows, others } = shown;
  const { type, unit } = column;
  const meaning = meaningOfSum(input, type);
  return {
    ...(files.length === 1 ? { file: files[0] } : { file: null, files }),
    format: input.format,
    column: type,
    unit,
    group,
    total,
    ...(meaning !== undefined && { total_is: meaning }),
    omitted: all.length - rows.length,
    rows,
    ...(others.length > 0 && { no_call_site: others }),
  };
}

function* asText({ input, column, group, total, all, rows, others }: Shown): Generator<string> {
  const meaning = meaningOfSum(input, column.type);
  const sum = `${formatQuantity(total, column.unit)} in all${meaning === undefined ? '' : `, ${meaning}`}`;
  yield `${fitLine(printable(`${column.type} by ${group}: ${sum}`))}\n\n`;
  yield formatTable([headOf(group), ...rows.map((row) => cellsOf(row, column, group))], 3);
  yield* pseudoFrameNotes(rows);
  yield* noCallSiteNotes(others, column.unit);
  const omitted = all.length - rows.length;
  if (omitted > 0) yield `\n${fitLine(`${omitted} more; -n shows more rows`)}\n`;
  if (group === 'function') yield* inlinedNotes(input.profile.comments);
}

/** Checks a limit: a size applies to the whole column, a percentage to the share of the largest row. */
function checkLimit(limit: FailLimit, { input, column: { type, unit }, group, total, all }: Shown): void {
  const [first] = all;
  const name = first === undefined ? '' : rowText(first);
  const site = first === undefined ? '' : `; most by ${name}: ${formatQuantity(first.flat, unit)}`;
  const whole = { name: type, amount: total };
  if (limit.kind !== 'part') holdAgainst(input.name, limit, { what: type, amount: total, unit, site });
  else if (first !== undefined) {
    holdAgainst(input.name, limit, {
      what: `the ${group} ${name}`,
      amount: first.flat,
      whole,
      unit,
      site: '',
    });
  }
}

function asMarkdown(files: readonly string[], shown: Shown): Iterable<string> {
  const { input, column, group, total, all, rows, others } = shown;
  const otherText = noCallSiteText(others, column.unit);
  const inlined = group === 'function' ? inlinedText(input.profile.comments) : undefined;
  const meaning = meaningOfSum(input, column.type);
  const omitted = all.length - rows.length;
  const sum = `${formatQuantity(total, column.unit)} in all${meaning === undefined ? '' : `, ${meaning}`}`;
  return markdownReport({
    title: `${markdownCode(printable(column.type))} by ${group}: ${markdownText(sum)}`,
    tables: [
      {
        head: headOf(group),
        columns: ['right', 'right', 'right', 'code', ...(group === 'function' ? (['code'] as const) : [])],
        rows: rows.map((row) => cellsOf(row, column, group)),
      },
    ],
    notes: [
      ...filesNote(files),
      ...(omitted > 0 ? [`${omitted} more rows; \`-n\` shows more`] : []),
      ...pseudoFrameItems(rows),
      ...(inlined === undefined ? [] : [markdownText(inlined)]),
      ...(otherText === undefined ? [] : [markdownText(otherText)]),
    ],
  });
}

function headOf(group: TopGroup): readonly string[] {
  return ['FLAT', 'SHARE', 'CUMULATIVE', group.toUpperCase(), ...(group === 'function' ? ['FILE'] : [])];
}

function cellsOf(row: TopRow, { unit }: PickedColumn, group: TopGroup): readonly string[] {
  return [
    formatQuantity(row.flat, unit),
    formatShare(row.share),
    formatQuantity(row.cumulative, unit),
    printable(nameText(row)),
    ...(group === 'function' ? [printable(placeText(row))] : []),
  ];
}
