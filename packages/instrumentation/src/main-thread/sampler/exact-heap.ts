import v8 from 'node:v8';
import vm from 'node:vm';
import { ControlWord } from '../../protocol/messages.js';
import {
  AtomicsLoad,
  globalObject,
  MathFloor,
  MathMin,
  now,
  ReflectGet,
  SafeArray,
  SafeNumber,
} from '../../protocol/primordials.js';
import { processState } from '../containment/process-state.js';
import { isFlagGiven } from '../start/node-flags.js';

/** Collects garbage; `gc` of V8. */
type Collect = (options: { readonly type: 'minor' | 'major' }) => void;

/** Functions that the profiler thread calls through the inspector. */
interface ExactHooks {
  hold: ((millis: number) => void) | undefined;
  collect: ((waitMillis: number, isMajor: boolean) => void) | undefined;
  /** Replaces the sampler by a usual one. */
  end: (() => void) | undefined;
}

/** A flag of V8, as it is in exact mode, and V8's default. */
interface HeapFlag {
  readonly name: string;
  readonly exact: string;
  readonly usual: string;
}

// Keep references: the application may replace them.
const { getHeapSpaceStatistics, setFlagsFromString } = v8;
const { runInNewContext } = vm;

/** Key of the hooks in the global object; part of an expression of `profiler-thread/polling/heap-poller.ts`. */
const KEY = 'heapray.exact.1';
const MINOR = { type: 'minor' } as const;
const MAJOR = { type: 'major' } as const;
/**
 * Factor by which V8 grows the young generation, from 1 MiB on. Its limit is 16 MiB by default. And no collections by
 * themselves while the program is idle.
 */
const FLAGS: readonly HeapFlag[] = [
  {
    name: 'semi-space-growth-factor',
    exact: '--semi-space-growth-factor=64',
    usual: '--semi-space-growth-factor=2',
  },
  { name: 'memory-reducer', exact: '--no-memory-reducer', usual: '--memory-reducer' },
];
/** Collections in which the young generation may grow, and what survives each of them: 200 arrays of 8 KB. */
const ROUNDS = 3;
const ARRAYS = 200;
const ELEMENTS = 1000;
/**
 * V8 shrinks the young generation in a collection if less than 1 MB/s was allocated, so that the next one would come too soon.
 * Before each collection, arrays of 64 KB are allocated, one for this time since the last collection, in ms: 4 MB/s.
 */
const BALLAST_MILLIS = 16;
const BALLAST_ELEMENTS = 8_192;
const MAX_BALLAST = 512;
const WARM_UPS = 3;
/** Share of the capacity of the young generation below which it is grown again. */
const SHRUNK = 0.5;
/** Number of looks at a control word between two looks at the clock. */
const TURNS_PER_LOOK = 1_000;
/** Number of objects whose allocation is timed, and of repetitions, the fastest of which counts. */
const TIMED = 1_000;
const REPETITIONS = 5;

/** Control words of the present profiler thread. */
let control: Int32Array | undefined;
/** The newest mark. */
const marks: { last: object | undefined } = { last: undefined };
/** True if the main thread was held until all commands of the present poll were sent. */
let isHeld = false;
let replaceSampler: (() => void) | undefined;
let gcOfV8: Collect | undefined;
/** Time of the last collection by the profiler thread, in ms. */
let lastCollection = 0;
/** Capacity of the young generation after it was grown, in bytes. */
let grownBytes = 0;

/**
 * Prepares the heap for exact mode: V8's young generation grows to its limit, and the profiler thread can have it
 * collected right behind each poll. So no collection comes between two polls, and each object is seen. Takes some tens of ms,
 * and half a ms for each MB of live objects.
 *
 * @returns bytes that the young generation holds; undefined if this V8 gives no access to its collector
 */
export function prepareExactHeap(): number | undefined {
  gcOfV8 ??= collector();
  const gc = gcOfV8;
  if (!gc) return undefined;
  // The first calls also allocate V8's own objects for these functions.
  lastCollection = now();
  for (let time = 0; time < WARM_UPS; time++) {
    marking['heapray: hold'](0);
    collectAndWait(gc, 0, false);
  }
  const hooks = processState<ExactHooks>(KEY, () => ({
    hold: undefined,
    collect: undefined,
    end: undefined,
  }));
  hooks.hold = marking['heapray: hold'];
  hooks.collect = (waitMillis, isMajor) => collectAndWait(gc, waitMillis, isMajor);
  hooks.end = () => replaceSampler?.();
  setFlags('exact');
  grow(gc);
  // V8 plans its next major collection from here.
  gc(MAJOR);
  gc(MINOR);
  grownBytes = youngBytes();
  return grownBytes;
}

