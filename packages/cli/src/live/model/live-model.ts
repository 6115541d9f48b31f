import { placeText } from '../../text/place.js';
import type { HistoryPoint, LiveState } from '../live-state.js';
import { type CallerStack, callersOf } from './callers.js';
import { History } from './history.js';
import { type LiveGroup, type ProfileRow, type ProfileRows, rowsOf, sumsOf } from './live-rows.js';

/** Length of the sparklines. */
const HISTORY_MILLIS = 5 * 60_000;
/** Polls closer together than this count as one, because a rate over less is mostly chance. */
const MIN_RATE_MILLIS = 200;

export type LiveSort = 'inUse' | 'growth' | 'rate' | 'objects';

/** A row of the table. */
export interface LiveRow extends Omit<ProfileRow, 'samples' | 'allocated'> {
  readonly key: string;
  /** Change of `inUse` since the growth is counted. */
  readonly growth: number;
  /** Bytes allocated per second between the last two polls; undefined if unknown. */
  readonly rate: number | undefined;
}

export interface RowOptions {
  readonly group: LiveGroup;
  readonly sort: LiveSort;
  /** Only rows that contain this text, in any case. Empty for all. */
  readonly filter: string;
}

/** All sums, for the header. */
export interface LiveTotals {
  readonly inUse: number;
  readonly growth: number;
  /** Largest sum that was in use, as the source says it, or as seen here. */
  readonly peak: { readonly bytes: number; readonly isSeenHere: boolean };
  readonly rate: number | undefined;
  readonly allocated: number | undefined;
}

/** Follows the states of a program: what grows, and how fast it allocates. */
export class LiveModel {
  readonly inUse: History = new History(HISTORY_MILLIS);
  readonly rate: History = new History(HISTORY_MILLIS);
  #state: LiveState | undefined;
  #previous: LiveState | undefined;
  #first: LiveState | undefined;
  #highest = 0;

  get state(): LiveState | undefined {
    return this.#state;
  }

  /** Time since which growth is counted, in ms since the Unix epoch. */
  get sinceMillis(): number | undefined {
    return this.#first?.atMillis;
  }

  update(state: LiveState): void {
    if (state === this.#state) return;
    if (state.run !== this.#state?.run) this.#begin(state);
    else if (state.atMillis - this.#state.atMillis >= MIN_RATE_MILLIS) this.#previous = this.#state;
    this.#state = state;
    const { inUse } = sumsOf(state.profile);
    this.#highest = Math.max(this.#highest, inUse);
    const { atMillis } = state;
    this.inUse.add({ atMillis, value: inUse });
    const rate = this.#allocationRate();
    if (rate !== undefined) this.rate.add({ atMillis, value: rate });
  }

  /** Counts growth from now on. */
  countGrowthFromNow(): void {
    this.#first = this.#state;
  }

  totals(): LiveTotals | undefined {
    if (this.#state === undefined) return undefined;
    const { inUse, allocated } = sumsOf(this.#state.profile);
    const { peakBytes } = this.#state;
    return {
      inUse,
      growth: inUse - sumsOf(this.#first!.profile).inUse,
      peak: { bytes: peakBytes ?? this.#highest, isSeenHere: peakBytes === undefined },
      rate: this.#allocationRate(),
      allocated,
    };
  }

  /** Returns the rows of the table in their order. */
  rows({ group, sort, filter }: RowOptions): readonly LiveRow[] {
    if (this.#state === undefined) return [];
    const now = rowsOf(this.#state.profile, group);
    const first = rowsOf(this.#first!.profile, group);
    const rates = this.#rates(group, now);
    const rows = [...now].map(([key, row]) => liveRow(key, row, first.get(key), rates(key)));
    for (const [key, row] of first) {
      if (!now.has(key)) rows.push(liveRow(key, { ...row, inUse: 0, objects: 0 }, row, undefined));
    }
    const wanted = filter.toLowerCase();
    return rows
      .filter((row) => isShown(row) && (wanted === '' || textOf(row).includes(wanted)))
      .sort((a, b) => (b[sort] ?? 0) - (a[sort] ?? 0) || b.inUse - a.inUse || compare(a.key, b.key));
  }

  /** Returns the stacks that allocated what a row has in use. */
  callers(group: LiveGroup, key: string): readonly CallerStack[] {
    const row = this.#state && rowsOf(this.#state.profile, group).get(key);
    return row === undefined ? [] : callersOf(this.#state!.profile, row);
  }

  #begin(state: LiveState): void {
    this.#first = state;
    this.#previous = state;
    this.#highest = 0;
    const isBefore = ({ atMillis }: HistoryPoint) => atMillis < state.atMillis;
    this.inUse.restart((state.past?.inUse ?? []).filter(isBefore));
    this.rate.restart((state.past?.rate ?? []).filter(isBefore));
  }

  /** Returns a function for the rate of a row. */
  #rates(group: LiveGroup, now: ProfileRows): (key: string) => number | undefined {
    const before = rowsOf(this.#previous!.profile, group);
    const isKnown = this.#allocationRate() !== undefined;
    return (key) => {
      const [old, current] = [before.get(key)?.allocated ?? 0, now.get(key)?.allocated ?? 0];
      return isKnown ? this.#perSecond(current - old) : undefined;
    };
  }

  #allocationRate(): number | undefined {
    const before = sumsOf(this.#previous!.profile).allocated;
    const after = sumsOf(this.#state!.profile).allocated;
    return before === undefined || after === undefined ? undefined : this.#perSecond(after - before);
  }

  /** Returns a change between the last two polls per second. Estimates may shrink: then it is 0. */
  #perSecond(change: number): number | undefined {
    const millis = this.#state!.atMillis - this.#previous!.atMillis;
    return millis <= 0 ? undefined : (Math.max(0, change) * 1000) / millis;
  }
}

function liveRow(
  key: string,
  { name, file, line, column, packageName, inUse, objects }: ProfileRow,
  first: ProfileRow | undefined,
  rate: number | undefined,
): LiveRow {
  const growth = inUse - (first?.inUse ?? 0);
  return { key, name, file, line, column, packageName, inUse, objects, growth, rate };
}

function isShown({ inUse, growth, rate = 0 }: LiveRow): boolean {
  return inUse !== 0 || growth !== 0 || rate !== 0;
}

function textOf(row: LiveRow): string {
  return `${row.name} ${placeText(row)} ${row.packageName}`.toLowerCase();
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
