import { HttpError } from '@heapray/exporter/http';
import type { ObjectCountTable } from '../../protocol/object-count-table.js';
import type { PollLoop } from '../polling/poll-loop.js';
import { sleep } from '../sleep.js';
import { CpuAllowance } from '../stats/cpu-allowance.js';
import type { ProfilerStats } from '../stats/profiler-stats.js';
import { RequestPlaces, tooMany } from './request-places.js';

export interface PollsForRequestsDeps {
  readonly loop: Pick<PollLoop, 'pollNow' | 'cpuBudget'>;
  readonly stats: Pick<ProfilerStats, 'workMillis' | 'addPause'>;
  /** Asks the main thread for V8's object counts; undefined if it has none or does not answer in time. */
  readonly objectCounts: () => Promise<ObjectCountTable | undefined>;
  /** Collects the main thread's garbage. */
  readonly collect: () => Promise<void>;
  /** Resolves when a collection after this time is reported to the ledger, or late, in ms on the clock of the polls. */
  readonly collectionReported: (afterMillis: number) => Promise<void>;
}

/** Describes a client's request for a poll. */
export interface ReadingWanted {
  /** Identifies the result: requests with the same key share one. */
  readonly key: string;
  readonly client: string;
  readonly signal: AbortSignal;
  /** True if garbage must be collected before the poll. */
  readonly collectFirst: boolean;
  /** True if the request must not be refused, because it has already been accepted. */
  readonly promised?: boolean;
}

/** Requests within this time share one poll, in ms. */
const SHARED_MILLIS = 100;
/** Maximum number of different results made from one poll; more results need another poll. */
const MAX_MADE = 8;
/** A poll's results are discarded after this time, in ms. */
const KEPT_MILLIS = 10_000;
/** Longest wait for a fresh poll, in ms; a main thread inside native code cannot answer. */
const FRESH_READING_MILLIS = 2_000;
/** Longest wait for a collection, in ms; it needs the main thread's event loop. */
const COLLECTION_MILLIS = 10_000;
/** Gap after a collection for a client, as a multiple of its duration: 1/20 of the time at most. */
const COLLECTION_GAP = 20;
const MAX_COLLECTION_GAP_MILLIS = 10_000;
/** Longest wait of a request for its turn to collect, in ms. */
const MAX_WAIT_MILLIS = 4_000;
/** Share of the CPU budget that is for clients; the rest is for scheduled polls. */
const CLIENTS_SHARE = 0.5;

/** Upper bound for the pause of a collection, in ms: the rest was mostly waiting for the main thread. */
const MAX_PAUSE_MILLIS = 2_000;
/** Work of the main thread for an object count table, ms for each row. */
const ROW_MILLIS = 0.004;

/** Returns V8's object counts at the time of a poll; undefined if the main thread has none or does not answer. */
export type ObjectCountsOfPoll = () => Promise<ObjectCountTable | undefined>;

/** One poll for clients, and the results made from it. */
class PollForRequest {
  /** Asks for the object counts once, for the first result that needs them: for many stacks they take long. */
  readonly #objectCounts: ObjectCountsOfPoll;
  readonly #made = new Map<string, Promise<unknown>>();
  readonly #measure: <T>(work: () => Promise<T>) => Promise<T>;

  constructor(objectCounts: ObjectCountsOfPoll, measure: <T>(work: () => Promise<T>) => Promise<T>) {
    let asked: Promise<ObjectCountTable | undefined> | undefined;
    this.#objectCounts = () => {
      asked ??= objectCounts();
      return asked;
    };
    this.#measure = measure;
  }

  hasRoomFor(key: string): boolean {
    return this.#made.has(key) || this.#made.size < MAX_MADE;
  }

  /** Returns the result for this key, making it if it does not exist yet. */
  make<T>(key: string, make: (counts: ObjectCountsOfPoll) => Promise<T>): Promise<T> {
    const known = this.#made.get(key) as Promise<T> | undefined;
    if (known) return known;
    const made = this.#measure(() => make(this.#objectCounts));
    this.#made.set(key, made);
    return made;
  }
}

interface Taken {
  readonly collected: boolean;
  readonly reading: Promise<PollForRequest>;
  /** When the poll finished, in ms; undefined while it is in progress. */
  readyMillis?: number;
}

/**
 * Polls on behalf of clients: one poll for all requests within 100 ms, within half of the CPU budget. Further
 * requests wait for the next poll; they are refused if too many wait already.
 */
export class PollsForRequests {
  readonly #deps: PollsForRequestsDeps;
  readonly #allowance: CpuAllowance;
  readonly #waiting = new RequestPlaces();
  #newest: Taken | undefined;
  /** A poll that is late; requests that arrive meanwhile wait for it instead of starting another. */
  #overdue: Promise<void> | undefined;
  #spentMillis = 0;
  #nextCollectionAt = Number.NEGATIVE_INFINITY;
  #forget: NodeJS.Timeout | undefined;

