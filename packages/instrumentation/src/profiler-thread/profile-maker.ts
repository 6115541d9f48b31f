import { HttpError, type ProfileQuery } from '@heapray/exporter/http';
import type { Profile } from '@heapray/exporter/profile';
import type { HighWaterMark } from './history/high-water-mark.js';
import { type PastState, type PastStates, presentState } from './history/past-states.js';
import type { LeakWatch } from './leaks/leak-watch.js';
import type { Ledger } from './ledger/index.js';
import type { PollLoop } from './polling/poll-loop.js';
import type { ObjectCountsOfPoll } from './polls-for-requests.js';

export interface ProfileMakerDeps {
  readonly ledger: Ledger;
  readonly loop: Pick<PollLoop, 'mode'>;
  readonly leaks: LeakWatch;
  readonly past: PastStates;
  /** Present time, in ms since the epoch; `startedMillis` is when counting began, on the same clock. */
  readonly clock: () => number;
  readonly startedMillis: number;
  /** Returns the high-water mark so far. */
  readonly peak: () => HighWaterMark | undefined;
}

/** The part of a query that selects a profile. */
export type ProfileWanted = Pick<ProfileQuery, 'defaultColumn' | 'seconds' | 'past'>;

/** Makes profiles of the ledger's present and past states. */
export class ProfileMaker {
  readonly #deps: ProfileMakerDeps;

  constructor(deps: ProfileMakerDeps) {
    this.#deps = deps;
  }

  /** Makes the profile of a query without `seconds`. */
  make(wanted: ProfileWanted, counts: ObjectCountsOfPoll): Promise<Profile> {
    if (wanted.past) return this.change(wanted, wanted.past, counts);
    return wanted.defaultColumn === 'peak_space' ? this.peak(wanted) : this.snapshot(wanted, counts);
  }

  /** Makes the cumulative profile. */
  async snapshot(wanted: ProfileWanted, counts: ObjectCountsOfPoll): Promise<Profile> {
    const { ledger } = this.#deps;
    const { profileFromLedger, objectCountsByNode } = await import('./profiles/index.js');
    const table = await counts();
    this.#attribute();
    const objectCounts = table && { objectCounts: objectCountsByNode(table, ledger.tree) };
    return profileFromLedger(ledger, { ...this.#optionsFor(wanted), ...objectCounts });
  }

  /** Makes the profile of the high-water mark. */
  async peak(wanted: ProfileWanted): Promise<Profile> {
    const { ledger, clock } = this.#deps;
    const { peakProfileFromLedger } = await import('./profiles/index.js');
    const none = { totalBytes: 0, bytesByNode: new Map(), carriedOverByNode: new Map() };
    const mark = this.#deps.peak() ?? { ...none, atMillis: performance.now() };
    const nowMillis = clock() - (performance.now() - mark.atMillis);
    return peakProfileFromLedger(ledger, mark, { ...this.#optionsFor(wanted), nowMillis });
  }

  /** Makes a profile of the change between two past moments, given in seconds before now. */
  async change(
    wanted: ProfileWanted,
    { since, until }: { readonly since: number; readonly until: number },
    counts: ObjectCountsOfPoll,
  ): Promise<Profile> {
    const { ledger } = this.#deps;
    const { changeProfileFromLedger, objectCountsByNode } = await import('./profiles/index.js');
    const table = await counts();
    const atMillis = performance.now();
    if (until === 0) this.#attribute();
    const from = this.#pastState('since', since, atMillis);
    const to = until === 0 ? presentState(ledger, atMillis) : this.#pastState('until', until, atMillis);
    if (from.atMillis >= to.atMillis) {
      throw new HttpError(404, `since and until: ${since} and ${until} s ago are nearest to one state`);
    }
    return changeProfileFromLedger(ledger, [from, to], {
      ...this.#optionsFor(wanted),
      ...(table && { objectCounts: objectCountsByNode(table, ledger.tree) }),
      startedMillis: this.epochMillis(from.atMillis),
      nowMillis: this.epochMillis(to.atMillis),
    });
  }

  /**
   * Makes the profiles of two moments. Neither has ages.
   *
   * @param before moment in ms since the epoch; `after` is undefined for now
   */
  async states(before: number, after: number | undefined): Promise<readonly [Profile, Profile]> {
    const { ledger } = this.#deps;
    const { stateProfileFromLedger } = await import('./profiles/index.js');
    const atMillis = performance.now();
    const from = this.#stateAt('before', before);
    if (after === undefined) this.#attribute();
    const to = after === undefined ? presentState(ledger, atMillis) : this.#stateAt('after', after);
    if (from.atMillis >= to.atMillis) {
      throw new HttpError(404, 'before and after: both are nearest to one kept state');
    }
    const profileOf = (state: PastState) =>
      stateProfileFromLedger(ledger, state, {
        ...this.#optionsFor({ defaultColumn: 'inuse_space', seconds: undefined, past: undefined }),
        nowMillis: this.epochMillis(state.atMillis),
      });
    return [profileOf(from), profileOf(to)];
  }

  /** Formats the heap by call site as plain text. */
  async text({ defaultColumn }: ProfileWanted): Promise<string> {
    const { ledger, leaks, loop } = this.#deps;
    const { textView } = await import('./profiles/index.js');
    const atMillis = performance.now();
    ledger.attribute(atMillis, false);
    return textView(ledger, {
      samplingInterval: ledger.samplingInterval,
      mode: loop.mode ?? 'none',
      column: defaultColumn === 'alloc_space' ? 'alloc_space' : 'inuse_space',
      atMillis,
      leakMessages: this.#leakMessages(),
      progress: leaks.progress,
      survival: leaks.survival(atMillis),
      survivalMillis: leaks.survivalMillis,
    });
  }

  /** Converts a time on the clock of the ledger's polls to ms since the epoch. */
  epochMillis(atMillis: number): number {
    return this.#deps.clock() - (performance.now() - atMillis);
  }

  /** Attributes everything up to now, if there are statistics to do so. */
  #attribute(): void {
    const { ledger } = this.#deps;
    ledger.attribute(performance.now(), ledger.hasEvidence(performance.now()));
  }

  #optionsFor({ defaultColumn, seconds }: ProfileWanted) {
    const { ledger, loop, startedMillis, clock } = this.#deps;
    return {
      samplingInterval: ledger.samplingInterval,
      thread: 'main',
      mode: loop.mode ?? 'none',
      startedMillis,
      nowMillis: clock(),
      defaultColumn,
      // Leave ages out of a difference: it would only show samples growing older.
      agesAtMillis: seconds === undefined ? performance.now() : undefined,
      leakMessages: this.#leakMessages(),
    };
  }

  #leakMessages(): string[] {
    return this.#deps.leaks.suspects(performance.now()).map(({ message }) => message);
  }

  #stateAt(name: string, epochMillis: number): PastState {
    const secondsAgo = Math.round((this.#deps.clock() - epochMillis) / 1000);
    const atMillis = performance.now() - (this.#deps.clock() - epochMillis);
    return this.#deps.past.nearest(atMillis) ?? this.#notKept(name, secondsAgo);
  }

  #pastState(name: string, secondsAgo: number, atMillis: number): PastState {
    return this.#deps.past.nearest(atMillis - secondsAgo * 1000) ?? this.#notKept(name, secondsAgo);
  }

  #notKept(name: string, secondsAgo: number): never {
    const now = performance.now();
    const known = this.#deps.past.moments.map((moment) => Math.round((now - moment) / 1000)).join(', ');
    throw new HttpError(404, `${name}: no state of ${secondsAgo} s ago is kept, only of ${known} s ago`);
  }
}
