import { doubled } from '../../tables/typed-arrays.js';
import type { MemrayLimits } from '../format/limits.js';
import { LiveTable } from '../heap/live-table.js';
import { MappingTree } from '../heap/mapping-tree.js';

const TWO_32 = 2 ** 32;
const INITIAL_ENTRIES = 1 << 10;

/**
 * Receives the end of an allocation, or of a part of a mapping.
 *
 * @param birthMillis time of the allocation, as it was given
 * @param count 1 if nothing of it is left, else 0
 */
export type EndVisitor = (site: number, birthMillis: number, bytes: number, count: number) => void;

/**
 * Live allocations by address, with their site and the time of their birth: 32 bytes and more for each. An allocation at
 * a live address ends the one that was there.
 */
export class LiveBirths {
  readonly #onEnd: EndVisitor;
  readonly #addresses: LiveTable;
  readonly #mappings: MappingTree;
  /** Site of each entry, from 1. A free entry has the number of the next one, negative, or 0. */
  #sites: Int32Array<ArrayBuffer> = new Int32Array(INITIAL_ENTRIES);
  /** Time of birth of each entry. */
  #births: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_ENTRIES);
  /** Number of pieces that are left of a mapping. */
  #pieces: Int32Array<ArrayBuffer> = new Int32Array(INITIAL_ENTRIES);
  #entries = 0;
  /** First free entry; 0 for none. */
  #free = 0;

  constructor(limits: MemrayLimits, onEnd: EndVisitor) {
    this.#onEnd = onEnd;
    this.#addresses = new LiveTable(limits);
    this.#mappings = new MappingTree(limits);
  }

  allocated(site: number, high: number, low: number, size: number, millis: number): void {
    const entry = this.#make(site, millis);
    const replaced = this.#addresses.set(high, low, entry, size);
    if (replaced !== 0) this.#end(replaced, this.#addresses.removedSize);
  }

  freed(high: number, low: number): void {
    const entry = this.#addresses.remove(high, low);
    if (entry !== 0) this.#end(entry, this.#addresses.removedSize);
  }

  mapped(site: number, high: number, low: number, size: number, millis: number): void {
    const start = high * TWO_32 + low;
    // An empty mapping is never alive.
    if (start + size <= start) return this.#onEnd(site, millis, size, 1);
    const entry = this.#make(site, millis);
    this.#pieces[entry] = 1;
    this.#mappings.add(start, start + size, entry);
  }

  unmapped(high: number, low: number, size: number): void {
    const start = high * TWO_32 + low;
    this.#mappings.remove(start, start + size, (entry, bytes, change) => {
      const left = this.#pieces[entry]! + change;
      this.#pieces[entry] = left;
      if (left === 0) this.#end(entry, bytes);
      else this.#onEnd(this.#sites[entry]!, this.#births[entry]!, bytes, 0);
    });
  }

  #end(entry: number, bytes: number): void {
    this.#onEnd(this.#sites[entry]!, this.#births[entry]!, bytes, 1);
    this.#sites[entry] = -this.#free;
    this.#free = entry;
  }

  #make(site: number, millis: number): number {
    let entry = this.#free;
    if (entry === 0) entry = ++this.#entries;
    else this.#free = -this.#sites[entry]!;
    if (entry === this.#sites.length) this.#grow();
    this.#sites[entry] = site;
    this.#births[entry] = millis;
    return entry;
  }

  #grow(): void {
    this.#sites = doubled(this.#sites);
    this.#pieces = doubled(this.#pieces);
    const births = new Float64Array(this.#births.length * 2);
    births.set(this.#births);
    this.#births = births;
  }
}
