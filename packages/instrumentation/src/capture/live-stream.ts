import type { Ledger, LedgerListener, NodeIndex } from '../ledger/index.js';
import { RecordFeed, type RecordFeedOptions } from './record-feed.js';

/** Where the bytes of a live stream go. */
export interface ByteSink {
  /** Bytes that were written and have not gone out yet. */
  readonly pendingBytes: number;
  write(bytes: Uint8Array): void;
}

export interface LiveStreamOptions extends RecordFeedOptions {
  /** Bytes that may wait for the viewer; what is beyond is no more than one record with its stack, and the end. */
  readonly maxPendingBytes: number;
  /** Told how many events the viewer will never see: each allocation, free or estimated half of such a pair. */
  readonly onDropped: (events: number) => void;
}

/**
 * The ledger's events as a capture for one viewer: first everything that is alive, then what happens.
 *
 * A viewer that does not keep up is never waited for. Beyond the bound nothing is written, and what would have
 * been is remembered by what it did to the heap: allocations still alive and frees of what the viewer
 * believes alive are written later, when there is room, so that the viewer's heap becomes right again. What was
 * born and died meanwhile is dropped and counted. The stream is one of whole records at every moment, and
 * nothing is freed in it that was not allocated in it.
 */
export class LiveStream implements LedgerListener {
  readonly #ledger: Ledger;
  readonly #options: LiveStreamOptions;
  readonly #sink: ByteSink;
  readonly #feed: RecordFeed;
  /** Alive, and not in the stream yet. */
  readonly #missing = new Set<number>();
  /** Alive in the stream, and gone. */
  readonly #owed = new Set<number>();
  #dropped = 0;

  constructor(ledger: Ledger, options: LiveStreamOptions, sink: ByteSink) {
    this.#ledger = ledger;
    this.#options = options;
    this.#sink = sink;
    this.#feed = new RecordFeed(ledger, options);
    ledger.forEachLive((id) => this.#missing.add(id));
    ledger.addListener(this);
    this.flush();
  }

  allocated(id: number, node: NodeIndex, bytes: number): void {
    if (this.#hasRoom()) this.#feed.allocated(id, node, bytes);
    else this.#missing.add(id);
  }

  freed(id: number): void {
    if (this.#missing.delete(id)) this.#dropped += 2;
    else if (this.#hasRoom()) this.#feed.freed(id);
    else this.#owed.add(id);
  }

  estimated(node: NodeIndex, samples: number, bytes: number): void {
    let left = samples;
    // Piece by piece: what is settled at once may be a hundred thousand samples of one stack.
    while (left > 0 && this.#hasRoom()) {
      const some = Math.min(1, left);
      this.#feed.estimated(node, some, (bytes / samples) * some);
      left -= some;
    }
    this.#dropped += 2 * left;
  }

  /** Writes out what there is room for, with a memory record; call after each reading, and when room was made. */
  flush(): void {
    this.#catchUp();
    if (this.#hasRoom()) this.#feed.memoryRecord();
    this.#send();
  }

  /** The end, trailer included. The ledger must have settled before. */
  finish(): void {
    this.#catchUp();
    this.#ledger.removeListener(this);
    this.#dropped += this.#missing.size + this.#owed.size;
    this.#dropped += 2 * this.#feed.finish(() => this.#hasRoom());
    this.#send();
  }

  /** The viewer has gone. */
  abandon(): void {
    this.#ledger.removeListener(this);
  }

  #send(): void {
    const bytes = this.#feed.take();
    if (bytes.length > 0) this.#sink.write(bytes);
    const whole = Math.floor(this.#dropped);
    if (whole === 0) return;
    this.#dropped -= whole;
    this.#options.onDropped(whole);
  }

  #hasRoom(): boolean {
    return this.#sink.pendingBytes + this.#feed.untakenBytes < this.#options.maxPendingBytes;
  }

  #catchUp(): void {
    for (const id of this.#owed) {
      if (!this.#hasRoom()) return;
      this.#feed.freed(id);
      this.#owed.delete(id);
    }
    if (this.#missing.size === 0) return;
    this.#ledger.forEachLive((id, node, bytes) => {
      if (this.#hasRoom() && this.#missing.delete(id)) this.#feed.allocated(id, node, bytes);
    });
  }
}
