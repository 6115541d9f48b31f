import { describe, expect, expectTypeOf, test } from 'vitest';
import { allocationTag, TOKEN_11, tag11 } from '../../../src/memray/format/records.js';
import { type FrameHandle, MemrayWriter, type StackHandle } from '../../../src/memray/index.js';
import { RecordEncoder12 } from '../../../src/memray/write/write-records.js';
import { ByteWriter } from '../../../src/wire/byte-writer.js';
import { dump, hex } from '../support/hex.js';
import { ALL_ALLOCATIONS_EXAMPLE } from '../support/worked-examples.js';
import { added, START, writer } from './writer.js';

const POP_2 = 0x0c0;

/** Returns the capture of the worked example. */
function example(): Uint8Array {
  const w = new MemrayWriter({
    commandLine: 'node a.js',
    pid: 4242,
    startTimeMillis: START,
    libdest: 'node:',
    sitePackages: ['/a/node_modules'],
    sysPath: ['/a'],
  });
  w.memoryRecord(52_428_800, START);
  w.threadName(1, 'main');
  const f = w.stack(undefined, w.frame('f', '/a/a.js', 3));
  const g = w.stack(f, w.frame('g', '/a/a.js', 1));
  w.allocation(1, 0x7f0000001000, 300, g);
  w.free(1, 0x7f0000001000);
  w.allocation(1, 0x7f0000000fc0, 64, g, 'CALLOC');
  w.allocation(1, 0x7f1000000000, 8192, g, 'MMAP');
  w.allocation(2, 0x7f1000000000, 4096, undefined, 'MUNMAP');
  w.finish(53_477_376, START + 250);
  const bytes = w.take();
  for (const { offset, bytes: patch } of w.headerPatches(START + 250)) bytes.set(patch, offset);
  return bytes;
}

describe('the worked example', () => {
  test('is written byte for byte, except the pop that no later record needs', () => {
    const expected = Uint8Array.from(ALL_ALLOCATIONS_EXAMPLE);
    expect(expected).toHaveLength(222);
    // In the example, as in memray, no frames are counted, and the allocator differs.
    expected[25] = 2;
    expected[0x4f] = 3;
    expect(expected[POP_2]).toBe(0x11);
    const lazy = Buffer.concat([expected.subarray(0, POP_2), expected.subarray(POP_2 + 1)]);
    expect(dump(example())).toBe(dump(lazy));
  });

  test('is written record by record with the pop', () => {
    const out = new ByteWriter();
    const records = new RecordEncoder12(out);
    records.memoryRecord(52_428_800, 0);
    records.contextSwitch(1);
    records.threadName('main');
    records.frame(0, 'f', '/a/a.js', 3);
    records.frame(1, 'g', '/a/a.js', 1);
    records.push(0);
    records.push(1);
    records.allocation(0x7f0000001000, 300, 6);
    records.free(0x7f0000001000);
    records.allocation(0x7f0000000fc0, 64, 8);
    records.allocation(0x7f1000000000, 8192, 14);
    records.pop(2);
    records.contextSwitch(2);
    records.allocation(0x7f1000000000, 4096, 15);
    records.memoryRecord(53_477_376, 250);
    records.free(8);
    records.trailer();
    expect(dump(out.take())).toBe(dump(ALL_ALLOCATIONS_EXAMPLE.subarray(0x6d)));
  });

  test('agrees with the diagrams of first bytes', () => {
    expect(allocationTag({ cacheIndex: 3, allocator: 6 })).toBe(0b1_0011_110);
    expect(allocationTag({ cacheIndex: 15, allocator: 8 })).toBe(0b1_1111_000);
    expect(tag11({ kind: TOKEN_11.FRAME_POP, flags: 3 })).toBe(0b0011_1001);
  });
});

