// When exact mode prepares the heap, and which flags of V8 it changes.
import { beforeEach, expect, test, vi } from 'vitest';
import { prepareExactHeap, releaseExactHeap } from '../../../src/main-thread/sampler/exact-heap.js';
import { ExactMode } from '../../../src/main-thread/sampler/exact-mode.js';
import type { OwnSampler } from '../../../src/main-thread/sampler/own-sampler.js';

/** Flags set, without those that only give access to the collector; V8 does not get them. */
const flags = vi.hoisted(() => [] as string[]);
vi.mock('node:v8', () => {
  const v8 = process.getBuiltinModule('node:v8');
  const setFlagsFromString = (flag: string) =>
    flag.endsWith('expose-gc') ? v8.setFlagsFromString(flag) : void flags.push(flag);
  return { default: { ...v8, setFlagsFromString } };
});
beforeEach(() => {
  flags.length = 0;
});

const EXACT = ['--semi-space-growth-factor=64', '--no-memory-reducer'];
const USUAL = ['--semi-space-growth-factor=2', '--memory-reducer'];

/** Records what exact mode does with the sampler, and how many flags were set before. */
function fakeSampler(modes: readonly ReturnType<OwnSampler['start']>[]) {
  const calls: string[] = [];
  const left = [...modes];
  const sampler: Pick<OwnSampler, 'start' | 'stop'> = {
    start: () => {
      calls.push(`start after ${flags.length} flags`);
      return left.shift() ?? 'failed';
    },
    stop: () => void calls.push(`stop after ${flags.length} flags`),
  };
  return { calls, sampler: sampler as OwnSampler };
}

test.each(['taken', 'failed'] as const)('prepares nothing when the sampler is %s', (mode) => {
  const { calls, sampler } = fakeSampler([mode]);
  const exact = new ExactMode(() => {});
  expect(exact.startSampler(sampler)).toBe(mode);
  expect(calls).toEqual(['start after 0 flags']);
  expect(flags).toEqual([]);
  expect(exact.start).toBeUndefined();
});

test('prepares the heap while the sampler does not run, and sets the flags back at the end', () => {
  const { calls, sampler } = fakeSampler(['binding', 'binding']);
  const logged: string[] = [];
  const exact = new ExactMode((_, text) => logged.push(text));
  expect(exact.startSampler(sampler)).toBe('binding');
  expect(calls).toEqual([
    'start after 0 flags',
    'stop after 0 flags',
    expect.stringMatching(/^start after [56] flags$/),
  ]);
  expect(exact.start?.sampleMicros).toBeGreaterThan(0);
  expect(logged).toHaveLength(1);
  expect(flags).toEqual(expect.arrayContaining(EXACT));
  flags.length = 0;
  exact.end();
  exact.end();
  expect(flags).toEqual(USUAL);
});

test('sets the flags back when other code has taken the sampler meanwhile', () => {
  const { sampler } = fakeSampler(['binding', 'taken']);
  const exact = new ExactMode(() => {});
  expect(exact.startSampler(sampler)).toBe('taken');
  expect(flags).toEqual(expect.arrayContaining(USUAL));
  expect(exact.start).toBeUndefined();
});

test.each([
  [['--no-memory-reducer'], ['--semi-space-growth-factor=64', '--semi-space-growth-factor=2']],
  [
    ['--semi_space_growth_factor=8', '--expose-gc'],
    ['--no-memory-reducer', '--memory-reducer'],
  ],
  [['--memory_reducer', '--semi-space-growth-factor', '4'], []],
  [
    ['--import', 'memory-reducer'],
    [...EXACT, ...USUAL],
  ],
])('leaves flags alone that the program was started with: %j', (execArgv, expected) => {
  const before = process.execArgv;
  process.execArgv = execArgv;
  try {
    prepareExactHeap();
    releaseExactHeap();
  } finally {
    process.execArgv = before;
  }
  expect(flags).toEqual(expected);
});

test('leaves flags alone that NODE_OPTIONS names', () => {
  vi.stubEnv('NODE_OPTIONS', '"--nomemory_reducer"');
  releaseExactHeap();
  vi.unstubAllEnvs();
  expect(flags).toEqual(['--semi-space-growth-factor=2']);
});
