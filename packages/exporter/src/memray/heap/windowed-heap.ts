import type { MemrayLimits } from '../format/limits.js';
import type { HeapListener } from '../model/heap-listener.js';
import type { FollowedHeap } from './followed-heap.js';
import { HighWaterMark } from './high-water-mark.js';
import { SiteAmounts } from './site-amounts.js';
import { type TimeWindow, WithinWindow } from './time-window.js';

/**
 * Follows a heap in a window of the capture's time, as memray's temporal flame graphs show it. Amounts in total are of
 * what was allocated in the window, and live amounts of what of that was alive at its end. The high-water mark is that
 * of the whole heap within the window.
 */
export class WindowedHeap implements FollowedHeap {
  readonly listeners: readonly HeapListener[];
  readonly #window: TimeWindow;
  readonly #whole: HighWaterMark;
  readonly #within: HighWaterMark;
  #amounts: SiteAmounts | undefined;

  /**
   * Creates an empty heap.
   *
   * @param window must receive the capture's records before the {@link listeners}
   */
  constructor(limits: MemrayLimits, window: TimeWindow) {
    this.#window = window;
    this.#whole = new HighWaterMark(limits);
    this.#within = new HighWaterMark(limits);
    this.listeners = [new UntilItsEnd(window, this.#whole), new WithinWindow(window, this.#within)];
  }

  /** Amounts of the window so far. Computed at each access until {@link finish}. */
  get amounts(): SiteAmounts {
    return this.#amounts ?? SiteAmounts.ofWindow(this.#whole.amounts, this.#within.amounts);
  }

  /** Throws WindowError if the capture has ended before the window. */
  finish(): void {
    this.#window.finish();
    this.#amounts = this.amounts;
    this.#whole.seal();
    this.#within.seal();
  }

  cancel(): void {}
}

/** Passes the events before the end of a window to a heap. Forgets its high-water mark when the window begins. */
class UntilItsEnd implements HeapListener {
  readonly #window: TimeWindow;
  readonly #heap: HighWaterMark;
  #wasOpen = false;

  constructor(window: TimeWindow, heap: HighWaterMark) {
    this.#window = window;
    this.#heap = heap;
  }

  header(): void {
    this.#wasOpen = this.#window.isOpen;
  }

  memoryRecord(): void {
    const begins = !this.#wasOpen && (this.#window.isOpen || this.#window.isOver);
    if (begins) this.#heap.amounts.restartPeak();
    this.#wasOpen ||= begins;
  }

  allocated(site: number, high: number, low: number, size: number): void {
    if (!this.#window.isOver) this.#heap.allocated(site, high, low, size);
  }

  freed(thread: number, high: number, low: number): void {
    if (!this.#window.isOver) this.#heap.freed(thread, high, low);
  }

  mapped(site: number, high: number, low: number, size: number): void {
    if (!this.#window.isOver) this.#heap.mapped(site, high, low, size);
  }

  unmapped(thread: number, high: number, low: number, size: number): void {
    if (!this.#window.isOver) this.#heap.unmapped(thread, high, low, size);
  }
}
