import { HttpError, type ProfileQuery } from '@heapray/exporter/http';
import type { Profile } from '@heapray/exporter/profile';
import type { ResidentMemory } from '../protocol/resident-memory.js';
import type { HighWaterMark } from './history/high-water-mark.js';
import { type PastState, presentState } from './history/past-states.js';
import { outsideHeapText } from './leaks/outside-heap.js';
import type { PollLoop } from './polling/poll-loop.js';
import type { HeapProfileOptions, ProfilePart, SourceChange, SourceState } from './profiles/index.js';
import type { ObjectCountsOfPoll } from './requests/polls-for-requests.js';
import type { AllLeaks } from './sources/all-leaks.js';
import type { MemorySources } from './sources/memory-sources.js';

export interface ProfileMakerDeps {
  readonly sources: MemorySources;
  readonly loop: Pick<PollLoop, 'mode'>;
  readonly leaks: AllLeaks;
  /** Parts of a heap profile besides the sources, in order. */
  readonly parts?: readonly ProfilePart[] | undefined;
  /** Resident memory of the process; without it, profiles have call sites only. */
  readonly resident?: { present(): Promise<ResidentMemory | undefined> } | undefined;
  /** Present time, in ms since the epoch; `startedMillis` is when counting began, on the same clock. */
  readonly clock: () => number;
  readonly startedMillis: number;
  /** Returns the high-water mark so far. */
  readonly peak: () => HighWaterMark | undefined;
}

/** The part of a query that selects a profile. */
export interface ProfileWanted extends Pick<ProfileQuery, 'defaultColumn' | 'seconds' | 'past'> {
  /** True for the samples of leak suspects only. */
  readonly suspectsOnly?: boolean | undefined;
  /** True to leave out the ages of what is in use. */
  readonly ageless?: boolean | undefined;
  /**
   * Where the standard errors of a cumulative profile stand: in comments, or as the label `inuse_space_stderr` of each
   * sample. Default: nowhere.
   */
  readonly errors?: 'comments' | 'labels' | undefined;
}

const NO_SUSPECT = 'no call site is suspected to leak';
const ONLY_SUSPECTS = 'only the call sites that are suspected to leak';

