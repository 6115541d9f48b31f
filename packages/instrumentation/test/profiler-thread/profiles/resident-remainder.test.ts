// Parts of a profile without a call site, with which it adds up to the resident memory.
import { callSitesOnly, type Profile, partsWithoutCallSite, totals } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { presentState } from '../../../src/profiler-thread/history/past-states.js';
import { outsideHeapText, residentText } from '../../../src/profiler-thread/leaks/outside-heap.js';
import {
  heapProfile,
  type ProfilePart,
  ResidentRemainder,
  stateProfile,
} from '../../../src/profiler-thread/profiles/index.js';
import type { ResidentMemory } from '../../../src/protocol/resident-memory.js';
import { INTERVAL, newLedger } from '../../support/ledger-sums.js';
import { heapOf } from '../../support/memory-sources.js';
import { Readings, samplesOf } from '../../support/readings.js';

const MIB = 2 ** 20;
/** Bytes in use at the only call site. */
const IN_USE = 6_400;

const RESIDENT: ResidentMemory = {
  heap: 10_000,
  heap_free: 3_000,
  code: 500,
  array_buffers: 2_000,
  external: 700,
  malloc: 400,
  allocator_retained: 5_000,
  profiler: 900,
  stack: 80,
  mapped_file: 40_000,
  shared: 0,
  unexplained: -300,
};
const total = (resident: ResidentMemory) => Object.values(resident).reduce((sum, bytes) => sum + bytes, 0);

const OPTIONS = {
  samplingInterval: INTERVAL,
  mode: 'binding',
  startedMillis: 0,
  nowMillis: 1,
  defaultColumn: 'inuse_space',
};

function ledgerInUse() {
  const ledger = newLedger();
  const readings = new Readings();
  ledger.update(readings.of([]), 0);
  ledger.update(readings.of(samplesOf('main > keep', IN_USE, [1])), 1);
  return ledger;
}

function profileOf(resident: ResidentMemory, parts: readonly ProfilePart[] = []): Profile {
  const contents = { sources: [heapOf(ledgerInUse())], parts: [...parts, new ResidentRemainder(resident)] };
  return heapProfile(contents, OPTIONS);
}

/** Returns the parts by name, and the kinds of their samples. */
function partsOf(profile: Profile): Record<string, number> {
  const column = profile.columns.findIndex(({ type }) => type === 'inuse_space');
  return Object.fromEntries(partsWithoutCallSite(profile, column).map(({ name, value }) => [name, value]));
}

describe('a profile', () => {
  test('adds up to the resident memory when its parts are known', () => {
    const profile = profileOf(RESIDENT);
    expect(totals(profile).inuse_space).toBe(total(RESIDENT));
    expect(totals(callSitesOnly(profile)).inuse_space).toBe(IN_USE);
    expect(partsOf(profile)).toEqual({
      '(heap: garbage not collected)': 10_000 - IN_USE,
      '(heap: free but committed)': 3_000,
      '(code)': 500,
      '(array buffers)': 2_000,
      '(external)': 700,
      '(malloc)': 400,
      '(allocator retained)': 5_000,
      '(profiler)': 900,
      '(thread stacks)': 80,
      '(mapped files)': 40_000,
      '(unexplained)': -300,
    });
  });

  test('has allocated nothing where no call site is known, and labels each part with its kind', () => {
    const profile = profileOf(RESIDENT);
    expect(totals(profile)).toMatchObject({ alloc_space: totals(callSitesOnly(profile)).alloc_space });
    const kinds = Array.from({ length: profile.sampleCount }, (_, sample) => profile.labelsOf(sample).kind);
    expect(new Set(kinds)).toEqual(
      new Set([
        'heap',
        'code',
        'array_buffer',
        'external',
        'malloc',
        'allocator_retained',
        'profiler',
        'stack',
        'mapped_file',
        'unexplained',
      ]),
    );
  });

  test('has a negative rest when estimates exceed what there is', () => {
    const profile = profileOf({ ...RESIDENT, heap: 6_000 });
    expect(partsOf(profile)).toMatchObject({ '(unexplained)': -300 - (IN_USE - 6_000) });
    expect(partsOf(profile)).not.toHaveProperty('(heap: garbage not collected)');
    expect(totals(profile).inuse_space).toBe(total(RESIDENT) - 4_000);
  });

  test('counts nothing twice that other parts have added', () => {
    const part = (kind: string, sum: string, bytes: number): ProfilePart => ({
      addTo(builder, inUse) {
        const stack = builder.stack(undefined, builder.frame(kind, 'a.js', 1));
        builder.add(stack, [0, 0, 0, bytes], builder.labels({ kind }));
        inUse.add(sum, bytes);
      },
    });
    const buffers = part('array_buffer', 'array_buffer', 1_500);
    const native = part('native', 'native', 5_600);
    const profile = profileOf(RESIDENT, [buffers, native]);
    expect(totals(profile).inuse_space).toBe(total(RESIDENT));
    const parts = partsOf(profile);
    // Native code holds what malloc has first, then what V8 has outside of its heap, and Buffers at last.
    expect(parts).toMatchObject({ '(external)': 500, '(array buffers)': 500 });
    expect(parts).not.toHaveProperty('(malloc)');
    expect(parts).not.toHaveProperty('(allocator retained)');
    const worker = profileOf({ ...RESIDENT, worker: 1_000 }, [part('heap', 'worker', 1_200)]);
    expect(partsOf(worker)).toMatchObject({ '(unexplained)': -500 });
    expect(partsOf(worker)).not.toHaveProperty('(worker heaps)');
  });
});

describe('the largest part outside of the heap', () => {
  test('is named when it is larger than the heap', () => {
    expect(outsideHeapText({ heap: 20 * MIB, code: MIB, array_buffers: 400 * MIB, malloc: 30 * MIB })).toBe(
      'most memory is outside of the heap: 400 MiB are Buffers and other array buffers (array_buffers), the heap has 21 MiB',
    );
  });

  test.each<[string, ResidentMemory | undefined]>([
    ['the heap is larger', { heap: 20 * MIB, heap_free: 20 * MIB, external: 39 * MIB }],
    ['there are only pages of files, which the system takes back', { heap: MIB, mapped_file: 80 * MIB }],
    ['all of it is small', { heap: MIB, external: 2 * MIB }],
    ['it is not known', undefined],
  ])('is not named when %s', (_, resident) => {
    expect(outsideHeapText(resident)).toBeUndefined();
  });

  test('is part of the resident memory as text, the largest part first', () => {
    expect(residentText({ heap: 2 * MIB, heap_free: 0, mapped_file: 40 * MIB, unexplained: -MIB })).toBe(
      'resident memory 41 MiB: mapped file 40 MiB, heap 2.0 MiB, unexplained -1.0 MiB',
    );
  });
});

test('parts of the profile of a past moment know the heaps of worker threads apart from that of the main thread', () => {
  const states = [undefined, { id: 3, name: 'crawler' }].map((thread) => {
    const source = heapOf(ledgerInUse(), thread);
    return { source, state: presentState(source.ledger, 1) };
  });
  const sums: number[] = [];
  const part: ProfilePart = {
    addTo: (_, inUse) => void sums.push(inUse.bytes('heap'), inUse.bytes('worker')),
  };
  stateProfile(states, OPTIONS, [part]);
  expect(sums).toEqual([IN_USE, IN_USE]);
});
