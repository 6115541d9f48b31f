import { note } from '../io/note.js';
import { formatTable } from '../outputs/table.js';
import { placeText } from '../text/place.js';
import { printable } from '../text/printable.js';
import { formatBytes } from '../text/quantity.js';
import type { LiveEnd, LivePoll, LiveState } from './live-state.js';
import type { LiveView } from './live-view.js';
import type { LiveModel, LiveRow, LiveTotals } from './model/live-model.js';

/** Shows a source as one line for each state, and a table at the end. */
export class PlainView implements LiveView {
  readonly isPaused = false;
  readonly #model: LiveModel;
  readonly #rows: number;
  readonly #out: NodeJS.WriteStream;
  #noted = '';
  #shown: LiveState | undefined;

  /**
   * Creates a view.
   *
   * @param rows maximum number of rows of the table
   */
  constructor(model: LiveModel, rows: number, out: NodeJS.WriteStream) {
    this.#model = model;
    this.#rows = rows;
    this.#out = out;
  }

  show({ state, status }: LivePoll): void {
    if (state === undefined && status !== '' && status !== this.#noted) note(status);
    this.#noted = status;
    if (state === undefined || this.#out.writableNeedDrain) return;
    this.#shown = state;
    this.#out.write(`${this.#line(state)}\n`);
  }

  staysAfter(): boolean {
    return false;
  }

  close(end: LiveEnd | undefined): void {
    if (end !== undefined && this.#shown !== undefined)
      this.#out.write(`\n${lastTable(this.#model, this.#rows)}`);
  }

  #line({ facts, peakBytes }: LiveState): string {
    const totals = this.#model.totals()!;
    const time = new Date().toISOString().slice(11, 19);
    const [first] = this.#model.rows({ group: 'function', sort: 'inUse', filter: '' });
    const parts = [
      time,
      `alive ${bytes(totals.inUse)}`,
      ...(peakBytes === undefined ? rateText(totals) : [`peak ${bytes(peakBytes)}`]),
      ...facts.map(([name, text]) => `${name} ${text}`),
      ...(first === undefined ? [] : [`first: ${printable(placeOf(first))} ${bytes(first.inUse)}`]),
    ];
    return parts.join('  ');
  }
}

/** Returns the rows with most in use as a table, for the end of viewing. */
export function lastTable(model: LiveModel, count: number): string {
  const rows = model.rows({ group: 'function', sort: 'inUse', filter: '' }).slice(0, count);
  const cells = rows.map((row) => [
    bytes(row.inUse),
    Math.round(row.objects).toLocaleString('en-US'),
    printable(row.name),
    printable(placeText(row)),
  ]);
  return formatTable([['ALIVE', 'COUNT', 'FUNCTION', 'FILE'], ...cells], 2);
}

/** Returns the allocation rate, for sources without a peak. Lines for captures stay as they have always been. */
function rateText({ rate }: LiveTotals): readonly string[] {
  return rate === undefined ? [] : [`allocating ${bytes(rate)}/s`];
}

function placeOf(row: LiveRow): string {
  const place = placeText(row);
  return place === '' ? row.name : `${row.name} ${place}`;
}

function bytes(value: number): string {
  return formatBytes(Math.round(value));
}
