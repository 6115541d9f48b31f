import { readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Profile } from '@heapray/exporter/profile';
import { formatBytes } from '../../text/quantity.js';
import { residentOf } from '../process/resident.js';
import type { Target } from '../target.js';
import { type AllocationEstimate, AllocationPairs } from './allocation-pairs.js';
import { captureOf } from './capture-of-reading.js';
import { differenceOf, type Growth, growthOf } from './growth.js';
import { type LeakJudgement, LeakWindows, SUSPECT_SECONDS, WINDOW_MILLIS } from './leak-windows.js';
import { type NodeColumn, type NodeProfileOptions, profileOfNodes } from './profile-of-nodes.js';
import { bytesByNode, type Reading } from './reading.js';
import { type LastReading, Sampler, type SamplerKind } from './sampler.js';

export interface WindowOptions {
  readonly seconds: number;
  /** Mean bytes between two samples. */
  readonly interval: number;
  /** True for what is allocated, freed or not, instead of what is in use at the end. */
  readonly all: boolean;
  /** Ends the window early. */
  readonly signal: AbortSignal;
}

/** The samples of a running process, and profiles of them. */
export interface SampledWindow {
  readonly kind: SamplerKind;
  readonly seconds: number;
  readonly interval: number;
  readonly profile: Profile;
  readonly growth: readonly Growth[];
  /** Leak suspects; undefined if the time is too short for them, or the sampler is not ours. */
  readonly leaks: LeakJudgement | undefined;
  /** Estimated bytes of all allocations in the window; undefined if unknown. */
  readonly allocated: number | undefined;
  /** Number of samples behind the estimate of what was freed; undefined without an estimate. */
  readonly freedShown: number | undefined;
  /** Duration of the last reading with its collection, in ms, as seen from here. */
  readonly pauseMillis: number;
  /** True if the program exited before the end of the window. */
  readonly hasExited: boolean;
  /** Makes a memray capture of what is in use. */
  capture(): Uint8Array;
}

/** Mean time between two pairs of readings, and time between the readings of a pair, in ms. */
const PAIRS_MILLIS = 250;
const PAIR_MILLIS = 10;
/** Time without readings after each, in multiples of its duration: readings take at most 2 % of the time. */
const REST = 50;

/**
 * Samples allocations in a target for some time. Ends early if the program exits, which waits for the last reading.
 *
 * @throws CommandError (rejects) if the program ends without an exit, as by SIGKILL
 */
export async function sampleWindow(target: Target, options: WindowOptions): Promise<SampledWindow> {
  const startMillis = Date.now();
  const residentAtStart = residentOf(target.pid);
  const sampler = await Sampler.start(target, options);
  const exit = new AbortController();
  const read = Promise.withResolvers<void>();
  target.onExit(() => {
    exit.abort();
    return read.promise;
  });
  const lost = new AbortController();
  target.closed.then(() => lost.abort()).catch(() => {});
  const until = performance.now() + options.seconds * 1000;
  const pairs = new AllocationPairs();
  const signal = AbortSignal.any([options.signal, exit.signal, lost.signal]);
  const windows = leakWindowsFor(sampler, options);
  if (windows === undefined) await sampleUntil(sampler, pairs, until, signal);
  else await readWindows(sampler, pairs, windows, until, signal);
  const last = await sampler.finish().finally(() => read.resolve());
  const endMillis = Date.now();
  const times = { startMillis, endMillis, residentAtStart, residentAtEnd: residentOf(target.pid) };
  const window = new Window(target, sampler, last, pairs);
  return {
    kind: sampler.kind,
    seconds: (endMillis - startMillis) / 1000,
    interval: sampler.interval,
    ...window.profiles(times),
    leaks: windows?.judgement,
    pauseMillis: last.millis,
    hasExited: exit.signal.aborted,
    capture: () => {
      const { pid, command } = target;
      return captureOf(last.reading, {
        pid,
        command,
        interval: sampler.interval,
        folder: folderOf(pid),
        ...times,
      });
    },
  };
}

/** Returns what judges leaks, if the time is long enough and the sampler shows what is in use. */
function leakWindowsFor({ kind, interval }: Sampler, { seconds }: WindowOptions): LeakWindows | undefined {
  const showsUse = kind === 'with collections' || kind === 'without collections';
  return showsUse && seconds >= SUSPECT_SECONDS ? new LeakWindows(interval) : undefined;
}

/** Waits, and reads pairs meanwhile where readings cost no collections. */
function sampleUntil(
  sampler: Sampler,
  pairs: AllocationPairs,
  until: number,
  signal: AbortSignal,
): Promise<void> {
  if (sampler.kind === 'without collections') return readPairs(sampler, pairs, until, signal);
  return wait(until - performance.now(), signal);
}

/** Reads at the end of each window, after a collection. Windows are longer if that takes long. */
async function readWindows(
  sampler: Sampler,
  pairs: AllocationPairs,
  windows: LeakWindows,
  until: number,
  signal: AbortSignal,
): Promise<void> {
  for (let rest = 0; ; ) {
    const started = performance.now();
    windows.add(await sampler.readCollected(), started);
    rest = REST * (performance.now() - started);
    const end = Math.min(until, started + Math.max(WINDOW_MILLIS, rest));
    await sampleUntil(sampler, pairs, end, signal);
    // `readPairs` ends before a pair that would not fit.
    await wait(end - performance.now(), signal);
    if (signal.aborted || end >= until) return;
  }
}

