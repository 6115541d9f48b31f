import type { Ledger } from '../../src/ledger/index.js';
import { PollSchedule } from '../../src/source/poll-schedule.js';
import { allocated, newLedger, sum } from './ledger-sums.js';
import { Random } from './random.js';
import { SimulatedHeap, type SimulatedSite } from './simulated-heap.js';

/** Mean bytes between samples. */
export const INTERVAL = 512 * 1024;
/** A sample a millisecond, and with a young generation of 16 MiB a scavenge every 32. */
export const BYTES_PER_MILLI = 512 * 1024;
const SCAVENGE_BYTES = 16 * 1024 * 1024;

/** A simulated program and how it is polled. */
export interface Program {
  /** Each with its true share of the bytes, in percent. */
  readonly sites: readonly (SimulatedSite & { readonly share: number })[];
  readonly seconds: number;
  /** Of the exponential gaps between pairs. */
  readonly meanGapMillis: number;
  /** Fixed; otherwise the schedule follows the rate. */
  readonly pairMillis?: number;
  /** Somebody asks for a profile every so often. */
  readonly profileMillis?: number;
  /** How many samples are taken in a ms; scavenges stay as frequent as they are. Default: 1. */
  readonly samplesPerMilli?: number;
  readonly scavenges?: 'regular' | 'random';
  readonly scavengeBytes?: number;
  readonly survivalsToPromotion?: 1 | 2;
  readonly majorMillis?: number;
  /** Called after every reading. */
  readonly onReading?: (ledger: Ledger, heap: SimulatedHeap, atMillis: number) => void;
}

export interface Run {
  /** By site: estimated share minus true share, in points. */
  readonly errors: Readonly<Record<string, number>>;
  /** The same when only what was seen alive is counted. */
  readonly naiveErrors: Readonly<Record<string, number>>;
  /** Estimated bytes over true bytes. */
  readonly total: number;
  /** What the ledger says of its own error, in points of everything allocated. */
  readonly statedError: number;
}

/** Lets the program run under pairs of readings at random moments, and compares with the truth. */
export function simulate(seed: number, program: Program): Run {
  const { sites } = program;
  const heap = heapOf(seed, program);
  const ledger = newLedger({ samplingInterval: INTERVAL });
  const seen = followSeen(ledger);
  const now = poll(heap, ledger, program, new Random(seed * 7919));
  ledger.settle(now, true);
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

/** Polls in pairs until the program ends; returns when that was. */
function poll(heap: SimulatedHeap, ledger: Ledger, program: Program, random: Random): number {
  const schedule = new PollSchedule({
    samplingInterval: INTERVAL,
    cpuBudget: 1,
    minGapMillis: program.meanGapMillis,
    maxGapMillis: program.meanGapMillis,
    random: random.next,
  });
  let last = 0;
  const read = (now: number, pairMillis?: number) => {
    heap.runTo(now);
    const change = ledger.absorb(heap.reading(), now, pairMillis);
    if (change.status !== 'ok') throw new Error('not this sampler');
    schedule.recordRate(change.fresh + change.unseen, now - last);
    last = now;
    ledger.settle(now, false);
    program.onReading?.(ledger, heap, now);
    return change.whole;
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

/** Adds up what was seen alive, in bytes by site. */
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

/** A function with a share of the bytes, in percent. */
export function site(
  name: string,
  share: number,
  lifetimeMillis: SimulatedSite['lifetimeMillis'],
  objectBytes: number,
) {
  return { name, share, bytesPerMilli: (BYTES_PER_MILLI * share) / 100, objectBytes, lifetimeMillis };
}

/** The mean of some values, how sure that is, and how large they are. */
export function summary(
  values: readonly number[],
): Readonly<Record<'mean' | 'standardError' | 'rms', number>> {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / (values.length - 1);
  const rms = Math.sqrt(values.reduce((total, value) => total + value ** 2, 0) / values.length);
  return { mean, standardError: Math.sqrt(variance / values.length), rms };
}
