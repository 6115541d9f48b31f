import {
  type Amount,
  type CaptureLifetimes,
  LIFETIMES,
  type Lifetime,
  type LifetimeRow,
} from '@heapray/exporter/memray';
import { type MarkdownColumn, markdownReport } from '../outputs/markdown.js';
import { fitLine, formatTable, wrapLine } from '../outputs/table.js';
import { markdownText } from '../text/markdown.js';
import { nameText, placeText } from '../text/place.js';
import { printable } from '../text/printable.js';
import { formatBytes, formatQuantity, formatShare } from '../text/quantity.js';
import type { Ages } from './ages.js';

/** A table with its heading. The last columns are texts. */
interface Section {
  readonly title: string;
  readonly head: readonly string[];
  /** Number of columns, from the left, that contain numbers. */
  readonly numbers: number;
  readonly rows: readonly (readonly string[])[];
}

/** The printed result. */
export interface LifetimesReport {
  readonly title: string;
  readonly sections: readonly Section[];
  /** Sentences below the tables. */
  readonly notes: readonly string[];
}

const NAMES: Readonly<Record<Lifetime, string>> = {
  '<10ms': 'less than 10 ms',
  '10ms-100ms': '10 ms to 100 ms',
  '100ms-1s': '100 ms to 1 s',
  '1s-10s': '1 s to 10 s',
  '10s-1m': '10 s to 1 min',
  '>1m': 'more than 1 min',
  alive: 'alive at the end',
};
/** Mean time between memory records, in ms, from which the shortest lifetimes are not told apart. */
const COARSE_MILLIS = 20;

/**
 * Makes the report of a capture.
 *
 * @param count maximum number of functions
 * @param threshold that of temporary allocations
 */
export function lifetimesReport(
  lifetimes: CaptureLifetimes,
  count: number,
  threshold: number,
): LifetimesReport {
  const { allocated, byLifetime, temporary } = lifetimes.total();
  const all = lifetimes.rows();
  const gap = lifetimes.recordGapMillis;
  const share = ({ bytes }: Amount) => formatShare(allocated.bytes === 0 ? 0 : bytes / allocated.bytes);
  const cells = (name: string, amount: Amount) => [
    formatBytes(amount.bytes),
    share(amount),
    amount.count.toLocaleString('en-US'),
    name,
  ];
  const time = lifetimes.window === undefined ? '' : `, ${lifetimes.window.text}`;
  return {
    title: `allocated: ${formatBytes(allocated.bytes)} in ${allocated.count.toLocaleString('en-US')} allocations${time}`,
    sections: [
      {
        title: 'By lifetime',
        head: ['BYTES', 'SHARE', 'COUNT', 'LIFETIME'],
        numbers: 3,
        rows: [
          ...LIFETIMES.map((lifetime, at) => cells(NAMES[lifetime], byLifetime[at]!)),
          cells(temporaryText(threshold), temporary),
        ],
      },
      {
        title: 'Bytes by function',
        head: ['ALLOCATED', ...LIFETIMES.map((name) => name.toUpperCase()), 'TEMPORARY', 'FUNCTION', 'FILE'],
        numbers: LIFETIMES.length + 2,
        rows: all
          .slice(0, count)
          .map((row) => [
            formatBytes(row.allocated.bytes),
            ...row.byLifetime.map(({ bytes }) => formatBytes(bytes)),
            formatBytes(row.temporary.bytes),
            ...functionCells(row),
          ]),
      },
    ],
    notes: [
      ...omittedNote(all.length, count),
      ...(gap > COARSE_MILLIS
        ? [`Times are those of the memory records, which are ${formatMillis(gap)} apart on average.`]
        : []),
    ],
  };
}

/** Makes the report of a profile with ages. */
export function agesReport(
  { column, unit, names, byAge, total, rows }: Ages,
  count: number,
): LifetimesReport {
  return {
    title: `${column} by age: ${formatQuantity(total, unit)} in all`,
    sections: [
      {
        title: 'By age',
        head: [unit.toUpperCase(), 'SHARE', 'AGE'],
        numbers: 2,
        rows: names.map((name, at) => [
          formatQuantity(byAge[at]!, unit),
          formatShare(total === 0 ? 0 : byAge[at]! / total),
          name,
        ]),
      },
      {
        title: `${column} by function`,
        head: ['ALL', ...names.map((name) => name.toUpperCase()), 'FUNCTION', 'FILE'],
        numbers: names.length + 1,
        rows: rows
          .slice(0, count)
          .map((row) => [
            formatQuantity(row.total, unit),
            ...row.byAge.map((value) => formatQuantity(value, unit)),
            nameText(row),
            placeText(row),
          ]),
      },
    ],
    notes: omittedNote(rows.length, count),
  };
}

/** Formats a report as text. */
export function* reportText({ title, sections, notes }: LifetimesReport): Generator<string> {
  yield `${fitLine(printable(title))}\n`;
  for (const section of sections) {
    yield `\n${fitLine(printable(section.title))}\n`;
    yield formatTable([section.head, ...section.rows.map((row) => row.map(printable))], section.numbers);
  }
  for (const note of notes) yield `\n${wrapLine(note)}\n`;
}

/** Formats a report as Markdown. */
export function reportMarkdown({ title, sections, notes }: LifetimesReport): Iterable<string> {
  return markdownReport({
    title: markdownText(printable(title)),
    tables: sections.map((section) => ({
      title: section.title,
      head: section.head,
      columns: section.head.map((_, at): MarkdownColumn => (at < section.numbers ? 'right' : 'code')),
      rows: section.rows,
    })),
    notes: notes.map(markdownText),
  });
}

/** Returns the name of the row of temporary allocations, which are also in other rows. */
function temporaryText(threshold: number): string {
  if (threshold === 0) return 'temporary: freed before anything else was allocated';
  return `temporary: freed after at most ${threshold} more allocation${threshold === 1 ? '' : 's'} of the thread`;
}

function functionCells({ functionName, file, line }: LifetimeRow): readonly string[] {
  const row = { name: functionName === '' ? '(none)' : functionName, file, line, column: 0 };
  return [nameText(row), placeText(row)];
}

function omittedNote(all: number, count: number): readonly string[] {
  return all > count ? [`${all - count} more; -n shows more`] : [];
}

function formatMillis(millis: number): string {
  return millis < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(1)} s`;
}
