import {
  type HeaderPatch,
  type MemrayFormat,
  MemrayWriter,
  SHORT_LIVED_FRAME,
  type StackHandle,
} from '@heapray/exporter/memray';
import { type Ledger, type NodeIndex, ROOT } from '../ledger/index.js';

export interface RecordFeedOptions {
  readonly format: MemrayFormat;
  readonly commandLine: string;
  readonly pid: number;
  /** Folders whose files memray attributes to packages; `projectRoots` are those of the application. */
  readonly nodeModules: readonly string[];
  readonly projectRoots: readonly string[];
  readonly residentBytes: () => number;
  readonly now: () => number;
  /** Note for other programs, stored as the first name of the main thread. memray shows the last name. */
  readonly note?: string | undefined;
}

/** memray's id of the main thread in a capture. */
const MAIN_THREAD = 1;
/** Address shared by all estimated allocations, as each is freed at once. Live samples have 16 x (id + 1). */
const ESTIMATE_ADDRESS = 16;
const addressOf = (id: number) => 16 * (id + 1);
/** File shown for functions without a file. */
const NO_FILE = '(native)';

/** Converts the ledger's events into the records of a memray capture. */
export class RecordFeed {
  readonly #ledger: Ledger;
  readonly #options: RecordFeedOptions;
  /** Bytes and samples of estimates that do not make a whole sample yet, by stack. */
  readonly #fractions = new Map<NodeIndex, { samples: number; bytes: number }>();
  #writer: MemrayWriter;
  #stacks: (StackHandle | undefined)[] = [];
  #estimateStacks: (StackHandle | undefined)[] = [];
  #takenBytes = 0;
  /** Bytes omitted so far by rounding to whole bytes. */
  #remainder = 0;

  constructor(ledger: Ledger, options: RecordFeedOptions) {
    this.#ledger = ledger;
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

  allocated(id: number, node: NodeIndex, bytes: number): void {
    this.#writer.allocation(MAIN_THREAD, addressOf(id), this.#whole(bytes), this.#stack(node));
  }

  freed(id: number): void {
    this.#writer.free(MAIN_THREAD, addressOf(id));
  }

  estimated(node: NodeIndex, samples: number, bytes: number): void {
    const fraction = this.#fractions.get(node) ?? { samples: 0, bytes: 0 };
    fraction.samples += samples;
    fraction.bytes += bytes;
    this.#fractions.set(node, fraction);
    const whole = Math.floor(fraction.samples);
    if (whole === 0) return;
    const each = fraction.bytes / fraction.samples;
    this.#writeEstimates(node, whole, each);
    fraction.samples -= whole;
    fraction.bytes -= whole * each;
  }

  /**
   * Returns an upper bound of the bytes that {@link allocated} would write now; for an estimate, its first
   * pair.
   */
  maxBytesOf(node: NodeIndex, isEstimate = false): number {
    return this.#writer.maxAllocationBytes(isEstimate ? this.#estimateStack(node) : this.#stack(node));
  }

  /** Returns and forgets the fractions of samples that are not written yet. */
  takeFractions(): readonly { readonly node: NodeIndex; readonly bytes: number }[] {
    const fractions = [...this.#fractions].filter(([, { samples }]) => samples > 0);
    this.#fractions.clear();
    return fractions.map(([node, { bytes }]) => ({ node, bytes }));
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
    for (const [node, { samples, bytes }] of this.#fractions) {
      if (samples <= 0) continue;
      if (hasRoom()) this.#writeEstimates(node, 1, bytes);
      else dropped++;
    }
    this.#fractions.clear();
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
    return this.#writer.headerPatches(this.#options.now());
  }

  #open(): MemrayWriter {
    const { format, commandLine, pid, nodeModules, projectRoots, residentBytes, now, note } = this.#options;
    this.#stacks = [];
    this.#estimateStacks = [];
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

  #writeEstimates(node: NodeIndex, count: number, bytesEach: number): void {
    const stack = this.#estimateStack(node);
    for (let i = 0; i < count; i++) {
      this.#writer.allocation(MAIN_THREAD, ESTIMATE_ADDRESS, this.#whole(bytesEach), stack);
      this.#writer.free(MAIN_THREAD, ESTIMATE_ADDRESS);
    }
  }

  /** Rounds to whole bytes and carries the rounding error over to the next call, so that totals agree. */
  #whole(bytes: number): number {
    const exact = bytes + this.#remainder;
    const whole = Math.max(0, Math.round(exact));
    this.#remainder = exact - whole;
    return whole;
  }

  #stack(node: NodeIndex): StackHandle | undefined {
    const known = this.#stacks[node];
    if (known !== undefined) return known;
    const frame = node === ROOT ? undefined : this.#ledger.sites.frame(node);
    if (!frame) return undefined;
    const file = frame.file || NO_FILE;
    const parent = this.#stack(this.#ledger.tree.parent(node));
    const stack = this.#writer.stack(parent, this.#writer.frame(frame.functionName, file, frame.line));
    this.#stacks[node] = stack;
    return stack;
  }

  #estimateStack(node: NodeIndex): StackHandle {
    const known = this.#estimateStacks[node];
    if (known !== undefined) return known;
    const caller = node === ROOT ? undefined : this.#ledger.sites.frame(node);
    // Use the caller's file, so that memray's modules and our packages are right, but no line: memray would
    // show the source of that line instead of the name.
    const leaf = this.#writer.frame(SHORT_LIVED_FRAME, caller?.file || NO_FILE, 0);
    const stack = this.#writer.stack(this.#stack(node), leaf);
    this.#estimateStacks[node] = stack;
    return stack;
  }
}
