import { expect, test } from 'vitest';
import { SegmentOffsets } from '../../../src/memray/model/segment-offsets.js';

/** Segments of linkers: address, size in memory, and the offset in the file if it can be determined. */
type Row = readonly [address: number, size: number, offset: number | undefined];

const LAYOUTS: Readonly<Record<string, readonly Row[]>> = {
  'headers, then code in pages of its own': [
    [0, 0x760, 0],
    [0x1000, 0x155, 0x1000],
    [0x2000, 0xd0, undefined],
    [0x3db0, 0x270, undefined],
  ],
  'code with the headers': [
    [0, 0x2b5ea8, 0],
    [0x4b6bc8, 0x33538, undefined],
  ],
  'a program at a fixed address': [
    [0x400000, 0x5d0, 0],
    [0x401000, 0x9000, 0x1000],
  ],
  'pages of 2 MiB': [
    [0, 0x280, 0],
    [0x200000, 0x2e, undefined],
  ],
  'code a page further in memory than in the file': [
    [0, 0x5e8, 0],
    [0x15f0, 0x100, undefined],
  ],
  'code at an address that was asked for': [
    [0, 0x2b8, 0],
    [0x50000, 0xe, undefined],
  ],
  'code behind other code': [
    [0, 0x2b8, 0],
    [0x1000, 0x20, 0x1000],
    [0x2000, 0xe, undefined],
  ],
  'no segment of this world': [
    [2 ** 63, 2 ** 63, 0],
    [0, 1, undefined],
  ],
};

test.each(Object.entries(LAYOUTS))('%s', (_, rows) => {
  const offsets = new SegmentOffsets();
  const told = rows.map(([address, size]) => offsets.next(BigInt(address), BigInt(size)));
  expect(told).toEqual(rows.map(([, , offset]) => (offset === undefined ? undefined : BigInt(offset))));
});