  constructor(deps: PollsForRequestsDeps) {
    this.#deps = deps;
    this.#allowance = new CpuAllowance(deps.loop.cpuBudget * CLIENTS_SHARE);
  }

  /**
   * Makes a result from a poll that is at most 100 ms old, once for all requests with the same key. Waits if
   * the budget does not allow a poll now.
   *
   * @throws HttpError (rejects) 429 when too many wait, 503 when the main thread does not collect
   */
  async make<T>(wanted: ReadingWanted, make: (counts: ObjectCountsOfPoll) => Promise<T>): Promise<T> {
    for (;;) {
      wanted.signal.throwIfAborted();
      const shared = this.#shared(wanted.collectFirst);
      if (shared) {
        const reading = await shared;
        if (reading.hasRoomFor(wanted.key)) return reading.make(wanted.key, make);
        // Another request may have started a poll meanwhile: share it.
        if (shared !== this.#shared(wanted.collectFirst)) continue;
      }
      const millis = this.#waitMillis(wanted);
      if (millis > 0) await this.#wait(wanted, millis);
      else this.#take(wanted.collectFirst);
    }
  }

  /** CPU time spent for clients so far, in ms. */
  get spentMillis(): number {
    return this.#spentMillis;
  }

  /** Returns the gap at which work of this cost takes all of the clients' share, in ms. */
  gapFor(millis: number): number {
    return millis / (this.#deps.loop.cpuBudget * CLIENTS_SHARE);
  }

  /** Runs work for clients and charges its CPU time to their allowance. */
  async measured<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#deps.stats.workMillis();
    try {
      return await work();
    } finally {
      const millis = this.#deps.stats.workMillis() - before;
      this.#spentMillis += millis;
      this.#allowance.spend(millis, performance.now());
    }
  }

  /** Returns the newest poll, finished or in progress; undefined if it is too old. */
  #shared(collected: boolean): Promise<PollForRequest> | undefined {
    const newest = this.#newest;
    if (!newest || (collected && !newest.collected)) return undefined;
    const { readyMillis = Number.POSITIVE_INFINITY } = newest;
    return performance.now() - readyMillis <= SHARED_MILLIS ? newest.reading : undefined;
  }

  #waitMillis({ collectFirst, promised }: ReadingWanted): number {
    const now = performance.now();
    const toReading = this.#allowance.waitMillis(now);
    if (!collectFirst) return toReading;
    const toCollection = this.#nextCollectionAt - now;
    if (toCollection > MAX_WAIT_MILLIS && !promised) throw tooMany(toCollection);
    return Math.max(toReading, toCollection);
  }

  #wait({ client, signal, promised }: ReadingWanted, millis: number): Promise<void> {
    const wait = () => sleep(millis, signal);
    return promised ? wait() : this.#waiting.wait(client, millis, wait);
  }

  #take(collectFirst: boolean): void {
    this.#allowance.begin(performance.now());
    const taken: Taken = { collected: collectFirst, reading: this.measured(() => this.#read(collectFirst)) };
    this.#newest = taken;
    clearTimeout(this.#forget);
    this.#forget = setTimeout(() => this.#drop(taken), KEPT_MILLIS).unref();
    taken.reading.then(
      () => {
        taken.readyMillis = performance.now();
      },
      () => this.#drop(taken),
    );
  }

  #drop(taken: Taken): void {
    if (this.#newest === taken) this.#newest = undefined;
  }

  async #read(collectFirst: boolean): Promise<PollForRequest> {
    if (collectFirst) await this.#collect();
    await this.#poll();
    return new PollForRequest(
      () => this.#objectCounts(),
      (work) => this.measured(work),
    );
  }

  async #objectCounts(): Promise<ObjectCountTable | undefined> {
    const asked = performance.now();
    const counts = await this.#deps.objectCounts();
    const rows = counts?.frames.length ?? 0;
    if (counts) this.#deps.stats.addPause(Math.min(performance.now() - asked, ROW_MILLIS * rows));
    return counts;
  }

  async #poll(): Promise<void> {
    const poll = this.#overdue ?? this.#deps.loop.pollNow();
    let came = false;
    const arrived = poll.finally(() => {
      came = true;
      this.#overdue = undefined;
    });
    await Promise.race([arrived, sleep(FRESH_READING_MILLIS)]);
    if (!came) this.#overdue = poll;
  }

  async #collect(): Promise<void> {
    const asked = performance.now();
    const collected = await Promise.race([
      this.#deps.collect().then(() => true),
      sleep(COLLECTION_MILLIS).then(() => false),
    ]);
    const millis = performance.now() - asked;
    this.#nextCollectionAt = performance.now() + Math.min(MAX_COLLECTION_GAP_MILLIS, COLLECTION_GAP * millis);
    if (!collected) {
      throw new HttpError(503, `gc: the main thread has been busy for ${COLLECTION_MILLIS / 1000} s`, 10);
    }
    this.#deps.stats.addPause(Math.min(millis, MAX_PAUSE_MILLIS));
    // Without the report, the ledger does not know that everything left is reachable.
    await this.#deps.collectionReported(asked);
  }
}
