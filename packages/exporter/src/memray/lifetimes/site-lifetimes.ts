import type { Amount } from '../heap/site-amounts.js';
import { ENDED_LIFETIMES } from './lifetime-names.js';

const INITIAL_SITES = 256;
/** Offsets in the row of a site. Each has bytes and number of allocations. */
const BORN = 0;
const ENDED = 2;
const TEMPORARY = ENDED + 2 * ENDED_LIFETIMES;
/** Freed before the next memory record, so that the lifetime is not known yet. */
const PENDING = TEMPORARY + 2;
const ROW = PENDING + 2;

/** The allocations of each site by lifetime. */
export class SiteLifetimes {
  #rows: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_SITES * ROW);
  /** Sites with pending amounts. */
  readonly #pending: number[] = [];

  allocated(site: number): Amount {
    return this.#amount(site, BORN);
  }

  /** Returns what was freed after a lifetime, an index below `ENDED_LIFETIMES`. */
  ended(site: number, lifetime: number): Amount {
    return this.#amount(site, ENDED + 2 * lifetime);
  }

  temporary(site: number): Amount {
    return this.#amount(site, TEMPORARY);
  }

  addBorn(site: number, bytes: number): void {
    this.#add(site, BORN, bytes, 1);
  }

  addEnded(site: number, lifetime: number, bytes: number, count: number): void {
    this.#add(site, ENDED + 2 * lifetime, bytes, count);
  }

  addTemporary(site: number, bytes: number): void {
    this.#add(site, TEMPORARY, bytes, 1);
  }

  /** Adds what ended with a lifetime that {@link settle} determines. */
  addPending(site: number, bytes: number, count: number): void {
    const at = site * ROW + PENDING;
    if ((this.#rows[at] ?? 0) === 0 && (this.#rows[at + 1] ?? 0) === 0) this.#pending.push(site);
    this.#add(site, PENDING, bytes, count);
  }

  /** Gives all pending amounts a lifetime. */
  settle(lifetime: number): void {
    for (const site of this.#pending) {
      const at = site * ROW + PENDING;
      this.addEnded(site, lifetime, this.#rows[at]!, this.#rows[at + 1]!);
      this.#rows[at] = 0;
      this.#rows[at + 1] = 0;
    }
    this.#pending.length = 0;
  }

  #amount(site: number, column: number): Amount {
    const at = site * ROW + column;
    return { bytes: this.#rows[at] ?? 0, count: this.#rows[at + 1] ?? 0 };
  }

  #add(site: number, column: number, bytes: number, count: number): void {
    const at = site * ROW + column;
    if (at >= this.#rows.length) this.#grow(site);
    this.#rows[at]! += bytes;
    this.#rows[at + 1]! += count;
  }

  #grow(site: number): void {
    const rows = new Float64Array(Math.max(this.#rows.length * 2, (site + 1) * ROW));
    rows.set(this.#rows);
    this.#rows = rows;
  }
}
