import type { CaptureError, ProfileContents } from '@heapray/exporter/sinks';
import type { NearLimit } from '../../protocol/messages.js';
import { byteText, durationText } from '../leaks/leak-message.js';
import { sleep } from '../sleep.js';
import type { ProfilerStats } from '../stats/profiler-stats.js';
import type { HeapUse } from './heap-use.js';
import { type LimitUse, NEAR_SHARE, nearestUse, shareOf } from './limit-use.js';
import { LookSchedule } from './look-schedule.js';
import { WriteRhythm } from './write-rhythm.js';

export interface LimitGuardDeps {
  readonly heap: Pick<HeapUse, 'read' | 'unansweredMillis'>;
  /** Reads the memory of the control group; undefined where it has no limit. */
  readonly cgroup: () => LimitUse | undefined;
  readonly pollNow: () => Promise<void>;
  readonly stats: Pick<ProfilerStats, 'workMillis' | 'drop'>;
  /** Loads what is needed to make a profile. */
  readonly prepare: () => Promise<unknown>;
  /** Makes a profile whose text begins with these lines. */
  readonly make: (heading: readonly string[]) => Promise<ProfileContents>;
  /** Describes the process and its resident memory. */
  readonly describe: () => readonly string[];
  /** Files of the profile; undefined if none is wanted. */
  readonly files: ProfileTarget | undefined;
  /** Called when a limit has been near for half a second, after the first profile was written. */
  readonly onNear: (near: NearLimit) => void;
  readonly log: (level: 'warn' | 'error', text: string) => void;
}

/** The part of `ProfileFiles` that is used here. */
export interface ProfileTarget {
  replace(contents: ProfileContents): string;
  prune(): readonly CaptureError[];
}

/** Longest wait for a poll, in ms; a main thread inside native code cannot answer. */
const POLL_MILLIS = 500;
/** Time near a limit after which it is announced, in ms: garbage may be collected before. */
const ANNOUNCE_MILLIS = 500;
/** Time before a limit is announced again, in ms. */
const QUIET_MILLIS = 10 * 60_000;
/** Time over which growth is reported, and gap between two looks kept for it, in ms. */
const TREND_MILLIS = 60_000;
const TREND_GAP_MILLIS = 1_000;
const NAMES = { heap: "V8's heap", cgroup: "the control group's memory" } as const;

interface Trend {
  readonly atMillis: number;
  readonly uses: readonly LimitUse[];
}

/**
 * Watches how near the process is to its memory limits, and keeps a fresh profile on disk while one is near. A process
 * that dies of out of memory runs no code at its end, so the profile must be there before.
 */
export class LimitGuard {
  readonly #deps: LimitGuardDeps;
  readonly #schedule = new LookSchedule();
  readonly #rhythm = new WriteRhythm();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #trend: Trend[] = [];
  /** When the present stay near a limit began; undefined while all are far. */
  #nearSince: number | undefined;
  #announcedAt = Number.NEGATIVE_INFINITY;
  #poll: Promise<void> | undefined;
  #hasWritten = false;
  /** Reason of the last failure, which is logged once. */
  #failure: string | undefined;
  #path: string | undefined;

