import type { MemrayAnalyzer, MemrayLocation } from '@heapray/exporter/memray';
import { placeText } from '../text/place.js';
import { printable } from '../text/printable.js';
import { formatBytes } from '../text/quantity.js';
import { clip } from '../text/width.js';
import { formatTable } from './table.js';

/** Location of allocations without a stack. */
const NOWHERE: MemrayLocation = { functionName: '(none)', file: '', line: 0, firstLine: 0 };
const HOME_AND_CLEAR = '\u001b[H\u001b[J';

/** A function and the memory it holds. */
interface Holder {
  readonly name: string;
  readonly file: string;
  /** Line where the function starts; 0 when unknown. */
  readonly line: number;
  readonly column: 0;
  bytes: number;
  count: number;
}

/** Shows a capture while it arrives: as a table that is redrawn on a terminal, otherwise as plain lines. */
export class LiveView {
  readonly #analyzer: MemrayAnalyzer;
  readonly #rows: number;
  readonly #out: NodeJS.WriteStream;

  constructor(analyzer: MemrayAnalyzer, rows: number, out: NodeJS.WriteStream) {
    this.#analyzer = analyzer;
    this.#rows = rows;
    this.#out = out;
  }

  /** Shows the current state. Shows nothing before the header has arrived. */
  refresh(): void {
    if (this.#analyzer.header === undefined || this.#out.writableNeedDrain) return;
    this.#out.write(this.#out.isTTY ? HOME_AND_CLEAR + this.#screen() : `${this.#line()}\n`);
  }

  /** Shows the final state. */
  finish(): void {
    this.refresh();
    if (!this.#out.isTTY) this.#out.write(`\n${this.#table(this.#rows)}`);
  }

  #screen(): string {
    const { pid, commandLine } = this.#analyzer.header!;
    const width = this.#out.columns || 80;
    const rows = Math.min(this.#rows, Math.max(1, (this.#out.rows || 24) - 6));
    const lines = [
      printable(`process ${pid}: ${commandLine}`),
      this.#line(),
      '',
      ...this.#table(rows).split('\n'),
    ];
    return lines.map((line) => clip(line, width)).join('\n');
  }

  #line(): string {
    const { liveBytes, peakBytes, events, threads } = this.#analyzer;
    const time = new Date().toISOString().slice(11, 19);
    const top = this.#holders()[0];
    const first =
      top === undefined
        ? ''
        : `  first: ${printable(`${top.name} ${placeText(top)}`)} ${formatBytes(top.bytes)}`;
    const heap = `alive ${formatBytes(liveBytes)}  peak ${formatBytes(peakBytes)}`;
    return `${time}  ${heap}  events ${events.toLocaleString('en-US')}  threads ${threads.length}${first}`;
  }

  #table(rows: number): string {
    const shown = this.#holders().slice(0, rows);
    const cells = shown.map((holder) => [
      formatBytes(holder.bytes),
      holder.count.toLocaleString('en-US'),
      printable(holder.name),
      printable(placeText(holder)),
    ]);
    return formatTable([['ALIVE', 'COUNT', 'FUNCTION', 'FILE'], ...cells], 2);
  }

  /** Returns the live memory by function, the largest first. */
  #holders(): Holder[] {
    const holders = new Map<string, Holder>();
    for (const record of this.#analyzer.leaks({ mergeThreads: true })) {
      const location = this.#analyzer.locations(record)[0];
      const { functionName: name, file, firstLine } = location ?? NOWHERE;
      const line = Math.max(0, firstLine);
      const key = `${name}\0${file}\0${line}`;
      const holder = holders.get(key) ?? { name, file, line, column: 0, bytes: 0, count: 0 };
      holder.bytes += record.bytes;
      holder.count += record.count;
      holders.set(key, holder);
    }
    return [...holders.values()].sort((a, b) => b.bytes - a.bytes);
  }
}
