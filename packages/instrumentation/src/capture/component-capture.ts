import { type MemrayFormat, MemrayWriter, type StackHandle } from '@heapray/exporter/memray';
import { CaptureFile } from '@heapray/exporter/sinks';
import { type Ledger, type LedgerListener, type NodeIndex, ROOT } from '../ledger/index.js';

export interface ComponentCaptureOptions {
  readonly component: string;
  /** The folder the capture goes to. */
  readonly home: string;
  readonly format: MemrayFormat;
  readonly maxCaptureBytes: number;
  readonly maxCaptures: number;
  readonly commandLine: string;
  readonly pid: number;
  /** Folders whose files memray counts to packages and to the application. */
  readonly nodeModules: readonly string[];
  readonly projectRoots: readonly string[];
  readonly residentBytes: () => number;
  readonly now: () => number;
}

/** A component's name as a file name: a service may be called anything. */
function fileName(component: string): string {
  return component.replace(/[^A-Za-z0-9_.-]/g, '_').replace(/^\./, '_');
}

/** memray's number for the main thread of a capture. */
const MAIN_THREAD = 1;
/** One address serves all estimated allocations, because each is freed at once. Live ones get 16 x (id + 1). */
const ESTIMATE_ADDRESS = 16;
const addressOf = (id: number) => 16 * (id + 1);
/** The leaf of stacks whose allocations were never observed, only estimated. */
const ESTIMATED_FRAME = '(short-lived, estimated)';
/** What the writer adds when it finishes: a memory record, a free and the trailer, generously. */
const FINISH_BYTES = 64;

/**
 * Writes what the ledger sees to `<home>/<component>_memory.bin` while it happens.
 *
 * Only what is allocated after the capture began is in it, as with memray. Each sample stands for the bytes
 * that V8 estimates for it. Everything is flushed after each memory record, in whole records, so that a
 * killed process leaves a capture that memray opens. When the capture has reached its size limit it is
 * closed properly, rotated away, and a new one begins that starts with what is still alive.
 *
 * @throws CaptureError from every method when the file system refuses
 */
export class ComponentCapture implements LedgerListener {
  readonly #ledger: Ledger;
  readonly #options: ComponentCaptureOptions;
  /** Ids that were there before the capture began. */
  readonly #before: Set<number>;
  /** Bytes and samples of estimates that are not a whole sample yet, by stack. */
  readonly #fractions = new Map<NodeIndex, { samples: number; bytes: number }>();
  #file: CaptureFile;
  #writer: MemrayWriter;
  #stacks: (StackHandle | undefined)[] = [];
  #estimateStacks: (StackHandle | undefined)[] = [];
  /** What rounding to whole bytes has left out so far. */
  #remainder = 0;

  constructor(ledger: Ledger, options: ComponentCaptureOptions) {
    this.#ledger = ledger;
    this.#options = options;
    this.#before = new Set();
    ledger.forEachLive((id) => this.#before.add(id));
    this.#file = this.#openFile();
    this.#writer = this.#openWriter();
    this.flush();
    ledger.addListener(this);
  }

  get path(): string {
    return this.#file.path;
  }

  allocated(id: number, node: NodeIndex, bytes: number): void {
    this.#writer.allocation(MAIN_THREAD, addressOf(id), this.#whole(bytes), this.#stack(node));
  }

  freed(id: number): void {
    if (this.#before.delete(id)) return;
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

  /** Adds a memory record and writes everything out; call after each reading. */
  flush(): void {
    this.#writer.memoryRecord(this.#options.residentBytes(), this.#options.now());
    this.#file.append(this.#writer.take());
    if (this.#writer.bytesEncoded + FINISH_BYTES < this.#options.maxCaptureBytes) return;
    this.#finishFile();
    this.#continue();
  }

  /** Ends the capture with what is known. The ledger must have settled before. */
  finish(): void {
    this.#ledger.removeListener(this);
    for (const [node, { samples, bytes }] of this.#fractions) {
      if (samples > 0) this.#writeEstimates(node, 1, bytes);
    }
    this.#finishFile();
  }

  /** Gives up after an error; what was flushed stays. */
  abandon(): void {
    this.#ledger.removeListener(this);
    this.#file.close();
  }

  /** Begins the next capture with everything that is alive, so that leaks stay whole. */
  #continue(): void {
    this.#file = this.#openFile();
    this.#writer = this.#openWriter();
    this.#ledger.forEachLive((id, node, bytes) => {
      if (!this.#before.has(id)) this.allocated(id, node, bytes);
    });
    this.#writer.memoryRecord(this.#options.residentBytes(), this.#options.now());
    this.#file.append(this.#writer.take());
  }

  #openFile(): CaptureFile {
    const { home, component, maxCaptures } = this.#options;
    return CaptureFile.open({ folder: home, component: fileName(component), maxCaptures });
  }

  #openWriter(): MemrayWriter {
    const { format, commandLine, pid, nodeModules, projectRoots, now } = this.#options;
    this.#stacks = [];
    this.#estimateStacks = [];
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
    writer.memoryRecord(this.#options.residentBytes(), now());
    writer.threadName(MAIN_THREAD, 'main');
    return writer;
  }

  #finishFile(): void {
    const now = this.#options.now();
    this.#writer.finish(this.#options.residentBytes(), now);
    this.#file.append(this.#writer.take());
    for (const { offset, bytes } of this.#writer.headerPatches(now)) this.#file.patch(offset, bytes);
    this.#file.close();
  }

  #writeEstimates(node: NodeIndex, count: number, bytesEach: number): void {
    const stack = this.#estimateStack(node);
    for (let i = 0; i < count; i++) {
      this.#writer.allocation(MAIN_THREAD, ESTIMATE_ADDRESS, this.#whole(bytesEach), stack);
      this.#writer.free(MAIN_THREAD, ESTIMATE_ADDRESS);
    }
  }

  /** Whole bytes, with the rounding error carried to the next, so that totals agree. */
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
    const file = frame.file || '(native)';
    const parent = this.#stack(this.#ledger.tree.parent(node));
    const stack = this.#writer.stack(parent, this.#writer.frame(frame.functionName, file, frame.line));
    this.#stacks[node] = stack;
    return stack;
  }

  #estimateStack(node: NodeIndex): StackHandle {
    const known = this.#estimateStacks[node];
    if (known !== undefined) return known;
    const leaf = this.#writer.frame(ESTIMATED_FRAME, '(heapray)', 0);
    const stack = this.#writer.stack(this.#stack(node), leaf);
    this.#estimateStacks[node] = stack;
    return stack;
  }
}
