/** `process.threadCpuUsage` exists from Node 23.9 and 22.19 on. */
interface ThreadCpuUsage {
  threadCpuUsage?(): { readonly user: number; readonly system: number };
}

/** What the profiler did and what it cost. */
export class SelfAccount {
  polls = 0;
  readonly drops: Record<string, number> = {};
  readonly lostSampler: Record<string, number> = {};
  #pollMillis: number[] = [];
  #pausedMillis = 0;

  addPoll(millis: number): void {
    this.polls++;
    this.#pausedMillis += millis;
    // Nobody may be reading: keep no more than a scrape interval's worth.
    if (this.#pollMillis.length < MAX_KEPT_POLLS) this.#pollMillis.push(millis);
    else this.drop('poll_duration');
  }

  /** The main thread was kept from its work by something other than a poll, ms. */
  addPause(millis: number): void {
    this.#pausedMillis += millis;
  }

  takePollMillis(): readonly number[] {
    const taken = this.#pollMillis;
    this.#pollMillis = [];
    return taken;
  }

  drop(reason: string, count = 1): void {
    if (count > 0) this.drops[reason] = (this.drops[reason] ?? 0) + count;
  }

  lose(reason: string): void {
    this.lostSampler[reason] = (this.lostSampler[reason] ?? 0) + 1;
  }

  /** CPU time so far in ms: this thread's, and the main thread's for answering polls and the like. */
  cpuMillis(): number {
    return threadCpuMillis() + this.#pausedMillis;
  }
}

/** The durations of so many polls wait for a reader. */
export const MAX_KEPT_POLLS = 10_000;

function threadCpuMillis(): number {
  const usage = (process as ThreadCpuUsage).threadCpuUsage?.();
  if (usage) return (usage.user + usage.system) / 1000;
  return performance.eventLoopUtilization().active;
}
