import {
  CaptureCompression,
  type CaptureError,
  CaptureFile,
  type CaptureFileOptions,
  type KnownCapture,
} from '@heapray/exporter/sinks';
import type { Ledger, LedgerListener, NodeIndex } from '../ledger/index.js';
import { RecordFeed, type RecordFeedOptions } from './record-feed.js';
import { WholeRun } from './whole-run.js';

export interface ComponentCaptureOptions extends RecordFeedOptions {
  readonly component: string;
  /** The folder the capture goes to. */
  readonly home: string;
  readonly maxCaptureBytes: number;
  readonly maxCaptures: number;
  /** Whether a capture of that size goes on summed up, and not in another file. */
  readonly aggregateOverflow?: boolean;
  /** Handed each file that is finished, as what would compress it. */
  readonly onFinished?: ((compression: () => CaptureCompression) => void) | undefined;
  /** Told of each old capture that `maxCaptures` has no place for and that could not be deleted. */
  readonly onNotPruned?: ((problem: CaptureError) => void) | undefined;
}

/** A component's name as a file name: a service may be called anything. */
function fileName(component: string): string {
  return component.replace(/[^A-Za-z0-9_.-]/g, '_').replace(/^\./, '_');
}

/** What the writer adds when it finishes: a memory record, a free and the trailer, generously. */
const FINISH_BYTES = 64;

/**
 * Writes what the ledger sees to `<home>/<component>_memory.bin` while it happens.
 *
 * Only what is allocated after the capture began is in it, as with memray. Each sample stands for the bytes
 * that V8 estimates for it. Everything is flushed after each memory record, in whole records, so that a
 * killed process leaves a capture that memray opens. When the capture has reached its size limit it is
 * closed properly and rotated away. Then a new one begins that starts with what is still alive; or the run goes on as
 * an aggregated capture, of all of it.
 *
 * @throws CaptureError from the constructor, `flush` and `finish` when the file system refuses
 */
export class ComponentCapture implements LedgerListener {
  readonly #ledger: Ledger;
  readonly #options: ComponentCaptureOptions;
  /** Ids that were there before the capture began. */
  readonly #before: Set<number>;
  readonly #feed: RecordFeed;
  readonly #run: WholeRun | undefined;
  #file: CaptureFile;
  #aggregated = false;

  constructor(ledger: Ledger, options: ComponentCaptureOptions) {
    this.#ledger = ledger;
    this.#options = options;
    this.#before = new Set();
    ledger.forEachLive((id) => this.#before.add(id));
    this.#feed = new RecordFeed(ledger, options);
    this.#run = options.aggregateOverflow ? new WholeRun(options.format) : undefined;
    this.#file = CaptureFile.open(this.#fileOptions);
    ledger.addListener(this);
    try {
      this.#begin();
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  get path(): string {
    return this.#file.path;
  }

  allocated(id: number, node: NodeIndex, bytes: number): void {
    this.#feed.allocated(id, node, bytes);
  }

  freed(id: number): void {
    if (!this.#before.delete(id)) this.#feed.freed(id);
  }

  estimated(node: NodeIndex, samples: number, bytes: number): void {
    this.#feed.estimated(node, samples, bytes);
  }

  /** Adds a memory record and writes everything out; call after each reading. */
  flush(): void {
    this.#feed.memoryRecord();
    this.#writeOut();
    if (this.#aggregated) return this.#run?.writeNowAndThen();
    if (this.#feed.bytes + FINISH_BYTES < this.#options.maxCaptureBytes) return;
    if (this.#run) this.#sumUp(this.#run);
    else this.#rotate();
  }

  /** Ends the capture with what is known. The ledger must have settled before. */
  finish(): void {
    this.#ledger.removeListener(this);
    this.#feed.finish();
    this.#writeOut();
    if (this.#aggregated) this.#finished(this.#run?.write());
    else this.#closeFile();
  }

  /** Gives up after an error; what was flushed stays. Never throws. */
  abandon(): void {
    this.#ledger.removeListener(this);
    this.#file.abandon();
    this.#run?.abandon();
  }

  /** Only a file that something could be written to takes the place of an older one. */
  #begin(): void {
    this.#feed.memoryRecord();
    this.#writeOut();
    this.#notPruned(this.#file.prune());
  }

  /** Begins the next capture with everything that is alive, so that leaks stay whole. */
  #rotate(): void {
    this.#feed.end();
    this.#writeOut();
    this.#closeFile();
    this.#file = CaptureFile.open(this.#fileOptions);
    this.#feed.restart();
    this.#ledger.forEachLive((id, node, bytes) => {
      if (!this.#before.has(id)) this.allocated(id, node, bytes);
    });
    this.#begin();
  }

  /** Nothing is begun anew: the run goes on, but only its sums are written from here on. */
  #sumUp(run: WholeRun): void {
    const trailer = this.#feed.checkpoint();
    this.#writeOut();
    this.#file.append(trailer);
    this.#closeFile();
    this.#aggregated = true;
    this.#notPruned(run.open(this.#fileOptions));
  }

  get #fileOptions(): CaptureFileOptions {
    const { home, component, maxCaptures } = this.#options;
    return { folder: home, component: fileName(component), maxCaptures };
  }

  #writeOut(): void {
    const bytes = this.#feed.take();
    this.#run?.push(bytes);
    if (this.#aggregated) return;
    this.#file.append(bytes);
    this.#updateHeader();
  }

  /** So that a capture that a kill ends says how long it was and how much is in it. */
  #updateHeader(): void {
    try {
      for (const { offset, bytes } of this.#feed.headerPatches()) this.#file.patch(offset, bytes);
    } catch {
      // The records are what counts: a disk that does not take them either says so at the next flush, or at the end.
    }
  }

  #closeFile(): void {
    for (const { offset, bytes } of this.#feed.headerPatches()) this.#file.patch(offset, bytes);
    this.#file.close();
    this.#finished(this.#file.known);
  }

  #notPruned(problems: readonly CaptureError[]): void {
    for (const problem of problems) this.#options.onNotPruned?.(problem);
  }

  #finished(capture: KnownCapture | undefined): void {
    if (capture !== undefined) this.#options.onFinished?.(() => CaptureCompression.of(capture));
  }
}
