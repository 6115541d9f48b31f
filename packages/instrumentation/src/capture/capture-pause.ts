import type { NodeIndex } from '../ledger/index.js';
import type { HeapEvent } from './heap-event.js';

const FIRST_MILLIS = 1_000;
const MAX_MILLIS = 60_000;
/** What is alive includes garbage: when it does not fit into a file now, it may a collection later. */
const ROOM_MILLIS = 20_000;

/**
 * The time in which a capture has no file: when to try again, and what happened meanwhile, so that nothing is lost but
 * when it happened.
 */
export class CapturePause {
  readonly #alive = new Map<number, { readonly node: NodeIndex; readonly bytes: number }>();
  readonly #gone = new Map<NodeIndex, { samples: number; bytes: number }>();
  #millis = 0;
  #until = 0;
  #wantsRoomSince: number | undefined;

  /**
   * Begins, or goes on: the next try is in a second, and later and later after that, up to a minute.
   *
   * @param workedSince when a file was begun last: after a minute of work the first pause is short again
   */
  begin(nowMillis: number, workedSince: number | undefined): void {
    const workedLong = workedSince !== undefined && nowMillis - workedSince > MAX_MILLIS;
    this.#millis = this.#millis === 0 || workedLong ? FIRST_MILLIS : Math.min(MAX_MILLIS, 2 * this.#millis);
    this.#until = nowMillis + this.#millis;
  }

  /** Whether to wait, and to try again at once, until what is alive fits into a file; only for some seconds. */
  waitsForRoom(nowMillis: number): boolean {
    this.#wantsRoomSince ??= nowMillis;
    this.#until = nowMillis;
    return nowMillis - this.#wantsRoomSince < ROOM_MILLIS;
  }

  isOver(nowMillis: number): boolean {
    return nowMillis >= this.#until;
  }

  /** Remembers what there is no file for. */
  miss(events: readonly HeapEvent[]): void {
    for (const event of events) {
      if (event.kind === 'allocated') this.#alive.set(event.id, event);
      else if (event.kind === 'estimated') this.#addGone(event.node, event.samples, event.bytes);
      else {
        const known = this.#alive.get(event.id);
        if (known !== undefined) this.#addGone(known.node, 1, known.bytes);
        this.#alive.delete(event.id);
      }
    }
  }

  /** Ends; returns what was born and died meanwhile. What lives on is in the next file from its beginning. */
  end(): HeapEvent[] {
    const events = [...this.#gone].map(([node, sum]) => ({ kind: 'estimated', node, ...sum }) as const);
    this.#alive.clear();
    this.#gone.clear();
    this.#wantsRoomSince = undefined;
    return events;
  }

  #addGone(node: NodeIndex, samples: number, bytes: number): void {
    const sum = this.#gone.get(node) ?? { samples: 0, bytes: 0 };
    sum.samples += samples;
    sum.bytes += bytes;
    this.#gone.set(node, sum);
  }
}
