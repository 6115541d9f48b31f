import { MAX_KEPT_POLLS } from '../../profiler-thread/profiler-stats.js';
import type { ProfilerSnapshot } from '../../protocol/messages.js';

/**
 * Keeps the poll durations of views that arrived too late for their reader, e.g. because the main thread was
 * busy. The profiler thread reports each duration once, so they are added to the next view.
 */
export class LatePolls {
  #millis: number[] = [];
  #dropped = 0;

  /** Keeps the durations of a view that arrived too late. */
  add({ profiler }: ProfilerSnapshot): void {
    const kept = profiler.pollMillis.slice(0, MAX_KEPT_POLLS - this.#millis.length);
    this.#millis = this.#millis.concat(kept);
    this.#dropped += profiler.pollMillis.length - kept.length;
  }

  /** Returns a view with the durations kept from late views added. */
  with(view: ProfilerSnapshot): ProfilerSnapshot {
    const { profiler } = view;
    const pollMillis = [...this.#millis, ...profiler.pollMillis];
    this.#millis = [];
    const dropped = this.#dropped + (profiler.drops.poll_duration ?? 0);
    const drops = dropped > 0 ? { ...profiler.drops, poll_duration: dropped } : profiler.drops;
    return { ...view, profiler: { ...profiler, pollMillis, drops } };
  }
}
