import type { LedgerSource, NodeIndex } from '../ledger/index.js';
import { RecordFeed, type RecordFeedOptions } from './record-feed.js';
import { type FollowedSources, type HeapListener, SourceFollower } from './source-follower.js';

/** Destination for the bytes of a live stream. */
export interface ByteSink {
  /** Number of bytes written but not sent yet. */
  readonly pendingBytes: number;
  write(bytes: Uint8Array): void;
}

export interface LiveStreamOptions extends RecordFeedOptions {
  /** Maximum pending bytes; may be exceeded by one record with its stack, and by the end of the stream. */
  readonly maxPendingBytes: number;
  /**
   * Called with the number of events that the viewer misses: allocations, frees, and halves of estimated
   * pairs.
   */
  readonly onDropped: (events: number) => void;
}

/**
 * Streams the events of all ledgers to one viewer as a capture: first everything that is alive, then what happens.
 *
 * Never waits for a slow viewer. Beyond the bound nothing is written, only remembered. Allocations still
 * alive, and frees of what the viewer believes alive, are written later, when there is room, so that the
 * viewer's heap becomes right again. What was born and died meanwhile is dropped and counted. At every moment
 * the stream consists of whole records, and frees only what was allocated in it.
 */
export class LiveStream implements HeapListener {
  readonly #follower: SourceFollower;
  readonly #options: LiveStreamOptions;
  readonly #sink: ByteSink;
  readonly #feed: RecordFeed;
  /** Ids of samples that are alive but not in the stream yet. */
  readonly #missing = new Set<number>();
  /** Ids of samples that are alive in the stream but already freed. */
  readonly #owed = new Set<number>();
  #dropped = 0;

  constructor(sources: FollowedSources, options: LiveStreamOptions, sink: ByteSink) {
    this.#follower = new SourceFollower(sources, this);
    this.#options = options;
    this.#sink = sink;
    this.#feed = new RecordFeed(options);
    this.#follower.forEachLive((id) => this.#missing.add(id));
    this.#follower.start();
    this.flush();
  }

  allocated(id: number, source: LedgerSource, node: NodeIndex, bytes: number): void {
    if (this.#hasRoom()) this.#feed.allocated(id, source, node, bytes);
    else this.#missing.add(id);
  }

  freed(id: number): void {
    if (this.#missing.delete(id)) this.#dropped += 2;
    else if (this.#hasRoom()) this.#feed.freed(id);
    else this.#owed.add(id);
  }

  estimated(source: LedgerSource, node: NodeIndex, samples: number, bytes: number): void {
    let left = samples;
    // Write one sample at a time: a single attribution may have a hundred thousand samples of one stack.
    while (left > 0 && this.#hasRoom()) {
      const some = Math.min(1, left);
      this.#feed.estimated(source, node, some, (bytes / samples) * some);
      left -= some;
    }
    this.#dropped += 2 * left;
  }

  ended(source: LedgerSource): void {
    this.#dropped += 2 * this.#feed.endSource(source).length;
  }

  /**
   * Writes as much as there is room for, with a memory record. Call after each poll, and when the sink has
   * drained.
   */
  flush(): void {
    this.#catchUp();
    if (this.#hasRoom()) this.#feed.memoryRecord();
    this.#send();
  }

  /** Writes the end, trailer included. Call `attribute` on the ledger before. */
  finish(): void {
    this.#catchUp();
    this.#follower.stop();
    this.#dropped += this.#missing.size + this.#owed.size;
    this.#dropped += 2 * this.#feed.finish(() => this.#hasRoom());
    this.#send();
  }

  /** Stops after the viewer has disconnected. */
  abandon(): void {
    this.#follower.stop();
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
    this.#follower.forEachLive((id, source, node, bytes) => {
      if (this.#hasRoom() && this.#missing.delete(id)) this.#feed.allocated(id, source, node, bytes);
    });
  }
}
