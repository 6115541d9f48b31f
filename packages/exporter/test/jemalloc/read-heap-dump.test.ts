// Heap dumps of jemalloc: amounts as jeprof computes them, and one line for what is not a dump.
import { describe, expect, test } from 'vitest';
import { readHeapDump } from '../../src/jemalloc/index.js';
import { FormatError } from '../../src/wire/errors.js';

const DUMP = `heap_v2/131072
  t*: 45: 20006815 [60: 21000000]
  t0: 44: 3229599 [59: 4222784] main
  t5: 1: 16777216 [1: 16777216]
@ 0x7f12 0x55aa 0x44
  t*: 42: 2787567 [57: 3780752]
  t0: 42: 2787567 [57: 3780752]
@ 0x7f12 0xffffffffffffffff 0x66
  t*: 1: 16777216 [1: 16777216]
  t5: 1: 16777216 [1: 16777216]
@ 0x1
  t*: 2: 32 [2: 32]
  t0: 2: 32 [2: 32]

MAPPED_LIBRARIES:
7facc1209000-7facc12af000 r-xp 00009000 fe:00 10002499                   /usr/lib/libjemalloc.so.2
00400000-00746000 r--p 00000000 fe:00 10307367                           /opt/my node/bin/node
0074a000-03044000 r-xp 0034a000 fe:00 10307367                           /opt/my node/bin/node
7facc151f000-7facc1521000 r-xp 00000000 00:00 0                          [vdso]
7fac78a00000-7fac78a40000 rwxp 00000000 00:00 0 
`;

const bytesOf = (text: string) => Buffer.from(text);
const read = (text: string) => readHeapDump(bytesOf(text));

describe('a dump', () => {
  test('has its stacks, innermost address first, without addresses beyond any program', () => {
    expect(read(DUMP).stacks.map(({ addresses }) => addresses)).toEqual([
      [0x7f12, 0x55aa, 0x44],
      [0x7f12, 0x66],
      [0x1],
    ]);
  });

  test('stands for what jeprof says', () => {
    const { samplingInterval, stacks } = read(DUMP);
    expect(samplingInterval).toBe(131_072);
    // 42 and 2787567, divided by 1 - exp(-(2787567 / 42) / 131072).
    expect(stacks[0]!.inUse.objects).toBeCloseTo(105.7084, 3);
    expect(Math.round(stacks[0]!.inUse.bytes)).toBe(7_015_936);
    expect(stacks[1]!.inUse).toEqual({ objects: 1, bytes: 16_777_216 });
    // Two samples of 16 bytes stand for two sampling intervals.
    expect(stacks[2]!.inUse.bytes).toBeCloseTo(2 * 131_072 + 16, 0);
    expect(stacks[0]!.allocated.bytes).toBeGreaterThan(stacks[0]!.inUse.bytes);
  });

  test('has the executable mappings of files, in ascending order', () => {
    expect(read(DUMP).mappings).toEqual([
      { path: '/opt/my node/bin/node', start: 0x74a000, limit: 0x3044000, fileOffset: 0x34a000 },
      { path: '/usr/lib/libjemalloc.so.2', start: 0x7facc1209000, limit: 0x7facc12af000, fileOffset: 0x9000 },
    ]);
  });

  test('names the threads that have allocated much on a stack', () => {
    const { stacks } = readHeapDump(bytesOf(DUMP), { holderBytes: 16_000_000 });
    expect(stacks.map(({ holders }) => holders)).toEqual([
      [],
      [{ thread: '5', inUse: stacks[1]!.inUse, allocated: stacks[1]!.allocated }],
      [],
    ]);
  });
});

describe('is refused in one line', () => {
  test.each([
    ['nothing', ''],
    ['text', 'hello\nworld'],
    ['another format', 'heap profile: 1: 2 [3: 4] @ heapprofile\n'],
    ['a sampling interval of 0', DUMP.replace('131072', '0')],
    ['a stack without amounts', DUMP.replace('  t*: 42: 2787567 [57: 3780752]\n', '')],
    ['amounts that are not numbers', DUMP.replace('42: 2787567', '42: -2787567')],
    ['an address that is not a number', DUMP.replace('0x55aa', '0x55aq')],
    ['a cut dump', DUMP.slice(0, 300)],
  ])('%s', (_, text) => {
    expect(() => read(text)).toThrow(FormatError);
    expect(() => read(text)).toThrow(/^heap dump of jemalloc: [^\n]+$/);
  });

  test('too many stacks', () => {
    const many = '@ 0x1\n  t*: 1: 1 [0: 0]\n'.repeat(50_001);
    expect(() => read(`heap_v2/1\n${many}\nMAPPED_LIBRARIES:\n`)).toThrow('more than 50000 stacks');
  });
});

test('any damaged dump is read or refused', () => {
  const whole = bytesOf(DUMP);
  for (let at = 0; at < whole.length; at += 1) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 1 << (at % 8);
    for (const bytes of [whole.subarray(0, at), changed]) {
      try {
        for (const { inUse } of readHeapDump(bytes).stacks) expect(inUse.bytes).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }
  }
});
