import { SeriesRing } from '@heapray/exporter/http';
import { AGE_BUCKETS } from '../../protocol/age-buckets.js';
import { RESIDENT_PARTS, type ResidentMemory } from '../../protocol/resident-memory.js';
import type { InUse } from './in-use-by-age.js';
import { SiteHistory } from './site-history.js';

/** Values at one moment; an unknown value is undefined. */
export interface MemoryMoment {
  /** Time in ms since the Unix epoch. */
  readonly epochMillis: number;
  /** Resident memory by part, in bytes; the parts add up to all of it. */
  readonly resident: ResidentMemory | undefined;
  /** Bytes of objects in the main thread's V8 heap, garbage included. */
  readonly heapUsedBytes: number | undefined;
  /** Bytes allocated since the start. */
  readonly allocatedBytes: number;
  /** Time of the newest poll on any steady clock, in ms; undefined after a loss of the sampler. */
  readonly pollMillis: number | undefined;
  /** CPU time that profiling has cost so far, in ms. */
  readonly cpuMillis: number;
  /** Undefined when unknown, or to save the cost. */
  readonly inUse: InUse | undefined;
  /** Keys of call sites whose values are to be kept, however small, the most important first. */
  readonly sites: readonly number[];
}

/** Values at the times of the history, the oldest first; null where unknown. */
export type HistoryValues = readonly (number | null)[];

/** An hour in steps of 10 s. */
const CAPACITY = 360;

const HEAP_USED = 0;
const IN_USE = 1;
const RATE = 2;
const CPU = 3;
const PARTS = 4;
const AGES = PARTS + RESIDENT_PARTS.length;
const COLUMNS = AGES + AGE_BUCKETS.length;

/**
 * Keeps what was known about the process in the last hour. Takes 56 KiB for the process and 34 KiB for call sites,
 * allocated once.
 */
export class MemoryHistory {
  readonly #ring: SeriesRing;
  readonly #sites: SiteHistory;
  #lastPoll: { readonly pollMillis: number; readonly allocatedBytes: number } | undefined;

  constructor(capacity: number = CAPACITY) {
    this.#ring = new SeriesRing(capacity, COLUMNS);
    this.#sites = new SiteHistory(capacity);
  }

  /** Adds a moment. It replaces the oldest one of a full history. */
  add(moment: MemoryMoment): void {
    const { resident, inUse } = moment;
    const row = this.#ring.add(moment.epochMillis);
    row[HEAP_USED] = moment.heapUsedBytes ?? Number.NaN;
    row[IN_USE] = rounded(inUse?.totalBytes);
    row[RATE] = rounded(this.#rate(moment));
    row[CPU] = moment.cpuMillis;
    for (const [at, part] of RESIDENT_PARTS.entries()) row[PARTS + at] = resident?.[part] ?? Number.NaN;
    for (const at of AGE_BUCKETS.keys()) row[AGES + at] = rounded(inUse?.byAge[at]);
    this.#sites.add(inUse?.bySite, moment.sites);
  }

  /** Times in ms since the Unix epoch, ascending. */
  get timesMillis(): readonly number[] {
    return this.#ring.times;
  }

  /** Resident memory by part; without parts that were never known. */
  get resident(): readonly { readonly part: string; readonly values: HistoryValues }[] {
    return this.#columns(RESIDENT_PARTS, PARTS).map(({ name, values }) => ({ part: name, values }));
  }

  /** Bytes in use by age. */
  get ages(): readonly { readonly age: string; readonly values: HistoryValues }[] {
    return this.#columns(AGE_BUCKETS, AGES).map(({ name, values }) => ({ age: name, values }));
  }

  get heapUsed(): HistoryValues {
    return this.#ring.column(HEAP_USED);
  }

  get inUse(): HistoryValues {
    return this.#ring.column(IN_USE);
  }

  /** Bytes allocated per second, measured from poll to poll. */
  get allocationRate(): HistoryValues {
    return this.#ring.column(RATE);
  }

  /** Share of a core that profiling took over the whole history, 0 to 1; undefined while too short. */
  get cpuShare(): number | undefined {
    const times = this.#ring.times;
    const cpu = this.#ring.column(CPU);
    const millis = (times.at(-1) ?? 0) - (times[0] ?? 0);
    return millis > 0 ? ((cpu.at(-1) ?? 0) - (cpu[0] ?? 0)) / millis : undefined;
  }

  /** Returns the bytes in use of the call site with this key; undefined if they were not kept. */
  site(site: number): HistoryValues | undefined {
    return this.#sites.values(site);
  }

  #rate({ pollMillis, allocatedBytes }: MemoryMoment): number | undefined {
    const last = this.#lastPoll;
    this.#lastPoll = pollMillis === undefined ? undefined : { pollMillis, allocatedBytes };
    if (last === undefined || pollMillis === undefined || pollMillis <= last.pollMillis) return undefined;
    return ((allocatedBytes - last.allocatedBytes) * 1000) / (pollMillis - last.pollMillis);
  }

  #columns(names: readonly string[], from: number): { name: string; values: HistoryValues }[] {
    return names
      .map((name, at) => ({ name, values: this.#ring.column(from + at) }))
      .filter(({ values }) => values.some((value) => value !== null));
  }
}

/** Rounds an estimate: its fraction would only make the JSON longer. */
function rounded(value: number | undefined): number {
  return value === undefined ? Number.NaN : Math.round(value);
}
