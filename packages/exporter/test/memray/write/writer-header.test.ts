import { describe, expect, test } from 'vitest';
import { analyzeMemray, type HeaderPatch, type MemrayFormat } from '../../../src/memray/index.js';
import { dump, hex } from '../support/hex.js';

import { START, writer } from './writer.js';

describe('the header', () => {
  test('of 12 has no search paths, and that of 11 no python_version and object lifetimes either', () => {
    const header = (format: MemrayFormat) => {
      const w = writer({ format, libdest: 'L', sitePackages: ['S'], sysPath: ['P'], mainThreadId: 7 });
      w.memoryRecord(1, START);
      const bytes = w.take();
      return dump(bytes.subarray(0, bytes.length - 3));
    };
    const times = '00 68 e5 cf 8b 01 00 00  00 68 e5 cf 8b 01 00 00';
    const middle = `00 00  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  ${times}  78 00
      01 00 00 00  07 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  03 00`;
    const magic = '6d 65 6d 72 61 79 00';
    expect(header(13)).toBe(
      dump(hex(`${magic} 0d 00 00 00 f0 00 0b 03 ${middle} 00  4c 00  53 00 00  50 00 00`)),
    );
    expect(header(12)).toBe(dump(hex(`${magic} 0c 00 00 00 f0 00 0b 03 ${middle} 00`)));
    expect(header(11)).toBe(dump(hex(`${magic} 0b 00 00 00 ${middle}`)));
  });

  test('omits an empty search path, which would end the list', () => {
    const w = writer({ sitePackages: ['', '/m', ''], sysPath: [''] });
    w.memoryRecord(1, START);
    expect(dump(w.take())).toContain(dump(hex('00 2f 6d 00 00 00 02 01 00')));
  });

  test('has patches for the counts of records and frames and the end time', () => {
    const patched = (format: MemrayFormat) => {
      const w = writer({ format });
      w.allocation(1, 64, 1, w.stack(undefined, w.frame('f', 'a', 1)));
      w.free(1, 64);
      w.finish(1, START);
      return w.headerPatches(START + 1).map(({ offset, bytes }) => [offset, dump(bytes)]);
    };
    const records = '03 00 00 00 00 00 00 00';
    const end = '01 68 e5 cf 8b 01 00 00';
    expect(patched(13)).toEqual([
      [17, records],
      [41, end],
      [25, '01 00 00 00 00 00 00 00'],
    ]);
    expect(patched(11)).toEqual([
      [13, records],
      [37, end],
      [21, '01 00 00 00 00 00 00 00'],
    ]);
  });
});

describe('a header that is updated while the capture continues', () => {
  const FORMATS = [13, 12, 11] as const;

  /** Returns a capture that ended with a kill, and the patches for its header at that time. */
  function running(format: MemrayFormat): { bytes: Uint8Array; patches: readonly HeaderPatch[] } {
    const w = writer({ format });
    w.memoryRecord(1000, START);
    for (let at = 1; at <= 300; at += 1) {
      w.allocation(1, 64 * at, at, w.stack(undefined, w.frame(`f${at % 7}`, 'a', 1)));
    }
    w.memoryRecord(2000, START + 70_000);
    return { bytes: w.take(), patches: w.headerPatches(START + 70_000) };
  }

  test.each(FORMATS)('has the known counts, in format %d', (format) => {
    const { bytes, patches } = running(format);
    for (const { offset, bytes: patch } of patches) bytes.set(patch, offset);
    const { header } = analyzeMemray([bytes]);
    expect(header).toMatchObject({
      allocationCount: 300,
      frameCount: 7,
      startTimeMillis: START,
      endTimeMillis: START + 70_000,
      pythonAllocator: 3,
    });
  });

  test.each(FORMATS)('is read the same wherever a kill interrupts the update, in format %d', (format) => {
    const { bytes, patches } = running(format);
    const before = analyzeMemray([bytes]);
    for (const [at, { offset, bytes: patch }] of patches.entries()) {
      for (let cut = 0; cut <= patch.length; cut += 1) {
        const torn = Uint8Array.from(bytes);
        for (const { offset: whole, bytes: written } of patches.slice(0, at)) torn.set(written, whole);
        torn.set(patch.subarray(0, cut), offset);
        const analyzer = analyzeMemray([torn]);
        expect(analyzer.damage).toBeUndefined();
        expect(analyzer.leaks()).toEqual(before.leaks());
        expect(analyzer.header?.startTimeMillis).toBe(START);
      }
    }
  });
});
