import { copySamples } from '../../profile/change/copy-samples.js';
import { type Profile, ProfileBuilder, totals } from '../../profile/index.js';
import { ProfileView } from './profile-view.js';

/** Columns of the profiles that are pushed. */
export const HEAP_COLUMNS: Profile['columns'] = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
];
/** Number of columns of {@link HEAP_COLUMNS} that count what was allocated. */
const ALLOC_COLUMNS = 2;
/** Longest window, in ms. The server takes nothing older. */
const MAX_WINDOW_MILLIS = 3_600_000;
/** Number of samples below which corrected call sites are not counted. */
const MIN_BASE_SAMPLES = 1000;
const NANOS_PER_MILLI = 1_000_000n;

/** The allocations that were delivered or given up, and their time. */
interface Base {
  /** With `inuse_*` of 0. */
  readonly profile: Profile;
  readonly timeNanos: bigint;
  /** Steady time in ms. */
  readonly at: number;
}

/** The profile before the present one. */
interface Previous {
  readonly profile: Profile;
  /** Steady time in ms. */
  readonly at: number;
}

/**
 * Turns cumulative profiles into those of windows: `alloc_*` since what was delivered before, `inuse_*` of this moment. A
 * window that could not be delivered becomes part of the next one, until it is an hour old.
 *
 * Values are never negative. Where an estimate is corrected downwards, later windows have less until the difference is made
 * up for, so that all windows add up to the cumulative profile.
 */
export class AllocationWindow {
  #base: Base | undefined;
  #previous: Previous | undefined;
  #pending = 0;
  /** True if the last window left out corrections downwards. */
  #isCorrected = false;

