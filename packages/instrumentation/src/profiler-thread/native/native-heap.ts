import {
  ageMillis,
  type DumpAmount,
  type DumpFile,
  type DumpStack,
  dumpsIn,
  type JemallocDump,
  readDump,
  readHeapDump,
  removeDumps,
  removeUnreadDumps,
} from '@heapray/exporter/jemalloc';
import { type JemallocSettings, jemallocSettings } from './jemalloc-settings.js';
import { NativeFrames } from './native-frames.js';
import {
  type NativeAmounts,
  type NativeStackIndex,
  NativeStacks,
  type NativeState,
} from './native-stacks.js';
import { PIECE_BYTES, provokeDump } from './provoke-dump.js';

/** A state is current for this long, in ms: requests that share a poll share a dump. */
const CURRENT_MILLIS = 100;
/** Gap between two dumps without requests, in ms. */
const EVERY_MILLIS = 60_000;
/** Dumps of processes without heapray are removed at this age, in ms. */
const UNREAD_MILLIS = 120_000;
/** Age at which a dump that another thread has written is complete, in ms. */
const COMPLETE_MILLIS = 1_000;
/** jemalloc's numbers are rounded. */
const LEAST_PIECE_BYTES = PIECE_BYTES - 1024;
/** Number of past states, one each minute. */
const MAX_STATES = 16;

export interface NativeHeapDeps {
  readonly folder: string;
  readonly pid: number;
  readonly log: (level: 'debug' | 'info' | 'warn', text: string) => void;
  /** Counts a dump that could not be read. */
  readonly onDropped: () => void;
  /** Age of this process, in ms. Default: that of Node. */
  readonly uptimeMillis?: number;
}

/**
 * The native heap of the process: all memory from `malloc`, by native stack, from dumps of jemalloc. Synchronous,
 * for the profiler thread: a dump takes some ms.
 */
export class NativeHeap {
  readonly stacks: NativeStacks = new NativeStacks();
  readonly frames: NativeFrames;
  readonly #deps: NativeHeapDeps;
  readonly #dumpInterval: number | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #past: NativeState[] = [];
  readonly #reported = new Set<string>();
  /** jemalloc's number of this thread, as far as it is known. */
  #ownThread: string | undefined;
  #latest: NativeState | undefined;

