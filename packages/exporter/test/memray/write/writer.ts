import { type MemrayFormat, MemrayWriter, type MemrayWriterOptions } from '../../../src/memray/index.js';

export const START = 1_700_000_000_000;

/** Returns a writer at the start of a capture. */
export function writer(options: Partial<MemrayWriterOptions> = {}): MemrayWriter {
  return new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: START, ...options });
}

/** Returns the bytes that `write` adds to a capture with a header, in which thread 1 is current. */
export function added(write: (w: MemrayWriter) => void, format: MemrayFormat = 13): Uint8Array {
  const w = writer({ format });
  w.threadName(1, 'main');
  w.take();
  write(w);
  return w.take();
}
