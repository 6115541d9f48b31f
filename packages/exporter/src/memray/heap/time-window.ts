import type { MemrayHeader } from '../format/header.js';
import type { HeapListener } from '../model/heap-listener.js';

/** A moment of a capture, in ms: since its start, or since the Unix epoch if `isUtc`. */
export interface CaptureTime {
  readonly millis: number;
  readonly isUtc: boolean;
}

/** A part of a capture's time. Default: from its start, until its end. */
export interface CaptureWindow {
  readonly from?: CaptureTime | undefined;
  readonly until?: CaptureTime | undefined;
}

/** Error for a window that a capture does not have. The message is one line. */
export class WindowError extends Error {
  override readonly name = 'WindowError';
}

/**
 * Follows the memory records of a capture to the start and the end of a window. They are the only times in a capture.
 *
 * The window begins with the first record at or after `from`, and ends with the first one at or after `until`. Each event
 * therefore belongs to exactly one of several adjacent windows. Add it to a model before other listeners that use it.
 */
export class TimeWindow implements HeapListener {
  readonly #window: CaptureWindow;
  #from = Number.NEGATIVE_INFINITY;
  #until = Number.POSITIVE_INFINITY;
  #startMillis = 0;
  #endMillis = 0;
  #state: 'before' | 'open' | 'after' = 'before';
  #openedMillis = 0;
  #closedMillis: number | undefined;

  constructor(window: CaptureWindow) {
    this.#window = window;
  }

  /** True between the start and the end of the window. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** True after the end of the window. */
  get isOver(): boolean {
    return this.#state === 'after';
  }

  /** Times between which the window is to be, in ms since the Unix epoch; infinite where it has no limit. */
  get wanted(): { readonly fromMillis: number; readonly untilMillis: number } {
    return { fromMillis: this.#from, untilMillis: this.#until };
  }

  /** Start of the window, in ms since the Unix epoch: that of the memory record. */
  get fromMillis(): number {
    return this.#openedMillis;
  }

  /** End of the window, in ms since the Unix epoch: that of the memory record, or the end of the capture. */
  get untilMillis(): number {
    return this.#closedMillis ?? this.#endMillis;
  }

  /** True if the capture ends before the window does. */
  get isCut(): boolean {
    return this.#until !== Number.POSITIVE_INFINITY && this.#endMillis < this.#until;
  }

  /** Both ends, in words: `2.5 s to 10 s after the start of the capture`. */
  get text(): string {
    const [from, until] = [this.fromMillis, this.untilMillis].map((millis) => this.#seconds(millis));
    return `${from} to ${until} after the start of the capture`;
  }

  /** Throws WindowError for an aggregated capture, which has no times, and for a window that ends before it begins. */
  header({ fileFormat, startTimeMillis, endTimeMillis }: MemrayHeader): void {
    if (fileFormat === 'AGGREGATED_ALLOCATIONS') {
      throw new WindowError('an aggregated capture holds sums only, so it has no part of its time');
    }
    const { from, until } = this.#window;
    this.#startMillis = startTimeMillis;
    this.#endMillis = Math.max(startTimeMillis, endTimeMillis);
    if (from !== undefined) this.#from = from.millis + (from.isUtc ? 0 : startTimeMillis);
    if (until !== undefined) this.#until = until.millis + (until.isUtc ? 0 : startTimeMillis);
    if (this.#until <= startTimeMillis) {
      throw new WindowError(`the time ends at ${this.#seconds(this.#until)}, before the capture has started`);
    }
    if (this.#from >= this.#until) {
      const [start, end] = [this.#seconds(this.#from), this.#seconds(this.#until)];
      throw new WindowError(`the time begins at ${start}, which is not before its end at ${end}`);
    }
    if (this.#from <= startTimeMillis) this.#open(startTimeMillis);
  }

  memoryRecord(millis: number): void {
    if (millis > this.#endMillis) this.#endMillis = millis;
    if (this.#state === 'before' && millis >= this.#from) this.#open(millis);
    if (this.#state !== 'open' || millis < this.#until) return;
    this.#state = 'after';
    this.#closedMillis = millis;
  }

  /** Ends the capture. Throws WindowError if it has ended before the window. */
  finish(): void {
    if (this.#state !== 'before') return;
    const [from, end] = [this.#seconds(this.#from), this.#seconds(this.#endMillis)];
    throw new WindowError(`the time begins at ${from}, but the capture ends at ${end}`);
  }

  #open(millis: number): void {
    this.#state = 'open';
    this.#openedMillis = millis;
  }

  /** Returns a time since the start of the capture as text. */
  #seconds(millis: number): string {
    return `${Math.round(millis - this.#startMillis) / 1000} s`;
  }
}

/** Passes the heap events within a window to a listener, and all memory records. */
export class WithinWindow implements HeapListener {
  readonly #window: TimeWindow;
  readonly #to: HeapListener;

  constructor(window: TimeWindow, to: HeapListener) {
    this.#window = window;
    this.#to = to;
  }

  header(header: MemrayHeader): void {
    this.#to.header?.(header);
  }

  memoryRecord(millis: number, residentBytes: number): void {
    this.#to.memoryRecord?.(millis, residentBytes);
  }

  allocated(site: number, high: number, low: number, size: number): void {
    if (this.#window.isOpen) this.#to.allocated?.(site, high, low, size);
  }

  freed(thread: number, high: number, low: number): void {
    if (this.#window.isOpen) this.#to.freed?.(thread, high, low);
  }

  mapped(site: number, high: number, low: number, size: number): void {
    if (this.#window.isOpen) this.#to.mapped?.(site, high, low, size);
  }

  unmapped(thread: number, high: number, low: number, size: number): void {
    if (this.#window.isOpen) this.#to.unmapped?.(thread, high, low, size);
  }
}
