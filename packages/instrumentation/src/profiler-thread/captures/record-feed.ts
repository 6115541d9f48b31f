import {
  type HeaderPatch,
  type MemrayFormat,
  MemrayWriter,
  SHORT_LIVED_FRAME,
  type StackHandle,
} from '@heapray/exporter/memray';
import type { WorkerName } from '../../protocol/memory-origin.js';
import { type LedgerSource, type NodeIndex, ROOT } from '../ledger/index.js';

export interface RecordFeedOptions {
  readonly format: MemrayFormat;
  readonly commandLine: string;
  /** Returns the command line as it should be now; it must have as many bytes as `commandLine`. Default: unchanged. */
  readonly presentCommandLine?: (() => string) | undefined;
  readonly pid: number;
  /** Folders whose files memray attributes to packages; `projectRoots` are those of the application. */
  readonly nodeModules: readonly string[];
  readonly projectRoots: readonly string[];
  readonly residentBytes: () => number;
  readonly now: () => number;
  /** Note for other programs, stored as the first name of the main thread. memray shows the last name. */
  readonly note?: string | undefined;
}

/** memray's id of the main thread in a capture. That of a worker is one more than Node's. */
const MAIN_THREAD = 1;
/** Address shared by all estimated allocations, as each is freed at once. Live samples have 16 x (id + 1). */
const ESTIMATE_ADDRESS = 16;
const addressOf = (id: number) => 16 * (id + 1);
/** File shown for functions without a file. */
const NO_FILE = '(native)';

/** Bytes and samples of estimates that do not make a whole sample yet. */
interface Fraction {
  samples: number;
  bytes: number;
}

/** Stacks of a source that the present capture knows. */
interface KnownStacks {
  readonly stacks: (StackHandle | undefined)[];
  readonly estimateStacks: (StackHandle | undefined)[];
}

/** An estimate that is not written yet. */
export interface LeftEstimate {
  readonly source: LedgerSource;
  readonly node: NodeIndex;
  readonly bytes: number;
}

/** Converts the events of ledgers into the records of a memray capture. */
export class RecordFeed {
  readonly #options: RecordFeedOptions;
  readonly #fractions = new Map<LedgerSource, Map<NodeIndex, Fraction>>();
  #writer: MemrayWriter;
  #known = new Map<LedgerSource, KnownStacks>();
  /** Thread of the last record, so that frees need no switch. */
  #thread = MAIN_THREAD;
  #takenBytes = 0;
  /** Bytes omitted so far by rounding to whole bytes. */
  #remainder = 0;
  /** Command line in the header of this capture. */
  #commandLine = '';

  constructor(options: RecordFeedOptions) {
    this.#options = options;
    this.#writer = this.#open();
  }

  /** Bytes of this capture so far, its header included, taken or not. */
  get bytes(): number {
    return this.#writer.bytesEncoded;
  }

  /** Number of bytes that {@link take} would return. */
  get untakenBytes(): number {
    return this.bytes - this.#takenBytes;
  }

  /**
   * Begins another capture and discards what was not taken of this one. Keeps estimates that are not written
   * yet.
   */
  restart(): void {
    this.#writer = this.#open();
  }

  allocated(id: number, source: LedgerSource, node: NodeIndex, bytes: number): void {
    const stack = this.#stack(source, node);
    this.#writer.allocation(this.#threadOf(source), addressOf(id), this.#whole(bytes), stack);
  }

  freed(id: number): void {
    this.#writer.free(this.#thread, addressOf(id));
  }

  estimated(source: LedgerSource, node: NodeIndex, samples: number, bytes: number): void {
    const fractions = this.#fractions.get(source) ?? new Map<NodeIndex, Fraction>();
    this.#fractions.set(source, fractions);
    const fraction = fractions.get(node) ?? { samples: 0, bytes: 0 };
    fraction.samples += samples;
    fraction.bytes += bytes;
    fractions.set(node, fraction);
    const whole = Math.floor(fraction.samples);
    if (whole === 0) return;
    const each = fraction.bytes / fraction.samples;
    this.#writeEstimates(source, node, whole, each);
    fraction.samples -= whole;
    fraction.bytes -= whole * each;
  }

  /**
   * Returns an upper bound of the bytes that {@link allocated} would write now; for an estimate, its first
   * pair.
   */
  maxBytesOf(source: LedgerSource, node: NodeIndex, isEstimate = false): number {
    const stack = isEstimate ? this.#estimateStack(source, node) : this.#stack(source, node);
    return this.#writer.maxAllocationBytes(stack);
  }

