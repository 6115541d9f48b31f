import { beyond, type MemrayLimits } from '../format/limits.js';
import { LiveTable } from '../heap/live-table.js';
import { MappingTree } from '../heap/mapping-tree.js';
import type { HeapListener } from '../model/heap-listener.js';
import { PairTable } from '../model/pair-table.js';

const TWO_32 = 2 ** 32;

/** `count` allocations of `bytes` in total that lived from window `from` until before window `until`. */
export interface TemporalInterval {
  readonly from: number;
  /** `null`: until the end. */
  readonly until: number | null;
  readonly count: number;
  readonly bytes: number;
}

/**
 * Tracks the windows in which each allocation started and ended. Memory records separate the windows: an event after n
 * of them is in window n. Allocations that start and end in the same window are omitted.
 */
export class TemporalLeaks implements HeapListener {
  readonly #limits: MemrayLimits;
  readonly #live: LiveTable;
  readonly #mappings: MappingTree;
  /** Births: pairs of site and window. */
  readonly #births: PairTable = new PairTable();
  /** Completed lives: pairs of birth and window of death. */
  readonly #lives: PairTable = new PairTable();
  readonly #counts: number[] = [];
  readonly #bytes: number[] = [];
  /** Birth of each mapping. `#pieces` has the number of its remaining pieces. */
  readonly #mappingBirths: number[] = [0];
  readonly #pieces: number[] = [0];
  readonly #freeMappings: number[] = [];
  #window = 0;

  constructor(limits: MemrayLimits) {
    this.#limits = limits;
    this.#live = new LiveTable(limits);
    this.#mappings = new MappingTree(limits);
  }

  /** Returns the intervals of all sites that have any. */
  intervals(): ReadonlyMap<number, readonly TemporalInterval[]> {
    const bySite = new Map<number, TemporalInterval[]>();
    const add = (birth: number, until: number | null, count: number, bytes: number) => {
      const site = this.#births.parent(birth);
      const intervals = bySite.get(site);
      const interval = { from: this.#births.frame(birth), until, count, bytes };
      if (intervals) intervals.push(interval);
      else bySite.set(site, [interval]);
    };
    for (let life = 1; life <= this.#lives.size; life += 1) {
      add(this.#lives.parent(life), this.#lives.frame(life), this.#counts[life]!, this.#bytes[life]!);
    }
    for (const [birth, { count, bytes }] of this.#alive()) add(birth, null, count, bytes);
    return bySite;
  }

  allocated(site: number, high: number, low: number, size: number): void {
    this.#live.set(high, low, this.#births.intern(site, this.#window), size);
    this.#checkSize();
  }

  freed(_thread: number, high: number, low: number): void {
    const birth = this.#live.remove(high, low);
    if (birth !== 0) this.#died(birth, 1, this.#live.removedSize);
  }

  mapped(site: number, high: number, low: number, size: number): void {
    if (size === 0) return;
    const mapping = this.#freeMappings.pop() ?? this.#pieces.length;
    this.#mappingBirths[mapping] = this.#births.intern(site, this.#window);
    this.#pieces[mapping] = 1;
    const start = high * TWO_32 + low;
    this.#mappings.add(start, start + size, mapping);
    this.#checkSize();
  }

  unmapped(_thread: number, high: number, low: number, size: number): void {
    const start = high * TWO_32 + low;
    this.#mappings.remove(start, start + size, (mapping, bytes, pieces) => {
      this.#pieces[mapping]! += pieces;
      const gone = this.#pieces[mapping] === 0;
      this.#died(this.#mappingBirths[mapping]!, gone ? 1 : 0, bytes);
      if (gone) this.#freeMappings.push(mapping);
    });
  }

  memoryRecord(): void {
    this.#window += 1;
  }

  #died(birth: number, count: number, bytes: number): void {
    if (this.#births.frame(birth) === this.#window) return;
    const life = this.#lives.intern(birth, this.#window);
    this.#counts[life] = (this.#counts[life] ?? 0) + count;
    this.#bytes[life] = (this.#bytes[life] ?? 0) + bytes;
    this.#checkSize();
  }

  /** Returns the live allocations by birth. */
  #alive(): ReadonlyMap<number, { count: number; bytes: number }> {
    const alive = new Map<number, { count: number; bytes: number }>();
    const add = (birth: number, count: number, bytes: number) => {
      const sum = alive.get(birth) ?? { count: 0, bytes: 0 };
      sum.count += count;
      sum.bytes += bytes;
      alive.set(birth, sum);
    };
    this.#live.forEach((birth, size) => {
      add(birth, 1, size);
    });
    const seen = new Set<number>();
    this.#mappings.forEach((mapping, size) => {
      add(this.#mappingBirths[mapping]!, seen.has(mapping) ? 0 : 1, size);
      seen.add(mapping);
    });
    return alive;
  }

  #checkSize(): void {
    if (this.#births.size + this.#lives.size > this.#limits.maxLive) {
      throw beyond('intervals', this.#limits.maxLive, 'maxLive');
    }
  }
}
