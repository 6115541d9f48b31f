import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes as residentBytesOfProcess } from '../../protocol/memory-usage.js';
import type { MainMemory } from '../../protocol/messages.js';
import type { KernelMemory, MappedKinds } from '../../protocol/metric-points.js';
import type { ResidentMemory } from '../../protocol/resident-memory.js';
import { threadCpuMillis } from '../stats/profiler-stats.js';
import { allocatorSplit } from './allocator-split.js';
import { readKernelMemory } from './kernel-memory.js';
import type { MappedMemory } from './mapped-memory.js';
import { readOwnMappings } from './own-mappings.js';

export interface ResidentWatchDeps {
  /** Asks the main thread for its memory; undefined if it does not answer in time. */
  readonly mainMemory: (kernel: KernelMemory | undefined) => Promise<MainMemory | undefined>;
  /** Reads the mappings of the process. Default: from `/proc`; throws where there are none. */
  readonly readMapped?: () => MappedMemory;
  /** Reads the kernel's counters. Default: from `/proc`. */
  readonly readKernel?: () => KernelMemory | undefined;
  /** Returns the resident memory of the process, in bytes. Default: that of Node. */
  readonly residentBytes?: () => number;
  /** CPU time of this thread so far, in ms. Default: `threadCpuMillis` */
  readonly threadMillis?: () => number;
}

/** A question to the main thread. */
interface Asked {
  readonly answer: Promise<MainMemory | undefined>;
  /** True when it was not answered in time. */
  isLate: boolean;
}

/** Longest wait of a profile for the main thread, in ms. */
const PRESENT_MILLIS = 250;
/** Delay of the first reading, in ms: after start-up. */
const FIRST_MILLIS = 2_000;
const GAP_MILLIS = 60_000;
/** Gap after a reading, as a multiple of its CPU time: 3 ms a minute. */
const COST_GAP = 20_000;
/** Longest gap, in ms. */
const MAX_GAP_MILLIS = 3_600_000;

/**
 * Knows how the resident memory of the process is used, as far as the kernel reports it. Reads the counters on request, and the
 * mappings once a minute; more rarely if they are many, so that they cost at most 3 ms of CPU time a minute.
 */
export class ResidentWatch {
  readonly #deps: ResidentWatchDeps;
  #mapped: MappedKinds | undefined;
  #last: ResidentMemory | undefined;
  #asked: Asked | undefined;
  #hasRead = false;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(deps: ResidentWatchDeps) {
    this.#deps = deps;
  }

  /** Starts reading the mappings, where the system has any. */
  start(): void {
    if (process.platform === 'linux') this.#schedule(FIRST_MILLIS);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Returns the present counters with the newest mappings; undefined where the system does not provide them. */
  kernel(): KernelMemory | undefined {
    const { readKernel = readKernelMemory } = this.#deps;
    const kernel = readKernel();
    return kernel && { ...kernel, mapped: this.#mapped };
  }

  /** Newest known resident memory by part; undefined before anything has asked for it. */
  get last(): ResidentMemory | undefined {
    return this.#last;
  }

  /** Asks the main thread for its memory; undefined if it does not answer in time. */
  async memory(): Promise<MainMemory | undefined> {
    const memory = await this.#deps.mainMemory(this.kernel());
    if (memory !== undefined) this.#last = memory.resident;
    return memory;
  }

  /**
   * Returns the present resident memory by part. While the main thread is busy, returns the last known parts with the present
   * sum; undefined if there are none. Waits for a busy main thread once, and not again until that answers or the question ends.
   */
  async present(): Promise<ResidentMemory | undefined> {
    this.#asked ??= this.#ask();
    const asked = this.#asked;
    const memory = asked.isLate ? undefined : await inTime(asked.answer);
    if (memory) return memory.resident;
    asked.isLate = true;
    const last = this.#last;
    if (last === undefined) return undefined;
    const { residentBytes = residentBytesOfProcess } = this.#deps;
    const sum = Object.values(last).reduce((total, bytes) => total + bytes, 0);
    return { ...last, unexplained: (last.unexplained ?? 0) + residentBytes() - sum };
  }

  #ask(): Asked {
    const answer = this.memory().finally(() => {
      this.#asked = undefined;
    });
    return { answer, isLate: false };
  }

  #schedule(millis: number): void {
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#read(), millis).unref();
  }

  async #read(): Promise<void> {
    const { mainMemory, readMapped = readOwnMappings, threadMillis = threadCpuMillis } = this.#deps;
    const before = threadMillis();
    let mapped: MappedMemory;
    try {
      mapped = readMapped();
    } catch {
      // `/proc` is missing or may not be read, or all file descriptors are in use. Without a reading, the kinds are absent.
      return this.#schedule(GAP_MILLIS);
    }
    // The first reading costs several times as much as later ones: its code is new.
    this.#schedule(this.#hasRead ? gapAfter(threadMillis() - before) : GAP_MILLIS);
    this.#hasRead = true;
    const memory = await mainMemory(undefined);
    // Without the counters of the same moment, the earlier figures are better.
    if (memory !== undefined) this.#mapped = kindsOf(mapped, memory);
  }
}

function inTime(answer: Promise<MainMemory | undefined>): Promise<MainMemory | undefined> {
  return Promise.race([answer, sleep(PRESENT_MILLIS, undefined, { ref: false })]);
}

function kindsOf(mapped: MappedMemory, { resident }: MainMemory): MappedKinds {
  return {
    stack: mapped.stacks,
    privateFile: mapped.privateFile,
    ...allocatorSplit(mapped, resident),
    external: (resident.array_buffers ?? 0) + (resident.external ?? 0),
    v8: mapped.v8,
  };
}

/** Returns the time until the next reading of the mappings, in ms, after one that took this CPU time. */
export function gapAfter(cpuMillis: number): number {
  return Math.min(MAX_GAP_MILLIS, Math.max(GAP_MILLIS, COST_GAP * cpuMillis));
}
