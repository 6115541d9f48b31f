import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { allocatorSplit } from '../../../src/profiler-thread/resident/allocator-split.js';
import { MappingSums } from '../../../src/profiler-thread/resident/mapped-memory.js';
import { MappingParser, readMaps, readSmaps } from '../../../src/profiler-thread/resident/memory-mappings.js';
import { mappingsByPages, mappingsBySmaps } from '../../../src/profiler-thread/resident/own-mappings.js';
import { ResidentPages } from '../../../src/profiler-thread/resident/resident-pages.js';
import { readStackPointers } from '../../../src/profiler-thread/resident/stack-pointers.js';
import { folderOf } from '../../support/folder-of.js';

const MIB = 2 ** 20;
const KIB = 1024;

/** Returns the text of a mapping as the kernel writes it; sizes in KiB. */
function mapping(range: string, permissions: string, name: string, anonymous: number, file = 0): string {
  const padded = name === '' ? '' : `                  ${name}`;
  const field = (key: string, kib: number) => `${`${key}:`.padEnd(16)}${`${kib}`.padStart(8)} kB`;
  return [
    `${range} ${permissions} 00000000 00:00 0 ${padded}`,
    field('Size', 99_999),
    field('KernelPageSize', 4),
    field('Rss', anonymous + file),
    field('Pss', anonymous + file),
    field('Anonymous', anonymous),
    field('LazyFree', 0),
    'THPeligible:           0',
    'VmFlags: rd wr mr mw me ac',
    '',
  ].join('\n');
}

/** A process with one mapping of each use, in the order of their addresses. */
const PROCESS = [
  mapping('00400000-05a00000', 'r-xp', '/usr/bin/node', 0, 4_000),
  mapping('05a00000-05b00000', 'rw-p', '/usr/bin/node', 100, 20),
  mapping('05b00000-05b23000', 'rw-p', '', 60),
  mapping('0a000000-0c000000', 'rw-p', '[heap]', 3_000),
  mapping('1f3c40000-1f3c80000', 'rw-p', '', 256),
  mapping('2a0000000000-2a0000040000', 'rw-p', '', 255),
  mapping('2a0000040000-2a0008040000', 'rwxp', '', 500),
  // An arena, and the rest of its reservation.
  mapping('7f2a38000000-7f2a38121000', 'rw-p', '', 900),
  mapping('7f2a38121000-7f2a3c000000', '---p', '', 0),
  // As aligned as an arena, and not followed by such a rest.
  mapping('7f2a40000000-7f2a40100000', 'rw-p', '', 1_000),
  mapping('7f2a50000000-7f2a50001000', '---p', '', 0),
  mapping('7f2a50001000-7f2a50801000', 'rw-p', '', 40),
  // A stack with a guard page that has no mapping of its own.
  mapping('7f2a60000000-7f2a60800000', 'rw-p', '', 30),
  mapping('7f2a70001000-7f2a70041000', 'rw-p', '', 250),
  mapping('7f2a80000000-7f2a80200000', 'r-xp', '/lib/libc.so.6', 0, 800),
  mapping('7ffc00000000-7ffc00021000', 'rw-p', '[stack]', 132),
  mapping('ffffffffff600000-ffffffffff601000', '--xp', '[vsyscall]', 0),
].join('');

function sumsOf(text: string, pointers: readonly number[] = [], pieceLength = text.length) {
  const sums = new MappingSums(pointers);
  const parser = new MappingParser((each) => sums.add(each));
  for (let at = 0; at < text.length; at += pieceLength) parser.add(text.slice(at, at + pieceLength));
  return sums.sums();
}

