import type { NodeIndex } from '../ledger/index.js';
import type { HeapEvent } from './heap-event.js';

const FIRST_MILLIS = 1_000;
const MAX_MILLIS = 60_000;
/**
 * Time to wait for room, in ms. The live samples include garbage: they may fit into a file after a
 * collection.
 */
const ROOM_MILLIS = 20_000;

/**
 * Manages the time in which a capture has no file: schedules retries and sums up the events meanwhile, so
 * that only their times are lost.
 */
export class CapturePause {
  readonly #alive = new Map<number, { readonly node: NodeIndex; readonly bytes: number }>();
  readonly #gone = new Map<NodeIndex, { samples: number; bytes: number }>();
  #millis = 0;
  #until = 0;
  #wantsRoomSince: number | undefined;

  /**
   * Begins or continues a pause. The first retry is after 1 s, later ones after doubled times, up to a
   * minute.
   *
   * @param workedSince when the last file was begun; after more than a minute of work the first pause is
   *   short again
   */
  begin(nowMillis: number, workedSince: number | undefined): void {
    const workedLong = workedSince !== undefined && nowMillis - workedSince > MAX_MILLIS;
    this.#millis = this.#millis === 0 || workedLong ? FIRST_MILLIS : Math.min(MAX_MILLIS, 2 * this.#millis);
    this.#until = nowMillis + this.#millis;
  }

  /**
   * Sets the next retry to now, and returns true while there is time to wait for the live samples to fit into
   * a file.
   */
  waitsForRoom(nowMillis: number): boolean {
    this.#wantsRoomSince ??= nowMillis;
    this.#until = nowMillis;
    return nowMillis - this.#wantsRoomSince < ROOM_MILLIS;
  }

  isOver(nowMillis: number): boolean {
    return nowMillis >= this.#until;
  }

  /** Adds up events that no file receives. */
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

  /**
   * Ends the pause and returns what was born and died in it. The next file begins with what is still alive.
   */
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
