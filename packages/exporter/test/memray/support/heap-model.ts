import type { AllocatorName } from '../../../src/memray/index.js';

/** Function, file and line. A stack lists them from the innermost outwards. */
export type Location = readonly [string, string, number];
export type Stack = readonly Location[];

/** One allocation or deallocation, as in a report: frees have size 0 and no stack. */
export interface HeapEvent {
  readonly tid: number;
  readonly address: number;
  readonly size: number;
  readonly allocator: AllocatorName;
  readonly stack: Stack;
}

/** Live allocations of one thread and stack. */
export interface Group {
  readonly tid: number;
  readonly stack: Stack;
  size: number;
  count: number;
}

interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly event: HeapEvent;
}

const FREES: ReadonlySet<AllocatorName> = new Set(['FREE', 'PYMALLOC_FREE']);

/**
 * The simplest implementation of a heap, to check faster code and memray itself: live allocations after each event,
 * their size, and the time of the maximum (of equal ones the latest).
 */
export class HeapModel {
  readonly #live: Map<number, HeapEvent> = new Map();
  #mappings: Mapping[] = [];
  #events = 0;
  size = 0;
  peak = 0;
  peakIndex = 0;

  feed(event: HeapEvent): void {
    const { address, size, allocator } = event;
    if (allocator === 'MMAP') this.#map(event);
    else if (allocator === 'MUNMAP') this.#unmap(address, address + size);
    else if (FREES.has(allocator)) this.#free(address);
    else {
      this.#live.set(address, event);
      this.size += size;
    }
    if (this.size >= this.peak) {
      this.peak = this.size;
      this.peakIndex = this.#events;
    }
    this.#events += 1;
  }

  /** Returns live allocations by thread and stack, or by stack alone with tid 0. */
  groups(merged: boolean): Group[] {
    const groups = new Map<string, Group>();
    const add = ({ tid, stack }: HeapEvent, size: number) => {
      const key = JSON.stringify([merged ? 0 : tid, stack]);
      const group = groups.get(key) ?? { tid: merged ? 0 : tid, stack, size: 0, count: 0 };
      group.size += size;
      group.count += 1;
      groups.set(key, group);
    };
    for (const event of this.#live.values()) add(event, event.size);
    for (const { start, end, event } of this.#mappings) add(event, end - start);
    return [...groups.values()];
  }

  #map(event: HeapEvent): void {
    this.size += event.size;
    if (event.size === 0) return;
    this.#mappings.push({ start: event.address, end: event.address + event.size, event });
  }

  #unmap(from: number, to: number): void {
    this.#mappings = this.#mappings.flatMap((mapping) => {
      const { start, end, event } = mapping;
      const low = Math.max(start, from);
      const high = Math.min(end, to);
      if (high <= low) return [mapping];
      this.size -= high - low;
      return [
        { start, end: low, event },
        { start: high, end, event },
      ].filter((piece) => piece.end > piece.start);
    });
  }

  #free(address: number): void {
    this.size -= this.#live.get(address)?.size ?? 0;
    this.#live.delete(address);
  }
}

/** Returns the heap at its high-water mark. */
export function atPeak(events: readonly HeapEvent[]): HeapModel {
  const whole = atEnd(events);
  return atEnd(events.slice(0, whole.peakIndex + 1));
}

/** Returns the heap after all events. */
export function atEnd(events: readonly HeapEvent[]): HeapModel {
  const heap = new HeapModel();
  for (const event of events) heap.feed(event);
  return heap;
}