function grow(gc: Collect): void {
  for (let round = 0; round < ROUNDS; round++) surviveOne(gc);
}

/** Lets V8 collect as usual again. */
export function releaseExactHeap(): void {
  grownBytes = 0;
  setFlags('usual');
}

/** Sets the flags that the program was not started with. */
function setFlags(state: 'exact' | 'usual'): void {
  for (let at = 0; at < FLAGS.length; at++) {
    const flag = FLAGS[at]!;
    if (!isFlagGiven(flag.name)) setFlagsFromString(flag[state]);
  }
}

/**
 * Connects the hooks to a profiler thread. Does nothing more as long as exact mode is not used.
 *
 * @param ofThread its control words
 * @param end replaces the sampler of exact mode by a usual one; must not throw
 */
export function connectExactHeap(ofThread: Int32Array, end: () => void): void {
  control = ofThread;
  replaceSampler = end;
}

/** Measures the cost of a sample, in microseconds, while a sampler of interval 1 runs. */
export function measureSampleMicros(): number {
  let fastest = SafeNumber.POSITIVE_INFINITY;
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const kept: object[] = [];
    const start = now();
    for (let at = 0; at < TIMED; at++) kept[at] = { at };
    fastest = MathMin(fastest, ((now() - start) * 1000) / kept.length);
  }
  return fastest;
}

function allocateBallast(arrays: number): number {
  let elements = 0;
  for (let at = 0; at < arrays; at++) elements += new SafeArray(BALLAST_ELEMENTS).length;
  return elements;
}

/**
 * Holds the main thread while a control word is 1, for a time at most, in ms; returns false on timeout.
 *
 * Does not use `Atomics.wait`: a poll may interrupt a wait of the application. V8 keeps one entry per thread in its list of waits,
 * and a second wait inside the first breaks that list: both threads then hang in `Atomics.notify` (Node 22, 24, 26).
 */
function spinWhile(word: number, millis: number): boolean {
  if (!control) return true;
  const end = now() + millis;
  for (let turn = 1; AtomicsLoad(control, word) === 1; turn++) {
    if (turn % TURNS_PER_LOOK === 0 && now() >= end) return false;
  }
  return true;
}

/**
 * Functions whose samples mark where heapray's own begin and end, see `OwnSampleFilter`. Their names are texts, so that bundlers
 * keep them. The marks are the last objects that they allocate.
 */
const marking = {
  /** Holds the main thread until the profiler thread has sent all commands of a poll. */
  'heapray: hold'(millis: number): void {
    isHeld = spinWhile(ControlWord.held, millis);
    if (isHeld) marks.last = { millis };
  },
  'heapray: collected'(arrays: number): void {
    marks.last = { arrays };
  },
};

/** Called by the profiler thread between two statements of the application. */
function collectAndWait(gc: Collect, waitMillis: number, isMajor: boolean): void {
  try {
    const time = now();
    const arrays = MathMin(MAX_BALLAST, MathFloor((time - lastCollection) / BALLAST_MILLIS));
    lastCollection = time;
    allocateBallast(arrays);
    gc(isMajor ? MAJOR : MINOR);
    // A collection of V8's own, when polls were late, shrinks it to 1 MiB, and V8 would collect before each poll from then on.
    if (youngBytes() < SHRUNK * grownBytes) grow(gc);
    if (waitMillis > 0) spinWhile(ControlWord.reading, waitMillis);
    // Else the application ran since the poll: a mark would take its samples for heapray's.
    if (isHeld) marking['heapray: collected'](arrays);
    isHeld = false;
  } catch {
    // The next poll shows that something was missed.
  }
}

function collector(): Collect | undefined {
  const wasExposed = typeof ReflectGet(globalObject, 'gc') === 'function';
  setFlagsFromString('--expose-gc');
  // A new context has the function; the application's own context does not get it.
  const gc: unknown = runInNewContext('gc');
  if (!wasExposed) setFlagsFromString('--no-expose-gc');
  return typeof gc === 'function' ? (gc as Collect) : undefined;
}

/** Returns the capacity of the young generation, in bytes. */
function youngBytes(): number {
  const spaces = getHeapSpaceStatistics();
  for (let at = 0; at < spaces.length; at++) {
    if (spaces[at]!.space_name === 'new_space')
      return spaces[at]!.space_used_size + spaces[at]!.space_available_size;
  }
  return 0;
}

function surviveOne(gc: Collect): number {
  const kept: number[][] = [];
  for (let at = 0; at < ARRAYS; at++) {
    const array: number[] = [];
    for (let element = 0; element < ELEMENTS; element++) array[element] = element;
    kept[at] = array;
  }
  gc(MINOR);
  return kept.length;
}
