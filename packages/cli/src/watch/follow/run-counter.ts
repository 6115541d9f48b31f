import type { MemrayHeader } from '@heapray/exporter/memray';

/** Number of runs remembered, to recognize one that returns. */
const MAX_REMEMBERED = 16;

/** Counts the runs of a program whose captures had one path. Each counts once, however often its file is opened. */
export class RunCounter {
  readonly #newest: string[] = [];
  /** Time since which runs are counted, in ms since the Unix epoch. */
  readonly sinceMillis: number;
  #count = 0;

  constructor(sinceMillis: number) {
    this.sinceMillis = sinceMillis;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts the run with this header, unless it is one of the newest known runs. */
  add({ pid, startTimeMillis }: MemrayHeader): void {
    const key = `${pid} ${startTimeMillis}`;
    if (this.#newest.includes(key)) return;
    this.#count += 1;
    this.#newest.push(key);
    if (this.#newest.length > MAX_REMEMBERED) this.#newest.shift();
  }
}
