import type { HeapListener } from '../model/heap-listener.js';

/** Resident memory of the process at one moment. */
export interface ResidentMemory {
  /** Time in ms since the Unix epoch. */
  readonly millis: number;
  readonly residentBytes: number;
}

/** Keeps the latest memory record, which is also the latest known time of an unfinished capture. */
export class LastMemoryRecord implements HeapListener {
  last: ResidentMemory | undefined;

  memoryRecord(millis: number, residentBytes: number): void {
    this.last = { millis, residentBytes };
  }

  memorySnapshot(millis: number, residentBytes: number): void {
    this.last = { millis, residentBytes };
  }
}