  /** Forgets the stacks of a source that has ended; returns and forgets its estimates that are not written yet. */
  endSource(source: LedgerSource): readonly LeftEstimate[] {
    const left = leftOf(source, this.#fractions.get(source));
    this.#fractions.delete(source);
    this.#known.delete(source);
    return left;
  }

  /** Returns and forgets the fractions of samples that are not written yet. */
  takeFractions(): readonly LeftEstimate[] {
    const fractions = [...this.#fractions].flatMap(([source, some]) => leftOf(source, some));
    this.#fractions.clear();
    return fractions;
  }

  memoryRecord(): void {
    this.#writer.memoryRecord(this.#options.residentBytes(), this.#options.now());
  }

  /**
   * Writes the last records: remaining estimates, a memory record, the trailer.
   *
   * @param hasRoom called before each estimate
   * @returns number of estimates without room
   */
  finish(hasRoom: () => boolean = () => true): number {
    let dropped = 0;
    for (const { source, node, bytes } of this.takeFractions()) {
      if (hasRoom()) this.#writeEstimates(source, node, 1, bytes);
      else dropped++;
    }
    this.end();
    return dropped;
  }

  /** Ends this capture; keeps fractions of estimates for the next one. */
  end(): void {
    this.#writer.finish(this.#options.residentBytes(), this.#options.now());
  }

  /** Writes what this capture could end with, and returns the missing trailer. The capture can continue. */
  checkpoint(): Uint8Array {
    return this.#writer.checkpoint(this.#options.residentBytes(), this.#options.now());
  }

  /** Returns the bytes written since the last call, in whole records. */
  take(): Uint8Array {
    const bytes = this.#writer.take();
    this.#takenBytes += bytes.length;
    return bytes;
  }

  /** Returns the patches for the header of the ended capture. */
  headerPatches(): readonly HeaderPatch[] {
    const patches = this.#writer.headerPatches(this.#options.now());
    const commandLine = this.#options.presentCommandLine?.() ?? this.#commandLine;
    const patch = commandLine === this.#commandLine ? undefined : this.#writer.commandLinePatch(commandLine);
    this.#commandLine = commandLine;
    return patch ? [...patches, patch] : patches;
  }

  #open(): MemrayWriter {
    const { format, commandLine, pid, nodeModules, projectRoots, residentBytes, now, note } = this.#options;
    this.#commandLine = commandLine;
    this.#known = new Map();
    this.#thread = MAIN_THREAD;
    this.#takenBytes = 0;
    const writer = new MemrayWriter({
      format,
      commandLine,
      pid,
      startTimeMillis: now(),
      mainThreadId: MAIN_THREAD,
      libdest: 'node:internal',
      sitePackages: nodeModules,
      sysPath: projectRoots,
    });
    writer.memoryRecord(residentBytes(), now());
    if (note !== undefined) writer.threadName(MAIN_THREAD, note);
    writer.threadName(MAIN_THREAD, 'main');
    return writer;
  }

  #writeEstimates(source: LedgerSource, node: NodeIndex, count: number, bytesEach: number): void {
    const stack = this.#estimateStack(source, node);
    const thread = this.#threadOf(source);
    for (let i = 0; i < count; i++) {
      this.#writer.allocation(thread, ESTIMATE_ADDRESS, this.#whole(bytesEach), stack);
      this.#writer.free(thread, ESTIMATE_ADDRESS);
    }
  }

  /** Returns the thread of a source's records; names it before its first. */
  #threadOf({ thread }: LedgerSource): number {
    const id = thread === undefined ? MAIN_THREAD : thread.id + 1;
    if (thread !== undefined && id !== this.#thread) this.#writer.threadName(id, threadText(thread));
    this.#thread = id;
    return id;
  }

  #knownOf(source: LedgerSource): KnownStacks {
    const known = this.#known.get(source) ?? { stacks: [], estimateStacks: [] };
    this.#known.set(source, known);
    return known;
  }

  /** Rounds to whole bytes and carries the rounding error over to the next call, so that totals agree. */
  #whole(bytes: number): number {
    const exact = bytes + this.#remainder;
    const whole = Math.max(0, Math.round(exact));
    this.#remainder = exact - whole;
    return whole;
  }

  #stack(source: LedgerSource, node: NodeIndex): StackHandle | undefined {
    const { stacks } = this.#knownOf(source);
    const known = stacks[node];
    if (known !== undefined) return known;
    const { ledger } = source;
    const frame = node === ROOT ? undefined : ledger.sites.frame(node);
    if (!frame) return undefined;
    const file = frame.file || NO_FILE;
    const parent = this.#stack(source, ledger.tree.parent(node));
    const stack = this.#writer.stack(parent, this.#writer.frame(frame.functionName, file, frame.line));
    stacks[node] = stack;
    return stack;
  }

  #estimateStack(source: LedgerSource, node: NodeIndex): StackHandle {
    const { estimateStacks } = this.#knownOf(source);
    const known = estimateStacks[node];
    if (known !== undefined) return known;
    const caller = node === ROOT ? undefined : source.ledger.sites.frame(node);
    // Use the caller's file, so that memray's modules and our packages are right, but no line: memray would
    // show the source of that line instead of the name.
    const leaf = this.#writer.frame(SHORT_LIVED_FRAME, caller?.file || NO_FILE, 0);
    const stack = this.#writer.stack(this.#stack(source, node), leaf);
    estimateStacks[node] = stack;
    return stack;
  }
}

function leftOf(source: LedgerSource, fractions: Map<NodeIndex, Fraction> = new Map()): LeftEstimate[] {
  const left = [...fractions].filter(([, { samples }]) => samples > 0);
  return left.map(([node, { bytes }]) => ({ source, node, bytes }));
}

function threadText({ id, name }: WorkerName): string {
  return name === 'worker' ? `worker ${id}` : name;
}
