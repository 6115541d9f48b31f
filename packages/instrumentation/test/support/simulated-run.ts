import type { Ledger } from '../../src/profiler-thread/ledger/index.js';
import { PollSchedule } from '../../src/profiler-thread/polling/poll-schedule.js';
import { allocated, newLedger, sum } from './ledger-sums.js';
import { Random } from './random.js';
import { SimulatedHeap, type SimulatedSite } from './simulated-heap.js';

/** Mean bytes between samples. */
export const INTERVAL = 512 * 1024;
/** One sample per ms, and with a young generation of 16 MiB a scavenge every 32 ms. */
export const BYTES_PER_MILLI = 512 * 1024;
const SCAVENGE_BYTES = 16 * 1024 * 1024;

/** A simulated program and how it is polled. */
export interface Program {
  /** Sites with their true share of the bytes, in percent. */
  readonly sites: readonly (SimulatedSite & { readonly share: number })[];
  readonly seconds: number;
  /** Mean of the exponential gaps between pairs. */
  readonly meanGapMillis: number;
  /** Fixed length of pairs; by default the schedule adapts it to the rate. */
  readonly pairMillis?: number;
  /** Interval of additional polls for profiles. */
  readonly profileMillis?: number;
  /** Samples per ms; the frequency of scavenges does not change. Default: 1. */
  readonly samplesPerMilli?: number;
  readonly scavenges?: 'regular' | 'random';
  readonly scavengeBytes?: number;
  readonly survivalsToPromotion?: 1 | 2;
  readonly majorMillis?: number;
  /** Called after every poll. */
  readonly onReading?: (ledger: Ledger, heap: SimulatedHeap, atMillis: number) => void;
}

export interface Run {
  /** Estimated share minus true share, by site, in percentage points. */
  readonly errors: Readonly<Record<string, number>>;
  /** Errors if only samples seen alive are counted. */
  readonly naiveErrors: Readonly<Record<string, number>>;
  /** Estimated bytes over true bytes. */
  readonly total: number;
  /** Error stated by the ledger, in percentage points of everything allocated. */
  readonly statedError: number;
}

/** Runs the program with pairs of polls at random moments, and compares the estimates with the truth. */
export function simulate(seed: number, program: Program): Run {
  const { sites } = program;
  const heap = heapOf(seed, program);
  const ledger = newLedger({ samplingInterval: INTERVAL });
  const seen = followSeen(ledger);
  const now = poll(heap, ledger, program, new Random(seed * 7919));
  ledger.attribute(now, true);
  const estimated = allocated(ledger);
  return {
    errors: shareErrors(estimated, sites),
    naiveErrors: shareErrors(seen, sites),
    total: sum(estimated) / (BYTES_PER_MILLI * (program.samplesPerMilli ?? 1) * now),
    statedError: (100 * ledger.counts.attributionErrorBytes) / ledger.counts.sampledBytes,
  };
}

function heapOf(seed: number, program: Program): SimulatedHeap {
  const { samplesPerMilli = 1, scavengeBytes = SCAVENGE_BYTES } = program;
  return new SimulatedHeap({
    seed,
    samplingInterval: INTERVAL,
    sites: program.sites.map((one) => ({ ...one, bytesPerMilli: one.bytesPerMilli * samplesPerMilli })),
    scavengeBytes: scavengeBytes * samplesPerMilli,
    scavenges: program.scavenges ?? 'regular',
    survivalsToPromotion: program.survivalsToPromotion ?? 2,
    majorMillis: program.majorMillis ?? 2000,
  });
}

/** Polls in pairs until the program ends; returns the time of the end. */
function poll(heap: SimulatedHeap, ledger: Ledger, program: Program, random: Random): number {
  const schedule = new PollSchedule({
    samplingInterval: INTERVAL,
    cpuBudget: () => 1,
    minGapMillis: program.meanGapMillis,
    maxGapMillis: program.meanGapMillis,
    random: random.next,
  });
  let last = 0;
  const read = (now: number, pairMillis?: number) => {
    heap.runTo(now);
    const change = ledger.update(heap.reading(), now, pairMillis);
    if (change.status !== 'ok') throw new Error('not this sampler');
    schedule.recordRate(change.fresh + change.unseen, now - last);
    last = now;
    ledger.attribute(now, false);
    program.onReading?.(ledger, heap, now);
    return change.isComplete;
  };
  let nextProfile = program.profileMillis ?? Number.POSITIVE_INFINITY;
  let now = 0;
  while (now < program.seconds * 1000) {
    now += schedule.nextGapMillis();
    for (; nextProfile < now; nextProfile += program.profileMillis!) read(nextProfile);
    read(now);
    const pairMillis = program.pairMillis ?? schedule.pairMillis;
    now += pairMillis;
    schedule.recordPair(read(now, pairMillis));
  }
  return now;
}

/** Sums samples seen alive, in bytes by site. */
function followSeen(ledger: Ledger): Record<string, number> {
  const seen: Record<string, number> = {};
  ledger.addListener({
    allocated(_id, node, bytes) {
      const name = ledger.tree.frame(node)!.functionName;
      seen[name] = (seen[name] ?? 0) + bytes;
    },
    freed: () => {},
    estimated: () => {},
  });
  return seen;
}

function shareErrors(bytes: Record<string, number>, sites: Program['sites']): Record<string, number> {
  const total = sum(bytes);
  return Object.fromEntries(
    sites.map(({ name, share }) => [name, (100 * (bytes[name] ?? 0)) / total - share]),
  );
}

/** Makes a function with a share of the bytes, in percent. */
export function site(
  name: string,
  share: number,
  lifetimeMillis: SimulatedSite['lifetimeMillis'],
  objectBytes: number,
) {
  return { name, share, bytesPerMilli: (BYTES_PER_MILLI * share) / 100, objectBytes, lifetimeMillis };
}

/** Returns the mean of some values, its standard error, and their root mean square. */
export function summary(
  values: readonly number[],
): Readonly<Record<'mean' | 'standardError' | 'rms', number>> {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / (values.length - 1);
  const rms = Math.sqrt(values.reduce((total, value) => total + value ** 2, 0) / values.length);
  return { mean, standardError: Math.sqrt(variance / values.length), rms };
}
