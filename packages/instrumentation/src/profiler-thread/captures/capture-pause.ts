import type { LedgerSource, NodeIndex } from '../ledger/index.js';
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
  readonly #alive = new Map<number, Extract<HeapEvent, { readonly kind: 'allocated' }>>();
  readonly #gone = new Map<LedgerSource, Map<NodeIndex, { samples: number; bytes: number }>>();
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
      else if (event.kind === 'estimated') this.#addGone(event, event.samples);
      else if (event.kind === 'freed') {
        const known = this.#alive.get(event.id);
        if (known !== undefined) this.#addGone(known, 1);
        this.#alive.delete(event.id);
      }
    }
  }

  /**
   * Ends the pause and returns what was born and died in it. The next file begins with what is still alive.
   */
  end(): HeapEvent[] {
    const events = [...this.#gone].flatMap(([source, sums]) =>
      [...sums].map(([node, sum]) => ({ kind: 'estimated', source, node, ...sum }) as const),
    );
    this.#alive.clear();
    this.#gone.clear();
    this.#wantsRoomSince = undefined;
    return events;
  }

  #addGone({ source, node, bytes }: Exclude<HeapEvent, { kind: 'freed' | 'ended' }>, samples: number): void {
    const sums = this.#gone.get(source) ?? new Map<NodeIndex, { samples: number; bytes: number }>();
    this.#gone.set(source, sums);
    const sum = sums.get(node) ?? { samples: 0, bytes: 0 };
    sum.samples += samples;
    sum.bytes += bytes;
    sums.set(node, sum);
  }
}
