import { GoneSamples } from './gone-samples.js';
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
  readonly #gone = new GoneSamples();
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
      else if (event.kind === 'estimated')
        this.#gone.add(event.source, event.node, event.samples, event.bytes);
      else if (event.kind === 'freed') {
        const known = this.#alive.get(event.id);
        if (known !== undefined) this.#gone.add(known.source, known.node, 1, known.bytes);
        this.#alive.delete(event.id);
      }
    }
  }

  /**
   * Ends the pause and returns what was born and died in it. The next file begins with what is still alive.
   */
  end(): HeapEvent[] {
    const events = this.#gone.take();
    this.#alive.clear();
    this.#wantsRoomSince = undefined;
    return events;
  }
}