/** Makes profiles of the present and past states of all memory sources. */
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

  /**
   * Makes the cumulative profile.
   *
   * @param notes comments to add
   */
  async snapshot(
    wanted: ProfileWanted,
    counts: ObjectCountsOfPoll,
    notes: readonly string[] = [],
  ): Promise<Profile> {
    const { sources, parts = [] } = this.#deps;
    const { heapProfile, objectCountsByNode, ResidentRemainder } = await import('./profiles/index.js');
    const table = await counts();
    const resident = await this.#deps.resident?.present();
    sources.attributeIfKnown(performance.now());
    const { tree } = sources.main.ledger;
    const objectCounts = table && { objectCounts: objectCountsByNode(table, tree) };
    const remainder = resident === undefined ? [] : [new ResidentRemainder(resident)];
    const outsideHeap = outsideHeapText(resident);
    const options = { ...this.#optionsFor(wanted), ...objectCounts, outsideHeap, notes };
    if (wanted.suspectsOnly) return this.#suspects(options);
    const contents = {
      sources: sources.all,
      ended: sources.ended.allocated,
      parts: [...parts, ...remainder],
    };
    return heapProfile(contents, options);
  }

  /** Makes the cumulative profile of the leak suspects alone. */
  async #suspects(options: HeapProfileOptions): Promise<Profile> {
    const { heapProfile } = await import('./profiles/index.js');
    const { all } = this.#deps.sources;
    const sites = new Map(all.map((source) => [source.ledger, new Set(source.leaks.suspectSites)]));
    const isEmpty = [...sites.values()].every(({ size }) => size === 0);
    return heapProfile(
      { sources: all },
      {
        ...options,
        notes: [...(options.notes ?? []), isEmpty ? NO_SUSPECT : ONLY_SUSPECTS],
        hasSite: ({ ledger }, site) => sites.get(ledger)?.has(site) ?? false,
      },
    );
  }

  /** Makes the profile of the high-water mark. */
  async peak(wanted: ProfileWanted): Promise<Profile> {
    const { sources } = this.#deps;
    const { peakProfile } = await import('./profiles/index.js');
    const mark = this.#deps.peak();
    const nowMillis = this.epochMillis(mark?.atMillis ?? performance.now());
    return peakProfile(sources.main.ledger, mark, { ...this.#optionsFor(wanted), nowMillis });
  }

  /** Makes a profile of the change between two past moments, given in seconds before now. */
  async change(
    wanted: ProfileWanted,
    { since, until }: { readonly since: number; readonly until: number },
    counts: ObjectCountsOfPoll,
  ): Promise<Profile> {
    const { sources } = this.#deps;
    const { main } = sources;
    const { changeProfile, objectCountsByNode } = await import('./profiles/index.js');
    const table = await counts();
    const atMillis = performance.now();
    if (until === 0) sources.attributeIfKnown(atMillis);
    const from = this.#pastState('since', since, atMillis);
    const to = until === 0 ? presentState(main.ledger, atMillis) : this.#pastState('until', until, atMillis);
    if (from.atMillis >= to.atMillis) {
      throw new HttpError(404, `since and until: ${since} and ${until} s ago are nearest to one state`);
    }
    const others = this.#others(from.atMillis).map(({ source, state }): SourceChange => {
      const { ledger, past } = source;
      const end = until === 0 ? presentState(ledger, atMillis) : past.nearestOrEmpty(to.atMillis);
      return { source, from: state, to: end };
    });
    const options = {
      ...this.#optionsFor(wanted),
      ...(table && { objectCounts: objectCountsByNode(table, main.ledger.tree) }),
      startedMillis: this.epochMillis(from.atMillis),
      nowMillis: this.epochMillis(to.atMillis),
    };
    const parts = this.#pastParts(from.atMillis, until === 0 ? undefined : to.atMillis);
    return changeProfile([{ source: main, from, to }, ...others], options, parts);
  }

  /**
   * Makes the profiles of two moments. Neither has ages.
   *
   * @param before moment in ms since the epoch; `after` is undefined for now
   */
  async states(before: number, after: number | undefined): Promise<readonly [Profile, Profile]> {
    const { sources } = this.#deps;
    const { main } = sources;
    const { stateProfile } = await import('./profiles/index.js');
    const atMillis = performance.now();
    const from = this.#stateAt('before', before);
    if (after === undefined) sources.attributeIfKnown(atMillis);
    const to = after === undefined ? presentState(main.ledger, atMillis) : this.#stateAt('after', after);
    if (from.atMillis >= to.atMillis) {
      throw new HttpError(404, 'before and after: both are nearest to one kept state');
    }
    const profileOf = (state: PastState, others: readonly SourceState[], isPresent = false) => {
      const { atMillis } = state;
      const options = {
        ...this.#optionsFor({ defaultColumn: 'inuse_space', seconds: undefined, past: undefined }),
        nowMillis: this.epochMillis(atMillis),
      };
      const parts = this.#pastParts(undefined, isPresent ? undefined : atMillis);
      return stateProfile([{ source: main, state }, ...others], options, parts);
    };
    const present = sources.all.slice(1).map((source) => {
      return { source, state: presentState(source.ledger, atMillis) };
    });
    return [
      profileOf(from, this.#others(from.atMillis)),
      profileOf(to, after === undefined ? present : this.#others(to.atMillis), after === undefined),
    ];
  }

  /**
   * Formats the heap by call site as plain text.
   *
   * @param maxRows number of call sites; default: a hundred
   */
  async text({ defaultColumn }: ProfileWanted, maxRows?: number): Promise<string> {
    const { sources, loop } = this.#deps;
    const { leaks, ledger } = sources.main;
    const { textView } = await import('./profiles/index.js');
    const resident = await this.#deps.resident?.present();
    const atMillis = performance.now();
    sources.attribute(atMillis, false);
    const contents = sources.all.map(({ kind, thread, ledger, leaks }) => {
      return { kind, thread, ledger, survival: leaks.survival(atMillis) };
    });
    const view = textView(contents, {
      samplingInterval: ledger.samplingInterval,
      mode: loop.mode ?? 'none',
      column: defaultColumn === 'alloc_space' ? 'alloc_space' : 'inuse_space',
      atMillis,
      leakMessages: this.#leakMessages(),
      resident,
      progress: this.#deps.leaks.progress,
      survivalMillis: leaks.survivalMillis,
      maxRows,
    });
    const lines = (this.#deps.parts ?? []).flatMap((part) => part.text?.() ?? []);
    return lines.length === 0 ? view : `${view}\n${lines.join('\n')}\n`;
  }

  /** Converts a time on the clock of the ledger's polls to ms since the epoch. */
  epochMillis(atMillis: number): number {
    return this.#deps.clock() - (performance.now() - atMillis);
  }

  /** Returns the states of all sources but the main thread's heap at a moment. */
  #others(atMillis: number) {
    const [, ...others] = this.#deps.sources.all;
    return others.map((source) => ({ source, state: source.past.nearestOrEmpty(atMillis) }));
  }

  /** Returns the parts that have a past, at a moment or as their change since an earlier one. */
  #pastParts(from: number | undefined, to: number | undefined): ProfilePart[] {
    return (this.#deps.parts ?? []).flatMap((part) => part.past?.(from, to) ?? []);
  }

  #optionsFor({ defaultColumn, seconds, ageless, errors }: ProfileWanted): HeapProfileOptions {
    const { sources, loop, startedMillis, clock } = this.#deps;
    return {
      samplingInterval: sources.main.ledger.samplingInterval,
      mode: loop.mode ?? 'none',
      startedMillis,
      nowMillis: clock(),
      defaultColumn,
      // Leave ages out of a difference: it would only show samples growing older.
      agesAtMillis: seconds === undefined && !ageless ? performance.now() : undefined,
      // The errors of a difference are others.
      errors: seconds === undefined ? errors : undefined,
      leakMessages: this.#leakMessages(),
    };
  }

  #leakMessages(): string[] {
    return this.#deps.leaks.suspects(performance.now()).map(({ message }) => message);
  }

  #stateAt(name: string, epochMillis: number): PastState {
    const secondsAgo = Math.round((this.#deps.clock() - epochMillis) / 1000);
    const atMillis = performance.now() - (this.#deps.clock() - epochMillis);
    return this.#deps.sources.main.past.nearest(atMillis) ?? this.#notKept(name, secondsAgo);
  }

  #pastState(name: string, secondsAgo: number, atMillis: number): PastState {
    const { past } = this.#deps.sources.main;
    return past.nearest(atMillis - secondsAgo * 1000) ?? this.#notKept(name, secondsAgo);
  }

  #notKept(name: string, secondsAgo: number): never {
    const now = performance.now();
    const { moments } = this.#deps.sources.main.past;
    const known = moments.map((moment) => Math.round((now - moment) / 1000)).join(', ');
    throw new HttpError(404, `${name}: no state of ${secondsAgo} s ago is kept, only of ${known} s ago`);
  }
}
