import type { MemrayHeader } from '../../../src/memray/index.js';
import { writeHeader } from '../../../src/memray/write/write-header.js';
import { RecordEncoder12 } from '../../../src/memray/write/write-records.js';
import { ByteWriter } from '../../../src/wire/byte-writer.js';
import { hex } from './hex.js';

const HEADER: MemrayHeader = {
  format: 13,
  pythonVersion: 0x030b00f0,
  nativeTraces: false,
  fileFormat: 'ALL_ALLOCATIONS',
  allocationCount: 0,
  frameCount: 0,
  startTimeMillis: 1_700_000_000_000,
  endTimeMillis: 1_700_000_000_000,
  commandLine: 'x',
  pid: 1,
  mainThreadId: 1n,
  skippedFrames: 0,
  pythonAllocator: 4,
  pythonAllocatorsTraced: false,
  objectLifetimes: false,
  libdest: '',
  sitePackages: [],
  sysPath: [],
};

/** Returns the header alone. */
export function headerBytes(header: Partial<MemrayHeader> = {}): Uint8Array {
  const out = new ByteWriter();
  writeHeader(out, { ...HEADER, ...header });
  return out.take();
}

/** Returns a capture of these records, given as a hex dump. */
export function captureOf(records: string, header: Partial<MemrayHeader> = {}): Uint8Array {
  return Buffer.concat([headerBytes(header), hex(records)]);
}

/** Returns a capture of format 13 with the records that `write` writes. */
export function captureBy(write: (records: RecordEncoder12) => void): Uint8Array {
  const out = new ByteWriter();
  write(new RecordEncoder12(out));
  return Buffer.concat([headerBytes(), out.take()]);
}

/** Switches to thread 1. An allocation without it is damage. */
export const THREAD_1 = '0c 01 00 00 00 00 00 00 00';