/** Reads pairs at random moments, so that none are tied to periodic work of the program. */
async function readPairs(
  sampler: Sampler,
  pairs: AllocationPairs,
  until: number,
  signal: AbortSignal,
): Promise<void> {
  for (let rest = 0; ; ) {
    const gap = Math.max(PAIRS_MILLIS, rest) * (0.5 + Math.random());
    const left = until - performance.now();
    await wait(Math.min(gap, left), signal);
    if (signal.aborted || gap >= left) return;
    const started = performance.now();
    const first = await sampler.read();
    rest = REST * (performance.now() - started);
    await wait(PAIR_MILLIS, signal);
    pairs.add(first, await sampler.read());
  }
}

interface WindowTimes {
  readonly startMillis: number;
  readonly endMillis: number;
}

/** The readings of a window, and the profiles of them. */
class Window {
  readonly #target: Target;
  readonly #sampler: Sampler;
  readonly #last: LastReading;
  readonly #pairs: AllocationPairs;

  constructor(target: Target, sampler: Sampler, last: LastReading, pairs: AllocationPairs) {
    this.#target = target;
    this.#sampler = sampler;
    this.#last = last;
    this.#pairs = pairs;
  }

  profiles(times: WindowTimes): Pick<SampledWindow, 'profile' | 'growth' | 'allocated' | 'freedShown'> {
    const { kind, interval, first } = this.#sampler;
    const { reading, lastOrdinal } = this.#last;
    const base = this.#base(times);
    if (kind === 'others') {
      const profile = inUseProfile(reading, base);
      const growth = differenceOf(inUseProfile(first!, base), profile);
      return { profile, growth, allocated: undefined, freedShown: undefined };
    }
    if (kind === 'all allocations') {
      const column = { type: 'alloc_space', unit: 'bytes', values: bytesByNode(reading.samples) };
      const profile = profileOfNodes({ ...base, nodes: reading.nodes, columns: [column] });
      return { profile, growth: [], allocated: sumOf(column.values), freedShown: undefined };
    }
    const growth = growthOf(reading, lastOrdinal, base);
    if (kind === 'with collections') {
      const profile = inUseProfile(reading, base);
      return { profile, growth, allocated: lastOrdinal * interval, freedShown: undefined };
    }
    const estimate = this.#pairs.estimate(reading, lastOrdinal, interval);
    const profile = estimatedProfile(reading, estimate, base);
    const allocated = sumOf(estimate.bytes) + estimate.unobservedBytes;
    return { profile, growth, allocated, freedShown: estimate.shown };
  }

  #base({ startMillis, endMillis }: WindowTimes): ProfileBase {
    const { kind, interval } = this.#sampler;
    const { command, pid, nodeVersion } = this.#target;
    const how = interval === 0 ? '' : `, sampled every ${formatBytes(interval)}`;
    return {
      atMillis: endMillis,
      durationMillis: Math.max(0, endMillis - startMillis),
      interval,
      program: command,
      comments: [
        `heapray: attached to process ${pid}, Node ${nodeVersion}, main thread${how}`,
        `heapray: ${MEANINGS[kind]}`,
      ],
    };
  }
}

const MEANINGS: Readonly<Record<SamplerKind, string>> = {
  'with collections': 'inuse_space is what was allocated in this time and is in use after a collection',
  'without collections':
    'inuse_space is what was allocated in this time and is in use after a collection; alloc_space adds an estimate of what was freed',
  'all allocations': 'alloc_space is what was allocated in this time, in use or freed',
  others:
    'inuse_space is what the sampler of another profiler shows, since that was started; it may contain garbage',
};

type ProfileBase = Pick<
  NodeProfileOptions,
  'atMillis' | 'durationMillis' | 'interval' | 'program' | 'comments'
>;

function inUseProfile(reading: Reading, base: ProfileBase): Profile {
  return profileOfNodes({ ...base, nodes: reading.nodes, columns: [inUse(reading)] });
}

function estimatedProfile(reading: Reading, estimate: AllocationEstimate, base: ProfileBase): Profile {
  const { nodes, bytes, unobservedBytes, freed, shown } = estimate;
  const allocated: NodeColumn = { type: 'alloc_space', unit: 'bytes', values: bytes };
  return profileOfNodes({
    ...base,
    comments: [...base.comments, `heapray: of ${freed} samples that were freed, ${shown} were seen by stack`],
    nodes,
    columns: [allocated, inUse(reading)],
    defaultColumn: 'inuse_space',
    others: unobservedBytes === 0 ? [] : [{ name: '(unobserved)', values: [unobservedBytes, 0] }],
  });
}

function inUse({ samples }: Reading): NodeColumn {
  return { type: 'inuse_space', unit: 'bytes', values: bytesByNode(samples) };
}

function sumOf(values: ReadonlyMap<unknown, number>): number {
  return [...values.values()].reduce((sum, value) => sum + value, 0);
}

async function wait(millis: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(0, millis), undefined, { signal }).catch(() => {});
}

function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}