describe('stacks', () => {
  test('are interned: equal arguments give equal handles', () => {
    const w = writer();
    const f = w.frame('f', 'a', 1);
    expect(w.frame('f', 'a', 1)).toBe(f);
    expect(w.frame('f', 'a', 2)).not.toBe(f);
    expect(w.frame('fa', '', 1)).not.toBe(w.frame('f', 'a', 1));
    const s = w.stack(undefined, f);
    expect(w.stack(undefined, f)).toBe(s);
    expect(w.stack(s, f)).not.toBe(s);
  });

  test('have handles that are not interchangeable with those of frames', () => {
    const w = writer();
    const frame = w.frame('f', 'a', 1);
    const stack = w.stack(undefined, frame);
    expectTypeOf(frame).toEqualTypeOf<FrameHandle>();
    expectTypeOf(stack).toEqualTypeOf<StackHandle>();
    // @ts-expect-error a frame is not a stack
    w.stack(frame, frame);
    // @ts-expect-error a number is not a frame
    w.stack(undefined, 0);
  });

  test('take no bytes until an allocation needs them', () => {
    const bytes = added((w) => {
      w.stack(undefined, w.frame('f', 'a', 1));
      w.memoryRecord(1, START);
    });
    expect(dump(bytes)).toBe('02 01 00');
  });

  test('change through the nearest common caller, and each frame is declared once', () => {
    const bytes = added((w) => {
      const root = w.stack(undefined, w.frame('r', 'a', 1));
      const left = w.stack(root, w.frame('l', 'a', 2));
      const right = w.stack(root, w.frame('t', 'a', 3));
      w.allocation(1, 8, 1, left);
      w.allocation(1, 16, 1, right);
      w.allocation(1, 24, 1, root);
      w.allocation(1, 32, 1, left);
      w.allocation(1, 40, 1, undefined);
    });
    const code = (id: string, name: string, line: string) => `0e ${id} ${name} 00 61 00 ${line} 02 e8 00`;
    expect(dump(bytes)).toBe(
      dump(
        hex(`
          ${code('00', '72', '02')} ${code('01', '6c', '02')} 41 00 00 41 01 00  fe 02 01
          10 ${code('02', '74', '02')} 41 02 00  fe 02 01
          10  fe 02 01
          41 01 00  fe 02 01
          11  fe 02 01
        `),
      ),
    );
  });

  test('are separate for each thread', () => {
    const bytes = added((w) => {
      const s = w.stack(undefined, w.frame('f', 'a', 1));
      w.allocation(1, 8, 1, s);
      w.allocation(2, 16, 1, s);
      w.allocation(1, 24, 1, s);
    });
    expect(dump(bytes)).toBe(
      dump(
        hex(`
          0e 00 66 00 61 00 02 02 e8 00  41 00 00  fe 02 01
          0c 02 00 00 00 00 00 00 00     41 00 00  fe 02 01
          0c 01 00 00 00 00 00 00 00               fe 02 01
        `),
      ),
    );
  });

  test('are not changed by a free', () => {
    const bytes = added((w) => {
      w.allocation(1, 8, 1, w.stack(undefined, w.frame('f', 'a', 1)));
      w.take();
      w.free(1, 8);
    });
    expect(dump(bytes)).toBe('85');
  });

  test('need several pops for more than 16 frames', () => {
    const bytes = added((w) => {
      let stack: StackHandle | undefined;
      for (let depth = 0; depth < 40; depth += 1) stack = w.stack(stack, w.frame('f', 'a', 1));
      w.allocation(1, 8, 1, stack);
      w.take();
      w.allocation(1, 8, 1, undefined);
    });
    expect(dump(bytes)).toBe('1f 1f 17 86 01');
  });
});

describe('addresses', () => {
  test.each([
    [2 ** 31, 'fe 80 80 80 80 02 01'],
    [2 ** 32, 'fe 80 80 80 80 04 01'],
    [2 ** 52, 'fe 80 80 80 80 80 80 80 02 01'],
    [2 ** 53 - 8, 'fe fe ff ff ff ff ff ff 03 01'],
  ])('%d from 0', (address, expected) => {
    expect(dump(added((w) => w.allocation(1, address, 1, undefined)))).toBe(expected);
  });

  test.each([
    [2 ** 31, '11 80 80 80 80 10 01'],
    [2 ** 32, '11 80 80 80 80 20 01'],
    [2 ** 52, '11 80 80 80 80 80 80 80 10 01'],
    [2 ** 53 - 8, '11 f0 ff ff ff ff ff ff 1f 01'],
  ])('%d from 0, unshifted in format 11', (address, expected) => {
    expect(dump(added((w) => w.allocation(1, address, 1, undefined), 11))).toBe(expected);
  });

  test('are written to the lowest one, where the zigzag needs 51 and 54 bits', () => {
    const down = (w: MemrayWriter) => {
      w.allocation(1, 2 ** 53 - 8, 1, undefined);
      w.take();
      w.free(1, 0);
      w.free(1, 8);
    };
    expect(dump(added(down))).toBe('8d fd fb ff ff ff ff ff ff 03'); // 0 is in the initial cache
    expect(dump(added(down, 11))).toBe('21 ef ff ff ff ff ff ff 1f 21 10');
  });

  test('use a first-in-first-out cache: a hit changes nothing', () => {
    const bytes = added((w) => {
      for (let at = 1; at <= 15; at += 1) w.allocation(1, at * 8, 1, undefined);
      w.take();
      w.free(1, 8); // the oldest: index 14
      w.free(1, 15 * 8); // the newest: index 0
      w.allocation(1, 16 * 8, 1, undefined); // pushes out 8
      w.free(1, 8); // a miss again
      w.free(1, 2 * 8); // was pushed out by the miss
    });
    expect(dump(bytes)).toBe(dump(hex('f5 85 fe 02 01 fd 1d fd 02')));
  });
});

