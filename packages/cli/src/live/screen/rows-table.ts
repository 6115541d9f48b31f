import { nameText, placeText } from '../../text/place.js';
import { printable } from '../../text/printable.js';
import { formatBytes } from '../../text/quantity.js';
import { clip, pad, shorten } from '../../text/width.js';
import type { LiveRow, LiveSort } from '../model/live-model.js';
import type { LiveGroup } from '../model/live-rows.js';
import { shortBytes, shortCount, signed } from './amounts.js';
import { growthStyle } from './header.js';
import { type Line, type Segment, styled } from './line.js';

export interface RowsInput {
  readonly group: LiveGroup;
  readonly sort: LiveSort;
  readonly knowsRate: boolean;
  readonly hasPackages: boolean;
}

interface NumberColumn {
  readonly sort: LiveSort;
  readonly title: string;
  readonly width: number;
  text(row: LiveRow): string;
}

interface TextColumn {
  readonly title: string;
  readonly width: number;
  text(row: LiveRow): string;
}

/** Width from which units are written out, and places have their folder. */
const WIDE_FROM = 100;
/** Width from which the number of objects, and packages, have room. */
const OBJECTS_FROM = 60;
const PACKAGE_FROM = 72;
const PLACE_FROM = 56;
const RATE_FROM = 50;

/** A table of rows for a screen of a given width. */
export class RowsTable {
  readonly #columns: number;
  readonly #sort: LiveSort;
  readonly #numbers: readonly NumberColumn[];
  readonly #texts: readonly TextColumn[];

  constructor(input: RowsInput, columns: number) {
    this.#columns = columns;
    this.#sort = input.sort;
    this.#numbers = numberColumns(input, columns);
    const taken = this.#numbers.reduce((sum, { width }) => sum + width + 1, 0);
    this.#texts = textColumns(input, columns, Math.max(1, columns - taken));
  }

  head(): Line {
    const numbers = this.#numbers.map(({ title, width, sort }) =>
      pad(`${sort === this.#sort ? '*' : ''}${title}`, width, 'before'),
    );
    const texts = this.#texts.map(({ title, width }) => pad(clip(title, width), width, 'behind'));
    return { segments: [{ text: [...numbers, ...texts].join(' ') }], style: 'reverse' };
  }

  row(row: LiveRow, isChosen: boolean): Line {
    const segments: Segment[] = [];
    for (const { text, width, sort } of this.#numbers) {
      const style = sort === 'growth' && !isChosen ? growthStyle(row.growth) : undefined;
      segments.push(styled(pad(text(row), width, 'before'), style), { text: ' ' });
    }
    const texts = this.#texts.map(({ text, width }) =>
      pad(shorten(printable(text(row)), width), width, 'behind'),
    );
    segments.push({ text: texts.join(' ').trimEnd() });
    return { segments, ...(isChosen && { style: 'reverse' as const }) };
  }

  get columns(): number {
    return this.#columns;
  }
}

function numberColumns({ knowsRate }: RowsInput, columns: number): readonly NumberColumn[] {
  const isWide = columns >= WIDE_FROM;
  const bytes = isWide ? (value: number) => formatBytes(Math.round(value)) : shortBytes;
  const inUse: NumberColumn = {
    sort: 'inUse',
    title: 'IN USE',
    width: isWide ? 10 : 7,
    text: (row) => bytes(row.inUse),
  };
  const growth: NumberColumn = {
    sort: 'growth',
    title: 'GROWTH',
    width: isWide ? 11 : 8,
    text: (row) => (Math.abs(row.growth) < 1 ? '' : signed(row.growth, bytes)),
  };
  const rate: NumberColumn = {
    sort: 'rate',
    title: 'ALLOC/S',
    width: isWide ? 10 : 8,
    text: ({ rate: perSecond = 0 }) => (perSecond >= 1 ? bytes(perSecond) : ''),
  };
  const objects: NumberColumn = {
    sort: 'objects',
    title: isWide ? 'OBJECTS' : 'OBJS',
    width: isWide ? 9 : 6,
    text: (row) => (isWide ? Math.round(row.objects).toLocaleString('en-US') : shortCount(row.objects)),
  };
  return [
    inUse,
    growth,
    ...(knowsRate && columns >= RATE_FROM ? [rate] : []),
    ...(columns >= OBJECTS_FROM ? [objects] : []),
  ];
}

function textColumns(
  { group, hasPackages }: RowsInput,
  columns: number,
  room: number,
): readonly TextColumn[] {
  const packageColumn = (width: number): TextColumn => ({
    title: 'PACKAGE',
    width,
    text: ({ packageName }) => packageName,
  });
  const packageWidth = hasPackages && columns >= PACKAGE_FROM ? (columns >= WIDE_FROM ? 18 : 12) : 0;
  const left = packageWidth > 0 ? room - packageWidth - 1 : room;
  const packages = packageWidth > 0 ? [packageColumn(packageWidth)] : [];
  if (group === 'package') return [{ title: 'PACKAGE', width: room, text: ({ name }) => name }];
  if (group === 'file') return [{ title: 'FILE', width: left, text: ({ name }) => name }, ...packages];
  const functionColumn = (width: number): TextColumn => ({ title: 'FUNCTION', width, text: nameText });
  if (columns < PLACE_FROM) return [functionColumn(left)];
  const functionWidth = Math.ceil((left - 1) * (columns >= WIDE_FROM ? 0.4 : 0.52));
  const place = columns >= WIDE_FROM ? placeText : shortPlace;
  return [
    functionColumn(functionWidth),
    { title: 'PLACE', width: left - 1 - functionWidth, text: place },
    ...packages,
  ];
}

/** Returns the name of a file, without its folder, and the line. */
function shortPlace({ file, line }: LiveRow): string {
  const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  return placeText({ file: name, line, column: 0 });
}