  /** Number of profiles in the window that is not delivered. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Returns the window up to this profile, and how many earlier profiles were too old to be in it.
   *
   * @param cumulative profile of {@link heapColumns}
   * @param now steady time in ms
   */
  next(cumulative: Profile, now: number): { readonly window: Profile; readonly tooOld: number } {
    const tooOld = this.#startWindow(cumulative, now);
    this.#previous = { profile: cumulative, at: now };
    this.#pending += 1;
    const difference = differenceOf(cumulative, this.#base!);
    this.#isCorrected = hasNegative(difference);
    const window = this.#isCorrected ? withoutNegatives(difference) : difference;
    return { window, tooOld };
  }

  /**
   * Ends the window. Parts of it that are not in the list join the next window.
   *
   * @param parts the parts that were delivered or refused
   * @param isWhole whether these are all
   */
  settle(parts: readonly Profile[], isWhole: boolean): void {
    const { profile: cumulative, at } = this.#previous!;
    let { profile } = this.#base!;
    if (isWhole && !this.#isCorrected) profile = allocatedOnly(cumulative);
    else if (parts.length > 0) profile = sumOf([profile, ...parts]);
    // Call sites that exist no more must not pile up.
    if (profile.sampleCount > 2 * cumulative.sampleCount + MIN_BASE_SAMPLES)
      profile = allocatedOnly(cumulative);
    if (!isWhole) {
      this.#base = { ...this.#base!, profile };
      return;
    }
    this.#base = { profile, timeNanos: cumulative.timeNanos, at };
    this.#pending = 0;
  }

  /** Decides where the window begins. Returns the number of profiles that are given up. */
  #startWindow(cumulative: Profile, now: number): number {
    const [base, previous] = [this.#base, this.#previous];
    if (base === undefined || previous === undefined || hasRestarted(cumulative, previous.profile)) {
      return this.#startAt(isYoung(cumulative) ? startOf(cumulative, now) : endOf(cumulative, now));
    }
    if (now - base.at <= MAX_WINDOW_MILLIS) return 0;
    if (now - previous.at <= MAX_WINDOW_MILLIS) return this.#startAt(endOf(previous.profile, previous.at));
    return this.#startAt(endOf(cumulative, now)) + 1;
  }

  #startAt(base: Base): number {
    const lost = this.#pending;
    this.#base = base;
    this.#pending = 0;
    return lost;
  }
}

/** Returns the base of a window that begins with the process of a profile. */
function startOf(profile: Profile, at: number): Base {
  const timeNanos = profile.timeNanos - profile.durationNanos;
  return { profile: builderLike(profile, 0n, []).build(), timeNanos, at };
}

/** Returns the base of a window that begins with a profile. */
function endOf(profile: Profile, at: number): Base {
  return { profile: allocatedOnly(profile), timeNanos: profile.timeNanos, at };
}

/**
 * Returns the columns of a profile that Pyroscope takes, with the period type of its own heap profiles. Undefined without
 * any of them.
 */
export function heapColumns(profile: Profile, nowNanos: bigint): Profile | undefined {
  const places = HEAP_COLUMNS.map(({ type }) => profile.columns.findIndex((column) => column.type === type));
  if (places.every((place) => place < 0)) return undefined;
  return new ProfileView(profile, {
    columns: HEAP_COLUMNS,
    period: profile.period ?? { type: 'space', unit: 'bytes', value: 0 },
    timeNanos: nearTo(nowNanos, profile.timeNanos),
    // Parts of the memory that no counter explains may be negative. No viewer can draw them.
    value: (sample, column) =>
      places[column]! < 0 ? 0 : Math.max(0, profile.value(sample, places[column]!)),
  });
}

/** Returns the time of a profile, or now if the clock was set since. */
function nearTo(now: bigint, time: bigint): bigint {
  const distance = now > time ? now - time : time - now;
  return distance <= 300_000n * NANOS_PER_MILLI ? time : now;
}

/** Returns whether all of a process's allocations may be sent: it is known to have started less than an hour ago. */
function isYoung({ durationNanos }: Profile): boolean {
  return durationNanos > 0n && durationNanos <= BigInt(MAX_WINDOW_MILLIS) * NANOS_PER_MILLI;
}

/** Returns whether a profile is of another process than the one before: it covers less time, and counts less. */
function hasRestarted(next: Profile, previous: Profile): boolean {
  if (next.durationNanos >= previous.durationNanos) return false;
  return totals(next).alloc_space! < totals(previous).alloc_space!;
}

function allocatedOnly(profile: Profile): Profile {
  return new ProfileView(profile, {
    value: (sample, column) => (column < ALLOC_COLUMNS ? profile.value(sample, column) : 0),
  });
}

function differenceOf(cumulative: Profile, base: Base): Profile {
  const nanos = cumulative.timeNanos - base.timeNanos;
  const builder = builderLike(cumulative, nanos > 0n ? nanos : 0n);
  copySamples(builder, cumulative, 1);
  copySamples(builder, base.profile, -1);
  return builder.build();
}

/** Returns the sum of what the profiles have allocated, without comments, which would pile up. */
function sumOf(profiles: readonly Profile[]): Profile {
  const builder = builderLike(profiles[0]!, 0n, []);
  for (const profile of profiles) copySamples(builder, allocatedOnly(profile), 1);
  return builder.build();
}

function hasNegative(profile: Profile): boolean {
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    for (let column = 0; column < ALLOC_COLUMNS; column++) if (profile.value(sample, column) < 0) return true;
  }
  return false;
}

function withoutNegatives(profile: Profile): Profile {
  return new ProfileView(profile, {
    value: (sample, column) => Math.max(0, profile.value(sample, column)),
  });
}

function builderLike(
  profile: Profile,
  durationNanos: bigint,
  comments: readonly string[] = profile.comments,
): ProfileBuilder {
  const { columns, defaultColumn, period, timeNanos, program, labelUnits } = profile;
  const header = { columns, defaultColumn, period, timeNanos, program, labelUnits };
  return new ProfileBuilder({ ...header, durationNanos, comments });
}
