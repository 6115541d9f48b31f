import type { ExportClock } from './export-clock.js';
import { type DropCounter, type ExportResult, failure, SUCCESS } from './profile-exporter.js';

/** A body to send. */
export interface QueuedBody {
  readonly body: Uint8Array;
  /** Number of profiles in it, for the counts of drops. */
  readonly profiles: number;
}

/** End of an attempt to send a body. `later` leaves it in the queue. */
export type Delivery =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'rejected' | 'failed' | 'later'; readonly reason: string };

export interface SendQueueOptions {
  /** Maximum size of all bodies together, in bytes. */
  readonly maxBytes: number;
  /** Maximum age of a body, in ms. */
  readonly maxAgeMillis: number;
  /** Time after which a drain starts no further body, in ms. */
  readonly drainMillis: number;
  readonly clock: ExportClock;
  readonly drops: DropCounter;
  /** Sends a body. Must not reject. */
  readonly send: (body: QueuedBody) => Promise<Delivery>;
}

interface Entry extends QueuedBody {
  /** Steady time. */
  readonly at: number;
}

/**
 * Returns the bytes in a buffer of their own. The results of zlib are parts of buffers of 64 KiB that Node shares out, and each
 * could keep a whole one in memory.
 */
function ofExactSize(body: Uint8Array): Uint8Array {
  return body.length === body.buffer.byteLength ? body : new Uint8Array(body);
}

/**
 * Bodies that wait for a receiver, oldest first. Drops the oldest if the queue is full or it is too old.
 * Each drop is counted.
 */
export class SendQueue {
  readonly #options: SendQueueOptions;
  #entries: Entry[] = [];
  #bytes = 0;
  #draining: Promise<ExportResult> | undefined;

  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  /** Size of all bodies that wait or are being sent, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True while bodies are sent. */
  get isDraining(): boolean {
    return this.#draining !== undefined;
  }

  /** Adds a body. Returns false if it alone is too large. */
  add({ body, profiles }: QueuedBody): boolean {
    const { maxBytes, clock, drops } = this.#options;
    if (body.length > maxBytes) {
      drops.add('queue_full', profiles);
      return false;
    }
    this.#entries.push({ body: ofExactSize(body), profiles, at: clock.steady() });
    this.#bytes += body.length;
    while (this.#bytes > maxBytes) drops.add('queue_full', this.#removeOldest());
    return true;
  }

  /** Sends what waits, oldest first, until the receiver cannot take more. Never rejects. */
  drain(): Promise<ExportResult> {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  /** Drops all that waits. */
  clear(): void {
    while (this.#entries.length > 0) this.#options.drops.add('failed', this.#removeOldest());
  }

  async #drain(): Promise<ExportResult> {
    const { clock, drops, drainMillis, maxAgeMillis, send } = this.#options;
    const until = clock.steady() + drainMillis;
    let result = SUCCESS;
    for (let entry = this.#entries[0]; entry !== undefined; entry = this.#entries[0]) {
      if (clock.steady() - entry.at > maxAgeMillis) {
        drops.add('too_old', this.#removeOldest());
        continue;
      }
      if (clock.steady() >= until) {
        return failure(`${this.#entries.length} exports wait for the next interval: the receiver is slow`);
      }
      const delivery = await send(entry);
      if (delivery.kind === 'later') {
        return failure(`${delivery.reason}; ${this.#entries.length} exports wait for the next interval`);
      }
      // A full queue may have dropped the body while it was being sent. Then it is counted already.
      if (this.#entries[0] === entry) {
        this.#removeOldest();
        if (delivery.kind !== 'delivered') drops.add(delivery.kind, entry.profiles);
      }
      if (delivery.kind !== 'delivered') result = failure(delivery.reason);
    }
    return result;
  }

  /** Returns its number of profiles. */
  #removeOldest(): number {
    const oldest = this.#entries.shift()!;
    this.#bytes -= oldest.body.length;
    return oldest.profiles;
  }
}