describe('the mappings of a process', () => {
  test('are told apart by name, place and neighbours', () => {
    expect(sumsOf(PROCESS, [0x7f2a607ff000])).toEqual({
      v8: (256 + 255 + 500) * KIB,
      arenas: (3_000 + 900) * KIB,
      blocks: (1_000 + 250) * KIB,
      stacks: (40 + 30 + 132) * KIB,
      privateFile: (100 + 60) * KIB,
    });
  });

  test("have no blocks of another allocator than glibc's, which keeps freed memory anywhere", () => {
    const expected = { arenas: (3_000 + 900 + 1_000 + 250 + 30) * KIB, blocks: 0 };
    expect(sumsOf(PROCESS.replace('libc.so.6', 'ld-musl-x86_64.so.1'))).toMatchObject(expected);
    const preloaded = mapping('7f2a90000000-7f2a90200000', 'r-xp', '/usr/lib/libjemalloc.so.2', 0, 100);
    expect(sumsOf(PROCESS + preloaded)).toMatchObject(expected);
  });

  test('are the same in pieces of any length', () => {
    for (const length of [1, 7, 4_096]) expect(sumsOf(PROCESS, [], length)).toEqual(sumsOf(PROCESS));
  });

  test('are refused when the text is of another format', () => {
    const parser = new MappingParser(() => {});
    const add = () => {
      for (let i = 0; i < 100; i++) parser.add('00400000-05a00000 r-xp\nRss: 4 kB\n'.repeat(100));
    };
    expect(add).toThrow('no flags');
    expect(() => readSmaps(() => {}, '/dev/null')).toThrow('no mappings');
    expect(() => readSmaps(() => {}, '/nowhere')).toThrow('ENOENT');
  });

  test('are counted by their pages, without those of V8', () => {
    const maps = folderOf({ maps: PROCESS.replaceAll(/^(?:[A-Z]\w+:.*|$)\n/gm, '') });
    const counted: number[] = [];
    const sums = new MappingSums([0x7f2a607ff000], 9_000 * KIB);
    const pages = (start: number, end: number) => {
      counted.push(start);
      return end - start > 64 * KIB ? 100 * KIB : 4 * KIB;
    };
    readMaps((each) => sums.add(each), pages, `${maps}/maps`);
    // The text and the data of the executable, and what can have no pages, are left out.
    expect(counted.map((start) => start.toString(16))).toEqual([
      '5a00000',
      '5b00000',
      'a000000',
      '7f2a38000000',
      '7f2a40000000',
      '7f2a50001000',
      '7f2a60000000',
      '7f2a70001000',
      '7ffc00000000',
    ]);
    expect(sums.sums()).toEqual({
      v8: 8_100 * KIB,
      arenas: 200 * KIB,
      blocks: 200 * KIB,
      stacks: 300 * KIB,
      privateFile: 200 * KIB,
    });
    expect(() => readMaps(() => {}, pages, '/dev/null')).toThrow('no mappings');
  });

  test.runIf(process.platform === 'linux')('of this process are the same by pages and in smaps', () => {
    const bySmaps = mappingsBySmaps();
    const byPages = mappingsByPages();
    for (const use of ['v8', 'arenas', 'blocks', 'stacks', 'privateFile'] as const) {
      expect(Math.abs(byPages[use] - bySmaps[use]), use).toBeLessThan(8 * MIB);
    }
    expect(Math.min(byPages.v8, byPages.arenas)).toBeGreaterThan(MIB);
    expect(Math.min(byPages.stacks, byPages.privateFile)).toBeGreaterThan(10_000);
  });
});

describe('resident pages', () => {
  test('are those in memory that belong to no file', () => {
    const entries = [0n, 1n << 63n, (1n << 63n) | (1n << 61n), 1n << 62n, (1n << 63n) | 5n];
    const bytes = Buffer.concat(
      entries.map((entry) => {
        const buffer = Buffer.alloc(8);
        buffer.writeBigUInt64LE(entry);
        return buffer;
      }),
    );
    const folder = folderOf({});
    writeFileSync(`${folder}/pagemap`, bytes);
    const pages = new ResidentPages(`${folder}/pagemap`, 4_096);
    expect(pages.anonymousBytes(0, 4 * 4_096)).toBe(4_096);
    expect(pages.anonymousBytes(0, 5 * 4_096)).toBe(2 * 4_096);
    // The file ends before the range.
    expect(pages.anonymousBytes(4 * 4_096, 100 * 4_096)).toBe(4_096);
    pages.close();
  });
});

describe('stack pointers', () => {
  test('are read from threads that wait', () => {
    const folder = folderOf({
      '11/syscall': '232 0x5 0x7ffd 0x400 0xffffffff 0x0 0x8 0x7ffd1000 0x7f2a5000\n',
      '12/syscall': 'running\n',
      '13/syscall': '-1 0x7ffd2000 0x7f2a5000\n',
      '14/comm': 'ended\n',
    });
    expect([...readStackPointers(folder)].sort()).toEqual([0x7ffd1000, 0x7ffd2000]);
  });

  test('are none when the system does not tell them', () => {
    expect(readStackPointers('/nowhere')).toEqual([]);
  });
});

describe('memory of the allocator', () => {
  const split = (arenas: number, blocks: number, buffers: number, external = 0, malloc = 1) =>
    allocatorSplit({ arenas, blocks }, { array_buffers: buffers, external, malloc });

  test('is kept when the arenas have more than is counted', () => {
    expect(split(100, 0, 5, 4)).toEqual({ malloc: 1, retained: 90 });
  });

  test('is in use when blocks of their own have more than is counted', () => {
    expect(split(10, 100, 5)).toEqual({ malloc: 95, retained: 10 });
  });

  test('adds up to what the allocator has, whatever is counted', () => {
    for (const [arenas, blocks, buffers] of [
      [100, 200, 250],
      [100, 200, 150],
      [300, 0, 299],
    ] as const) {
      const { malloc, retained } = split(arenas, blocks, buffers);
      expect(malloc + retained + buffers).toBe(arenas + blocks);
    }
  });

  test('is not negative when buffers are reserved but not touched', () => {
    expect(split(10, 5, 1_000)).toEqual({ malloc: 1, retained: 0 });
  });
});