  constructor(deps: LimitGuardDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#plan(0);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #plan(millis: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#look().then(
        (gapMillis) => this.#plan(gapMillis),
        (error: Error) => this.#failed(error),
      );
    }, millis);
    this.#timer.unref();
  }

  /** Ends after an error of its own: the guard must not disturb what it guards. */
  #failed(error: Error): void {
    this.stop();
    this.#deps.stats.drop('limit_guard');
    this.#deps.log('error', `memory limits are not watched any more: ${error.message}`);
  }

  /** Looks at all limits. Returns the time until the next look, in ms. */
  async #look(): Promise<number> {
    const heap = await this.#deps.heap.read();
    const group = this.#deps.cgroup();
    const uses = group ? [heap, group] : [heap];
    const atMillis = performance.now();
    this.#note({ atMillis, uses });
    if (this.#schedule.shouldPrepare(uses)) await this.#deps.prepare();
    this.#schedule.observe(uses);
    const nearest = nearestUse(uses);
    if (nearest) this.#rhythm.observe(shareOf(nearest), atMillis);
    if (this.#schedule.isNear && nearest) await this.#nearLimit(nearest, uses);
    else this.#nearSince = undefined;
    return this.#schedule.gapMillis(uses);
  }

  async #nearLimit(nearest: LimitUse, uses: readonly LimitUse[]): Promise<void> {
    const share = shareOf(nearest);
    const atMillis = performance.now();
    if (this.#deps.files && this.#rhythm.isDue(share, atMillis)) await this.#write(this.#deps.files, uses);
    // Committed memory may be garbage of the young generation: announce only what is used.
    if (nearest.usedBytes < NEAR_SHARE * nearest.limitBytes) this.#nearSince = undefined;
    else this.#nearSince ??= atMillis;
    if (atMillis - (this.#nearSince ?? atMillis) < ANNOUNCE_MILLIS) return;
    if (atMillis - this.#announcedAt < QUIET_MILLIS) return;
    this.#announcedAt = atMillis;
    this.#announce(nearest);
  }

  async #write(files: ProfileTarget, uses: readonly LimitUse[]): Promise<void> {
    const { stats, make } = this.#deps;
    const before = stats.workMillis();
    try {
      const isFresh = await this.#pollInTime();
      if (this.#isStopped) return;
      this.#path = files.replace(await make(this.#heading(uses, isFresh)));
      this.#failure = undefined;
      if (!this.#hasWritten) this.#prune(files);
      this.#hasWritten = true;
    } catch (error) {
      this.#path = undefined;
      this.#notWritten(error as CaptureError);
    }
    this.#rhythm.wrote(performance.now(), stats.workMillis() - before);
  }

  /** Polls. Returns false if the main thread has not answered in time; its answer is not asked for again. */
  async #pollInTime(): Promise<boolean> {
    this.#poll ??= this.#deps
      .pollNow()
      .catch(() => {})
      .finally(() => {
        this.#poll = undefined;
      });
    return Promise.race([this.#poll.then(() => true), sleep(POLL_MILLIS).then(() => false)]);
  }

  #prune(files: ProfileTarget): void {
    for (const { message } of files.prune()) {
      this.#deps.stats.drop('not_pruned');
      this.#deps.log('warn', `${message}; more profiles may be kept than maxCaptures`);
    }
  }

  #notWritten(error: CaptureError): void {
    const { stats, log } = this.#deps;
    stats.drop('limit_profile');
    const { message, code = message } = error;
    if (this.#failure === code) return;
    this.#failure = code;
    log(
      'error',
      `no profile is kept near the memory limit: ${message}; HEAPRAY_HOME names the folder, HEAPRAY_OOM_PROFILE=off ends this`,
    );
  }

  #announce(nearest: LimitUse): void {
    const { kind, usedBytes, limitBytes } = nearest;
    const message = useText(nearest);
    const where = this.#path === undefined ? '' : `; a profile is kept in ${this.#path}`;
    this.#deps.log('warn', `memory limit near: ${message}${where}`);
    this.#deps.onNear({ kind, usedBytes, limitBytes, profile: this.#path, message });
  }

  #heading(uses: readonly LimitUse[], isFresh: boolean): readonly string[] {
    const unanswered = this.#deps.heap.unansweredMillis;
    const stale =
      isFresh && unanswered < POLL_MILLIS
        ? []
        : [
            `the main thread has not answered for ${durationText(unanswered / 1000)}: call sites are that old`,
          ];
    return [
      'heapray: the process is near a memory limit',
      ...this.#deps.describe(),
      ...uses.map((use) => `${useText(use)}${this.#growthText(use)}`),
      ...stale,
    ];
  }

  #growthText({ kind, usedBytes }: LimitUse): string {
    const first = this.#trend[0];
    const before = first?.uses.find((use) => use.kind === kind)?.usedBytes;
    if (first === undefined || before === undefined || usedBytes <= before) return '';
    const seconds = (performance.now() - first.atMillis) / 1000;
    return seconds < 1 ? '' : `, ${byteText(usedBytes - before)} more than ${durationText(seconds)} ago`;
  }

  #note(look: Trend): void {
    const last = this.#trend.at(-1);
    if (last && look.atMillis - last.atMillis < TREND_GAP_MILLIS) return;
    this.#trend.push(look);
    this.#trend = this.#trend.filter(({ atMillis }) => look.atMillis - atMillis <= TREND_MILLIS);
  }
}

/** Describes the use of a limit, e.g. "V8's heap is at 83 % of its limit (53 MiB with new objects of 64 MiB)". */
export function useText(use: LimitUse): string {
  const { kind, usedBytes, limitBytes, committedBytes } = use;
  const percent = Math.min(100, Math.floor((100 * usedBytes) / limitBytes));
  // Objects of the young generation are used memory, but do not count against the limit of the old one.
  const used = `${byteText(usedBytes)}${kind === 'heap' ? ' with new objects' : ''} of ${byteText(limitBytes)}`;
  const committed = committedBytes === undefined ? '' : `; ${byteText(committedBytes)} committed`;
  return `${NAMES[kind]} is at ${percent} % of its limit (${used}${committed})`;
}
