import { setTimeout as delay } from 'node:timers/promises';
import { HttpError } from '@heapray/exporter/http';
import type { CaptureAmounts } from '@heapray/exporter/memray';
import type { CaptureRun } from '../follow/capture-run.js';
import type { DefaultColumn } from './capture-profile.js';
import type { ComponentJob, ProfileForm, ProfileJob } from './profile-job.js';
import { ProfileQueue } from './profile-queue.js';
import { makeProfileOnThread } from './profile-thread.js';

/** A request for a profile. */
export interface WantedProfile {
  readonly component: string;
  readonly defaultColumn: DefaultColumn;
  /** Length of the time to cover from now, in seconds; undefined unless requested. */
  readonly seconds: number | undefined;
  readonly form: ProfileForm;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
}

/** A request for the present profiles of two components. */
export interface WantedComparison {
  readonly component: string;
  readonly other: string;
  readonly form: Extract<ProfileForm, 'page' | 'page.gz'>;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
}

/** Maximum number of differences in work at once: each keeps its first amounts until its time is over. */
const MAX_DIFFERENCES = 16;
/** Value of `Retry-After` when there are too many, in seconds. */
const NO_ROOM_SECONDS = 10;

/** Makes profiles of watched captures on a separate thread, so that other work does not wait for them. */
export class WatchProfiles {
  /** Returns the newest runs of a component: of a process and of the processes it forked. */
  readonly #runsOf: (component: string) => readonly CaptureRun[];
  readonly #queue: ProfileQueue = new ProfileQueue();
  #differences = 0;
  /** First amounts of the differences in work, by state of the captures. Differences from the same state share them. */
  readonly #amounts: Map<string, WeakRef<ReadonlyMap<string, CaptureAmounts>>> = new Map();

  constructor(runsOf: (component: string) => readonly CaptureRun[]) {
    this.#runsOf = runsOf;
  }

  /** Number of profiles that were made or abandoned. */
  get made(): number {
    return this.#queue.made;
  }

  /** True if a profile is being made or waits. */
  get isBusy(): boolean {
    return this.#queue.pending > 0;
  }

  /**
   * Resolves to an encoded profile. It is the same for all requests until more data is read.
   *
   * @throws HttpError (rejects) 404 without a capture, 503 when too many wait, 500 when it cannot be made
   */
  async profile(wanted: WantedProfile): Promise<Uint8Array> {
    const { component, defaultColumn, seconds, form, signal } = wanted;
    if (seconds !== undefined) return this.#difference(wanted, seconds);
    const key = JSON.stringify([form, defaultColumn, this.#readingOf(component)]);
    return this.#make(key, signal, () => ({ ...this.#job(component, defaultColumn), form }));
  }

  /**
   * Resolves to the profiles of two components, encoded together.
   *
   * @throws HttpError (rejects) as {@link profile} does
   */
  async comparison({ component, other, form, signal }: WantedComparison): Promise<Uint8Array> {
    const key = JSON.stringify([form, this.#readingOf(component), this.#readingOf(other)]);
    return this.#make(key, signal, () => {
      return { ...this.#job(component, 'inuse_space'), form, other: this.#job(other, 'inuse_space') };
    });
  }

  #make(key: string, signal: AbortSignal, jobOf: () => ProfileJob): Promise<Uint8Array> {
    return this.#queue.get(key, signal, (gone) => makeProfileOnThread(jobOf(), gone));
  }

  async #difference(wanted: WantedProfile, seconds: number): Promise<Uint8Array> {
    if (this.#differences >= MAX_DIFFERENCES) {
      throw new HttpError(503, `seconds: ${MAX_DIFFERENCES} requests wait already`, NO_ROOM_SECONDS);
    }
    this.#differences += 1;
    try {
      return await this.#change(wanted, seconds);
    } finally {
      this.#differences -= 1;
    }
  }

  async #change(wanted: WantedProfile, seconds: number): Promise<Uint8Array> {
    const { component, defaultColumn, form, signal } = wanted;
    const first = this.#readingOf(component);
    const before = this.#amountsOf(component, first);
    await delay(seconds * 1000, undefined, { signal });
    const key = JSON.stringify([form, defaultColumn, first, this.#readingOf(component)]);
    return this.#make(key, signal, () => ({ ...this.#job(component, defaultColumn, before), form }));
  }

  /** Returns a key for the current state of a component's captures. */
  #readingOf(component: string): string {
    const runs = this.#known(component).map(({ id, capture }) => `${id}:${capture.offset}`);
    return JSON.stringify([component, ...runs]);
  }

  #amountsOf(component: string, reading: string): ReadonlyMap<string, CaptureAmounts> {
    const shared = this.#amounts.get(reading)?.deref();
    if (shared !== undefined) return shared;
    const amounts = new Map(this.#known(component).map((run) => [runKey(run), run.capture.amountsNow()]));
    for (const [key, kept] of this.#amounts) if (kept.deref() === undefined) this.#amounts.delete(key);
    this.#amounts.set(reading, new WeakRef(amounts));
    return amounts;
  }

  #job(
    component: string,
    defaultColumn: DefaultColumn,
    before?: ReadonlyMap<string, CaptureAmounts>,
  ): ComponentJob {
    const captures = this.#known(component).map((run) => {
      return { snapshot: run.capture.snapshot(), before: before?.get(runKey(run)) };
    });
    return { component, defaultColumn, captures, isChange: before !== undefined };
  }

  #known(component: string): readonly CaptureRun[] {
    const runs = this.#runsOf(component);
    if (runs.length === 0) throw new HttpError(404, `component: ${component} has no capture any more`);
    return runs;
  }
}

/** Returns a key that is equal for the growing and the compressed capture of a run: both number their sites alike. */
function runKey({ capture: { header } }: CaptureRun): string {
  return `${header?.pid} ${header?.startTimeMillis}`;
}
