import type { CaptureError, ProfileContents } from '@heapray/exporter/sinks';
import type { ProfilerStats } from '../stats/profiler-stats.js';

/** An event that can have a profile written, see the option `captureOn`. */
export type CaptureEvent = 'leak' | 'limit';

export interface EventProfilesDeps {
  /** Events that have a profile written. */
  readonly events: readonly CaptureEvent[];
  readonly make: (heading: readonly string[]) => Promise<ProfileContents>;
  readonly describe: () => readonly string[];
  readonly filesOf: (event: CaptureEvent) => {
    add(contents: ProfileContents): string;
    prune(): readonly CaptureError[];
  };
  readonly stats: Pick<ProfilerStats, 'drop'>;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

/** Least time between two profiles of the same event, in ms. */
const GAP_MILLIS = 10 * 60_000;

/** Writes a profile when a leak is suspected or a limit has come near: one in ten minutes for each of both. */
export class EventProfiles {
  readonly #deps: EventProfilesDeps;
  readonly #writtenAt = new Map<CaptureEvent, number>();

  constructor(deps: EventProfilesDeps) {
    this.#deps = deps;
  }

  /** Writes a profile for an event, if that is wanted and the last one is long enough ago. Never rejects. */
  async happened(event: CaptureEvent, what: string): Promise<void> {
    const { events, make, describe, filesOf, log } = this.#deps;
    const now = performance.now();
    if (!events.includes(event)) return;
    if (now - (this.#writtenAt.get(event) ?? Number.NEGATIVE_INFINITY) < GAP_MILLIS) return;
    this.#writtenAt.set(event, now);
    try {
      const files = filesOf(event);
      const path = files.add(await make([`heapray: ${what}`, ...describe()]));
      log('info', `profile written to ${path}: ${what}`);
      for (const problem of files.prune()) this.#failed('not_pruned', problem);
    } catch (error) {
      this.#failed('event_profile', error as Error);
    }
  }

  #failed(reason: string, { message }: Error): void {
    this.#deps.stats.drop(reason);
    this.#deps.log(
      'error',
      `a profile that HEAPRAY_CAPTURE_ON asks for is missing or not tidied up: ${message}`,
    );
  }
}
