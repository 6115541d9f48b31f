import { nameText, placeText } from '../../text/place.js';
import { formatBytes } from '../../text/quantity.js';
import { clip, textWidth } from '../../text/width.js';
import { KEYS } from '../keys.js';
import type { LiveModel, LiveRow } from '../model/live-model.js';
import type { DrawnRows, ViewState } from '../view-state.js';
import { callersText } from './callers-text.js';
import { headerLines } from './header.js';
import { type Line, line, type Segment, styled } from './line.js';
import { RowsTable } from './rows-table.js';

export interface ScreenInput {
  readonly model: LiveModel;
  readonly view: ViewState;
  /** Path, URL or port. */
  readonly source: string;
  /** State of the source in a few words; empty for none. */
  readonly status: string;
  readonly nowMillis: number;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

export interface DrawnScreen {
  /** One line for each row of the screen. */
  readonly lines: readonly Line[];
  /** The view with valid scroll positions. */
  readonly view: ViewState;
  readonly drawn: DrawnRows;
}

/** Number of rows from which the header has all its lines. */
const TALL_FROM = 16;
const FULL_HEADER = 6;
const SHORT_HEADER = 2;
const HINTS: Readonly<Record<ViewState['mode'], readonly (readonly [key: string, what: string])[]>> = {
  table: [
    ['q', 'quit'],
    ['?', 'help'],
    ['u', 'in use'],
    ['g', 'growth'],
    ['a', 'alloc'],
    ['o', 'objects'],
    ['f', 'group'],
    ['/', 'filter'],
    ['Enter', 'callers'],
    ['p', 'pause'],
  ],
  callers: [
    ['Esc', 'back'],
    ['arrows', 'scroll'],
    ['q', 'quit'],
  ],
  help: [
    ['?', 'back'],
    ['q', 'quit'],
  ],
};

/** Draws the whole screen. Pure: the same input gives the same lines. */
export function drawScreen(input: ScreenInput, size: ScreenSize): DrawnScreen {
  const isTall = size.rows >= TALL_FROM;
  const header = headerLines(
    { ...input, isPaused: input.view.isPaused },
    size.columns,
    isTall ? FULL_HEADER : SHORT_HEADER,
  );
  const footer = footerLine(input, size.columns);
  const height = Math.max(0, size.rows - header.length - 1);
  const rows = input.model.rows(input.view);
  const body = bodyOf(input, rows, { columns: size.columns, rows: height });
  const blanks = Array.from({ length: Math.max(0, height - body.lines.length) }, () => line());
  const lines = [...header, ...body.lines.slice(0, height), ...blanks, footer];
  return { ...body, lines: lines.slice(0, size.rows) };
}

function bodyOf(input: ScreenInput, rows: readonly LiveRow[], size: ScreenSize): DrawnScreen {
  const { model, view } = input;
  const keys = rows.map(({ key }) => key);
  if (view.mode === 'help') return textBody(helpText(size.columns), [], input, keys, size);
  if (model.state === undefined) {
    const text = input.status === '' ? `reading ${input.source}` : input.status;
    return textBody([line(), line(text)], [], input, keys, size);
  }
  if (view.mode === 'callers') {
    const { title, inUse } = callersTitle(input);
    const stacks = model.callers(view.group, view.chosen ?? '');
    return textBody(callersText(stacks, inUse, size.columns), [title], input, keys, size);
  }
  return tableBody(input, rows, size);
}

function tableBody({ model, view }: ScreenInput, rows: readonly LiveRow[], size: ScreenSize): DrawnScreen {
  const hasPackages = rows.some(({ packageName }) => packageName !== '');
  const knowsRate = model.totals()?.allocated !== undefined;
  const table = new RowsTable({ group: view.group, sort: view.sort, knowsRate, hasPackages }, size.columns);
  const page = Math.max(1, size.rows - 1);
  const found = view.chosen === undefined ? 0 : rows.findIndex(({ key }) => key === view.chosen);
  const chosen = Math.max(0, found);
  const top = scrolledTo(chosen, view.top, page, rows.length);
  const shown = rows.slice(top, top + page);
  const empty = view.filter === '' ? 'nothing is in use' : `no row contains ${view.filter}`;
  return {
    lines: [
      table.head(),
      ...shown.map((row, at) => table.row(row, top + at === chosen)),
      ...(rows.length === 0 ? [line(empty)] : []),
    ],
    view: { ...view, top, chosen: found < 0 ? undefined : view.chosen },
    drawn: { keys: rows.map(({ key }) => key), chosen, page },
  };
}

/** Returns the first row to show, so that the chosen one is visible. */
function scrolledTo(chosen: number, top: number, page: number, count: number): number {
  const least = Math.max(0, chosen - page + 1);
  const most = Math.max(0, Math.min(chosen, count - page));
  return Math.max(Math.min(top, most), Math.min(least, most));
}

/** Returns text that is scrolled, below lines that are not. */
function textBody(
  text: readonly Line[],
  fixed: readonly Line[],
  { view }: ScreenInput,
  keys: readonly string[],
  size: ScreenSize,
): DrawnScreen {
  const page = Math.max(1, size.rows - fixed.length);
  const top = view.mode === 'table' ? 0 : Math.max(0, Math.min(view.top, text.length - page));
  const chosen = Math.max(0, keys.indexOf(view.chosen ?? ''));
  return {
    lines: [...fixed, ...text.slice(top, top + page)],
    view: { ...view, top },
    drawn: { keys, chosen, page },
  };
}

function callersTitle({ model, view }: ScreenInput): { title: Line; inUse: number } {
  const row = model.rows({ ...view, filter: '' }).find(({ key }) => key === view.chosen);
  if (row === undefined) return { title: { segments: [{ text: 'gone' }], style: 'reverse' }, inUse: 0 };
  const place = placeText(row);
  const text = `${formatBytes(Math.round(row.inUse))} in use by ${nameText(row)}${place === '' ? '' : `  ${place}`}`;
  return { title: { segments: [{ text }], style: 'reverse' }, inUse: row.inUse };
}

function helpText(columns: number): readonly Line[] {
  const longest = KEYS.reduce((most, [keys]) => Math.max(most, keys.length), 0);
  const width = Math.min(longest, Math.floor(columns / 2));
  return [
    ...KEYS.map(([keys, what]) => line(styled(keys.padEnd(width), 'bold'), `  ${what}`)),
    line(),
    line('In use: what has been allocated here and not been freed.'),
    line('Growth: change since viewing began, or since z was pressed.'),
    line('Alloc/s: allocated per second, between the last two reads.'),
    line('K, M, G: KiB, MiB, GiB. Estimates, if the source samples.'),
  ];
}

/** Returns the last line: the filter while it is typed, the state of the source, or the keys. */
function footerLine({ model, view, status }: ScreenInput, columns: number): Line {
  if (view.isTyping) return line(styled('/', 'bold'), view.filter, styled(' ', 'reverse'));
  const filter = view.filter === '' || view.mode !== 'table' ? '' : `/${view.filter}  `;
  const state = model.state === undefined || status === '' ? '' : `${status}  `;
  const notice = clip(`${filter}${state}`, columns);
  let left = columns - textWidth(notice);
  const hints: Segment[] = [];
  for (const [key, what] of HINTS[view.mode]) {
    left -= key.length + 1 + what.length;
    if (left < 0) break;
    left -= 2;
    hints.push(styled(key, 'bold'), { text: ` ${what}  ` });
  }
  return line(styled(notice, state === '' ? undefined : 'yellow'), ...hints);
}
