// Lists the captures in a folder, and reads how far they were written.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MemrayAnalyzer } from '@heapray/exporter/memray';
import { expect } from 'vitest';

/** Returns names of the files in a folder; none if it does not exist. */
export function fileNames(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

export interface CaptureEnds {
  /** Milliseconds since the epoch; while the capture is running, the end time is that of the last flush. */
  startTime: number;
  endTime: number;
  /** Allocations and frees; for a running capture, up to the last flush. */
  events: number;
  /** True if the last record is the trailer. */
  trailer: boolean;
}

/** Returns the header fields that are patched at the end of a capture, and whether its last record is the trailer. */
export function captureEnds(file: string): CaptureEnds {
  const bytes = readFileSync(file);
  expect(bytes.subarray(0, 7).toString('latin1')).toBe('memray\0');
  const isOld = bytes.readInt32LE(7) === 11;
  // Format 11 has no Python version before these fields.
  const shift = isOld ? 4 : 0;
  const word = (offset: number) => Number(bytes.readBigInt64LE(offset - shift));
  return {
    events: word(17),
    startTime: word(33),
    endTime: word(41),
    trailer: hasTrailer(bytes),
  };
}

/** Returns whether the file ends in a trailer. Its last byte alone may belong to another record. */
function hasTrailer(bytes: Uint8Array): boolean {
  const analyzer = new MemrayAnalyzer();
  analyzer.push(bytes);
  analyzer.end();
  return analyzer.complete;
}

/** Expects a capture that was finished properly: trailer at the end, time and counts in the header. */
export function expectFinished(file: string): void {
  const { startTime, endTime, events, trailer } = captureEnds(file);
  expect(trailer).toBe(true);
  // A process may end in the millisecond in which its capture begins; the events show that the header was patched.
  expect(endTime).toBeGreaterThanOrEqual(startTime);
  expect(events).toBeGreaterThan(0);
}

/** Returns the path of a component's capture. */
export function captureOf(folder: string, component: string): string {
  return path.join(folder, `${component}_memory.bin`);
}
