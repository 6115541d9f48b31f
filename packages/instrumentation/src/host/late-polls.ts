import type { AgentView } from '../agent/messages.js';
import { MAX_KEPT_POLLS } from '../agent/self-account.js';

/**
 * The durations of polls in views that came when nobody waited for them any more, as after the main thread was busy. The
 * profiler thread tells each once, so they go with the next view.
 */
export class LatePolls {
  #millis: number[] = [];
  #dropped = 0;

  /** Takes a view that came too late. */
  add({ profiler }: AgentView): void {
    const kept = profiler.pollMillis.slice(0, MAX_KEPT_POLLS - this.#millis.length);
    this.#millis = this.#millis.concat(kept);
    this.#dropped += profiler.pollMillis.length - kept.length;
  }

  /** A view that came in time, with what came too late before it. */
  with(view: AgentView): AgentView {
    const { profiler } = view;
    const pollMillis = [...this.#millis, ...profiler.pollMillis];
    this.#millis = [];
    const dropped = this.#dropped + (profiler.drops.poll_duration ?? 0);
    const drops = dropped > 0 ? { ...profiler.drops, poll_duration: dropped } : profiler.drops;
    return { ...view, profiler: { ...profiler, pollMillis, drops } };
  }
}
