import { formatBytes } from '../../text/quantity.js';
import { clip, shorten, textWidth } from '../../text/width.js';
import type { LiveState } from '../live-state.js';
import type { LiveModel, LiveTotals } from '../model/live-model.js';
import { formatDuration, signed } from './amounts.js';
import { type Line, line, type Segment, styled } from './line.js';
import { sparkline } from './sparkline.js';

export interface HeaderInput {
  readonly model: LiveModel;
  /** Path, URL or port. */
  readonly source: string;
  readonly isPaused: boolean;
  readonly nowMillis: number;
}

/** Width of the screen from which there is room for sparklines. */
const SPARKLINE_FROM = 60;
const SPARKLINE_COLUMNS = 20;
const WIDE_FROM = 100;
const WIDE_SPARKLINE_COLUMNS = 40;
/** Changes of a tenth of the heap are visible. */
const HEAP_FLOOR = 0.9;
const GAP = '  ';
const IN_USE = 'In use ';
const MAX_WARNINGS = 2;
/** Number of lines that are always shown. */
const ALWAYS = 2;

/** Returns the lines above the table, the most important first. */
export function headerLines(input: HeaderInput, columns: number, maxLines: number): readonly Line[] {
  const { model } = input;
  const { state } = model;
  const totals = model.totals();
  if (state === undefined || totals === undefined) return [titleLine(input, columns)];
  const warnings = state.warnings.slice(0, MAX_WARNINGS).map((text) => line(styled(`! ${text}`, 'yellow')));
  const figures = [rateLine(model, totals, columns), residentLine(state)].filter(
    (each) => each !== undefined,
  );
  // Where there is little room, warnings come first; else they stand below the figures.
  const room = Math.max(0, maxLines - ALWAYS);
  const shownWarnings = warnings.slice(0, room);
  const shownFigures = figures.slice(0, room - shownWarnings.length);
  return [titleLine(input, columns), heapLine(model, totals, columns), ...shownFigures, ...shownWarnings];
}

function titleLine({ model, source, isPaused, nowMillis }: HeaderInput, columns: number): Line {
  const { state } = model;
  const name = state?.program || source;
  const facts = [
    ...(state?.pid === undefined ? [] : [`pid ${state.pid}`]),
    ...timeText(state, nowMillis),
  ].join(GAP);
  const right: Segment[] = [
    ...(isPaused ? [styled('PAUSED', 'reverse'), { text: facts === '' ? '' : GAP }] : []),
    { text: facts },
  ];
  const left = 'heapray live';
  const rightWidth = widthOf(right);
  const room = columns - textWidth(left) - 2 * GAP.length - rightWidth;
  // On a narrow screen, the name of the program is all that fits beside the facts.
  if (room < 10) {
    const narrow = Math.max(0, columns - rightWidth - GAP.length);
    const shown = shorten(name, narrow);
    return line(
      styled(shown, 'bold'),
      ' '.repeat(Math.max(0, columns - textWidth(shown) - rightWidth)),
      ...right,
    );
  }
  const shown = shorten(name, room);
  return line(left, GAP, styled(shown, 'bold'), ' '.repeat(room - textWidth(shown) + GAP.length), ...right);
}

/** Returns how long the program runs, or has run. */
function timeText(state: LiveState | undefined, nowMillis: number): readonly string[] {
  if (state?.startMillis === undefined) return [];
  const { startMillis, endMillis } = state;
  if (endMillis !== undefined) return [`ran ${formatDuration(endMillis - startMillis)}`];
  return [`up ${formatDuration(nowMillis - startMillis)}`];
}

function heapLine(model: LiveModel, { inUse, growth, peak }: LiveTotals, columns: number): Line {
  const { heapLimit } = model.state!;
  const since = model.state!.atMillis - model.sinceMillis!;
  const isNarrow = columns < SPARKLINE_FROM;
  const amount = signed(growth, (bytes) => formatBytes(Math.round(bytes)));
  const change = isNarrow ? amount : `${amount} in ${formatDuration(since)}`;
  const peakText = `${peak.isSeenHere ? 'highest seen' : 'peak'} ${formatBytes(Math.round(peak.bytes))}`;
  const isNews = !peak.isSeenHere || peak.bytes > inUse;
  const spark = sparkline(model.inUse.points, { columns: sparklineColumns(columns), floor: HEAP_FLOOR });
  const parts = [
    styled(formatBytes(Math.round(inUse)), 'bold'),
    ...(since > 0 ? [styled(change, growthStyle(growth))] : []),
    ...(isNews ? [{ text: peakText }] : []),
    ...(heapLimit === undefined ? [] : [{ text: `heap limit ${formatBytes(heapLimit)}` }]),
  ];
  const room = columns - IN_USE.length - (spark === '' ? 0 : textWidth(spark) + GAP.length);
  return withSparkline([IN_USE, ...fitting(parts, room)], spark, columns);
}

/** Returns the first parts that fit, with gaps between them; at least one. */
function fitting(parts: readonly Segment[], columns: number): readonly Segment[] {
  const segments: Segment[] = [];
  let left = columns;
  for (const part of parts) {
    left -= textWidth(part.text);
    if (left < 0 && segments.length > 0) break;
    left -= GAP.length;
    segments.push(part, { text: GAP });
  }
  return segments.slice(0, -1);
}

function rateLine(model: LiveModel, { rate, allocated }: LiveTotals, columns: number): Line | undefined {
  if (allocated === undefined) return undefined;
  const total = `${formatBytes(Math.round(allocated))} in all`;
  const text =
    rate === undefined
      ? ['Allocated ', total]
      : ['Allocating ', styled(`${formatBytes(Math.round(rate))}/s`, 'bold'), `${GAP}${total}`];
  return withSparkline(
    text,
    sparkline(model.rate.points, { columns: sparklineColumns(columns), floor: 0 }),
    columns,
  );
}

function residentLine({ residentBytes, residentParts, facts }: LiveState): Line | undefined {
  const others = facts.map(([name, text]) => `${text} ${name}`).join(GAP);
  if (residentBytes === undefined) return others === '' ? undefined : line(others);
  const parts = residentParts.map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`).join(', ');
  return line(
    'Resident ',
    styled(formatBytes(residentBytes), 'bold'),
    parts === '' ? '' : `: ${parts}`,
    others === '' ? '' : `${GAP}${others}`,
  );
}

export function growthStyle(growth: number): 'red' | 'green' | undefined {
  if (growth === 0) return undefined;
  return growth > 0 ? 'red' : 'green';
}

function sparklineColumns(columns: number): number {
  if (columns < SPARKLINE_FROM) return 0;
  return columns < WIDE_FROM ? SPARKLINE_COLUMNS : WIDE_SPARKLINE_COLUMNS;
}

/** Adds a sparkline at the right end. The text is cut where it starts. */
function withSparkline(text: readonly (string | Segment)[], spark: string, columns: number): Line {
  if (spark === '') return line(...text);
  const room = columns - textWidth(spark) - GAP.length;
  const segments: Segment[] = [];
  let left = room;
  for (const each of text) {
    const { text: part, style } = typeof each === 'string' ? { text: each, style: undefined } : each;
    const shown = clip(part, left);
    left -= textWidth(shown);
    segments.push(styled(shown, style));
    if (left <= 0) break;
  }
  return line(...segments, ' '.repeat(left + GAP.length), styled(spark, 'cyan'));
}

function widthOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { text }) => sum + textWidth(text), 0);
}