  private constructor(deps: NativeHeapDeps, library: string, dumpInterval: number | undefined) {
    this.#deps = deps;
    this.#dumpInterval = dumpInterval;
    this.frames = new NativeFrames(library);
    // An earlier process with this id may have left some, e.g. before a restart of its container.
    const { uptimeMillis = process.uptime() * 1000 } = deps;
    removeDumps(this.#own().filter((file) => ageMillis(file) > uptimeMillis));
    this.#timer = setInterval(() => this.#tick(), EVERY_MILLIS).unref();
    this.#tick();
  }

  /** Starts to follow the dumps of this process. Undefined, with a message, if there will be none. */
  static start(
    deps: NativeHeapDeps,
    settings: JemallocSettings | string = jemallocSettings(),
  ): NativeHeap | undefined {
    if (typeof settings === 'string') {
      deps.log('warn', `native heap: not profiled: ${settings}`);
      return undefined;
    }
    return new NativeHeap(deps, settings.library, settings.dumpInterval);
  }

  /** Returns the present state, or an older one without a new dump. Undefined before the first dump. */
  current(): NativeState | undefined {
    const isCurrent =
      this.#latest !== undefined && performance.now() - this.#latest.atMillis < CURRENT_MILLIS;
    if (!isCurrent) this.#take();
    return this.#latest;
  }

  /** Returns the kept state that is nearest to a moment, on the clock of `performance.now()`. */
  nearest(atMillis: number): NativeState | undefined {
    const distance = (state: NativeState) => Math.abs(state.atMillis - atMillis);
    return this.#past.toSorted((a, b) => distance(a) - distance(b))[0];
  }

  close(): void {
    clearInterval(this.#timer);
    removeDumps(this.#own());
  }

  #tick(): void {
    const state = this.current();
    if (state !== undefined && state !== this.#past.at(-1)) this.#past.push(state);
    if (this.#past.length > MAX_STATES) this.#past.shift();
    removeUnreadDumps(this.#deps.folder, UNREAD_MILLIS);
  }

  /** Gets a dump and reads it. Keeps the earlier state if that fails. */
  #take(): void {
    const isProvoked = this.#provoke();
    const dumps = this.#own();
    for (const file of dumps.toReversed()) {
      if (!isProvoked && ageMillis(file) < COMPLETE_MILLIS) continue;
      const dump = this.#read(file);
      if (dump === undefined) continue;
      removeDumps(dumps.filter(({ number }) => number <= file.number));
      this.#latest = this.#stateOf(dump, isProvoked);
      this.#report('info', `native heap: profiled by dumps of jemalloc in ${this.#deps.folder}`);
      return;
    }
    if (dumps.length > 0 || isProvoked) this.#deps.onDropped();
    this.#report('warn', `native heap: no dump of jemalloc can be read in ${this.#deps.folder}`);
  }

  /** Has jemalloc write a dump. Returns false if there is none. */
  #provoke(): boolean {
    if (this.#dumpInterval === undefined) return false;
    const last = this.#lastNumber();
    try {
      return provokeDump(this.#dumpInterval, () => this.#lastNumber() > last);
    } catch {
      // Too little address space is left. Wait for the dumps that the program provokes.
      return false;
    }
  }

  #lastNumber(): number {
    return this.#own().at(-1)?.number ?? -1;
  }

  /** Returns the content of a dump; undefined while another thread writes it, and if it is not valid. */
  #read(file: DumpFile): JemallocDump | undefined {
    try {
      return readHeapDump(readDump(file), { holderBytes: LEAST_PIECE_BYTES });
    } catch {
      return undefined;
    }
  }

  /** @param isProvoked true if an allocation of heapray provoked the dump, and is in use in it */
  #stateOf(dump: JemallocDump, isProvoked: boolean): NativeState {
    if (isProvoked) this.#findOwnThread(dump);
    const own = isProvoked ? this.#ownPiece(dump) : undefined;
    const amounts = new Map<NativeStackIndex, NativeAmounts>();
    for (const stack of dump.stacks) {
      const index = this.stacks.indexOf(stack);
      const allocated = this.#allocatedHere(stack);
      const piece = stack === own ? PIECE : NOTHING;
      const rest = { inUse: less(stack.inUse, piece), allocated: less(stack.allocated, allocated) };
      amounts.set(index, sumOf(rest, amounts.get(index)));
    }
    let inUseBytes = 0;
    for (const { inUse } of amounts.values()) inUseBytes += inUse.bytes;
    return { atMillis: performance.now(), amounts, inUseBytes, mappings: dump.mappings };
  }

  /** Finds this thread: it has one piece in use on one stack, and little else there. */
  #findOwnThread({ stacks }: JemallocDump): void {
    const holders = stacks
      .flatMap((stack) => stack.holders)
      .filter(({ inUse }) => inUse.bytes >= LEAST_PIECE_BYTES)
      .sort((a, b) => a.inUse.bytes - b.inUse.bytes);
    if (!holders.some(({ thread }) => thread === this.#ownThread)) this.#ownThread = holders[0]?.thread;
  }

  /** Returns the stack of the piece that is in use. */
  #ownPiece({ stacks }: JemallocDump): DumpStack | undefined {
    return stacks.find(({ holders }) =>
      holders.some(({ thread, inUse }) => thread === this.#ownThread && inUse.bytes >= LEAST_PIECE_BYTES),
    );
  }

  /** Returns what this thread has allocated on a stack where it allocates pieces: little else. */
  #allocatedHere({ holders }: DumpStack): DumpAmount {
    return holders.find(({ thread }) => thread === this.#ownThread)?.allocated ?? NOTHING;
  }

  #own(): DumpFile[] {
    return dumpsIn(this.#deps.folder).filter(({ pid }) => pid === this.#deps.pid);
  }

  /** Logs the first message of each level. */
  #report(level: 'info' | 'warn', text: string): void {
    if (this.#reported.has(level)) return;
    this.#reported.add(level);
    this.#deps.log(level, text);
  }
}

const NOTHING: DumpAmount = { objects: 0, bytes: 0 };
const PIECE: DumpAmount = { objects: 1, bytes: PIECE_BYTES };

function sumOf({ inUse, allocated }: NativeAmounts, more: NativeAmounts | undefined): NativeAmounts {
  if (more === undefined) return { inUse, allocated };
  const sum = (a: DumpAmount, b: DumpAmount) => ({
    objects: a.objects + b.objects,
    bytes: a.bytes + b.bytes,
  });
  return { inUse: sum(inUse, more.inUse), allocated: sum(allocated, more.allocated) };
}

function less(amount: DumpAmount, part: DumpAmount): DumpAmount {
  return {
    objects: Math.max(0, amount.objects - part.objects),
    bytes: Math.max(0, amount.bytes - part.bytes),
  };
}