describe('invalid values', () => {
  test('an invalid thread is the main thread', () => {
    for (const odd of [0, -1, Number.NaN, 1.5, 2 ** 60]) {
      expect(dump(added((w) => w.allocation(odd, 8, 1, undefined)))).toBe('fe 02 01');
    }
  });

  test('sizes become non-negative integers', () => {
    for (const [size, expected] of [
      [-1, '00'],
      [Number.NaN, '00'],
      [1.6, '02'],
      [2 ** 32, '80 80 80 80 10'],
      [Number.POSITIVE_INFINITY, 'ff ff ff ff ff ff ff 0f'],
    ] as const) {
      expect(dump(added((w) => w.allocation(1, 8, size, undefined)))).toBe(`fe 02 ${expected}`);
    }
  });

  test('addresses lose their low bits', () => {
    for (const address of [8, 9, 15, 15.9]) {
      expect(dump(added((w) => w.allocation(1, address, 1, undefined)))).toBe('fe 02 01');
    }
  });

  test('a time before the start counts as the start', () => {
    expect(dump(added((w) => w.memoryRecord(1, START - 5)))).toBe('02 01 00');
    expect(dump(added((w) => w.memoryRecord(1, START + 4.6)))).toBe('02 01 05');
  });

  test('a simple deallocator in allocation() is a free without size', () => {
    expect(dump(added((w) => w.allocation(1, 8, 99, undefined, 'FREE')))).toBe('fd 02');
    expect(dump(added((w) => w.allocation(1, 8, 99, undefined, 'PYMALLOC_FREE')))).toBe('f9 02');
    expect(dump(added((w) => w.allocation(1, 8, 99, undefined, 'PYMALLOC_FREE'), 11))).toBe('f1 10');
  });

  test('calls after finish write nothing', () => {
    const w = writer();
    w.finish(1, START);
    w.take();
    w.finish(1, START);
    w.allocation(1, 8, 1, undefined);
    w.free(1, 8);
    w.memoryRecord(1, START);
    w.threadName(1, 'main');
    expect(w.take()).toHaveLength(0);
    expect(w.deallocations).toBe(1);
  });
});

describe('take', () => {
  test('holds the header back until there is a record', () => {
    const w = writer();
    expect(w.take()).toHaveLength(0);
    w.memoryRecord(1, START);
    const first = w.take();
    expect(dump(first.subarray(0, 7))).toBe('6d 65 6d 72 61 79 00');
    expect(dump(first.subarray(-3))).toBe('02 01 00');
    expect(w.take()).toHaveLength(0);
    expect(w.bytesEncoded).toBe(first.length);
  });

  test('returns pieces that add up to the whole', () => {
    const run = (w: MemrayWriter, take: () => void) => {
      const s = w.stack(undefined, w.frame('f', 'a', 1));
      for (let at = 1; at < 50; at += 1) {
        w.allocation(1 + (at % 3), at * 16, at, at % 2 ? s : undefined);
        take();
      }
      w.finish(1, START);
    };
    const whole = writer();
    run(whole, () => {});
    const cut = writer();
    const pieces: Uint8Array[] = [];
    run(cut, () => pieces.push(cut.take()));
    pieces.push(cut.take());
    expect(dump(Buffer.concat(pieces))).toBe(dump(whole.take()));
  });

  test('returns counts', () => {
    const w = writer();
    w.allocation(1, 8, 1, undefined);
    w.allocation(1, 8, 1, undefined, 'MMAP');
    w.allocation(1, 8, 1, undefined, 'MUNMAP');
    w.free(1, 8);
    expect([w.allocations, w.deallocations]).toEqual([2, 2]);
    w.take();
    expect([w.allocations, w.deallocations]).toEqual([2, 2]);
  });
});

test('a handle of another writer as a parent does no harm', () => {
  const other = writer();
  let foreign: StackHandle | undefined;
  for (let at = 0; at < 100; at += 1) foreign = other.stack(foreign, other.frame(`f${at}`, '/a.js', at));
  const w = writer();
  const own = w.frame('own', '/a.js', 1);
  const stack = w.stack(foreign, own);
  expect(stack).toBe(w.stack(undefined, own));
  w.allocation(1, 4096, 8, w.stack(stack, own));
  w.allocation(1, 8192, 8, stack);
  expect(w.maxAllocationBytes(stack)).toBeGreaterThan(0);
});
