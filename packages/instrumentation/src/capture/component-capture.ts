import { CaptureCompression, CaptureFile } from '@heapray/exporter/sinks';
import type { Ledger, LedgerListener, NodeIndex } from '../ledger/index.js';
import { RecordFeed, type RecordFeedOptions } from './record-feed.js';

export interface ComponentCaptureOptions extends RecordFeedOptions {
  readonly component: string;
  /** The folder the capture goes to. */
  readonly home: string;
  readonly maxCaptureBytes: number;
  readonly maxCaptures: number;
  /** Handed each file that is finished, before anything else takes its name, as what would compress it. */
  readonly onFinished?: ((compression: () => CaptureCompression) => void) | undefined;
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
 * closed properly, rotated away, and a new one begins that starts with what is still alive.
 *
 * @throws CaptureError from every method when the file system refuses
 */
export class ComponentCapture implements LedgerListener {
  readonly #ledger: Ledger;
  readonly #options: ComponentCaptureOptions;
  /** Ids that were there before the capture began. */
  readonly #before: Set<number>;
  readonly #feed: RecordFeed;
  #file: CaptureFile;

  constructor(ledger: Ledger, options: ComponentCaptureOptions) {
    this.#ledger = ledger;
    this.#options = options;
    this.#before = new Set();
    ledger.forEachLive((id) => this.#before.add(id));
    this.#file = this.#openFile();
    this.#feed = new RecordFeed(ledger, options);
    this.flush();
    ledger.addListener(this);
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
    this.#file.append(this.#feed.take());
    if (this.#feed.bytes + FINISH_BYTES < this.#options.maxCaptureBytes) return;
    this.#feed.end();
    this.#finishFile();
    this.#continue();
  }

  /** Ends the capture with what is known. The ledger must have settled before. */
  finish(): void {
    this.#ledger.removeListener(this);
    this.#feed.finish();
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
    this.#feed.restart();
    this.#ledger.forEachLive((id, node, bytes) => {
      if (!this.#before.has(id)) this.allocated(id, node, bytes);
    });
    this.#feed.memoryRecord();
    this.#file.append(this.#feed.take());
  }

  #openFile(): CaptureFile {
    const { home, component, maxCaptures } = this.#options;
    return CaptureFile.open({ folder: home, component: fileName(component), maxCaptures });
  }

  #finishFile(): void {
    this.#file.append(this.#feed.take());
    for (const { offset, bytes } of this.#feed.headerPatches()) this.#file.patch(offset, bytes);
    this.#file.close();
    const { path } = this.#file;
    this.#options.onFinished?.(() => CaptureCompression.of(path));
  }
}
