import { HttpError } from '@heapray/exporter/http';
import type { ObjectCountTable } from '../profile/index.js';
import { CpuAllowance } from './cpu-allowance.js';
import type { PollLoop } from './poll-loop.js';
import type { SelfAccount } from './self-account.js';
import { sleep } from './sleep.js';
import { tooMany, WaitingRoom } from './waiting-room.js';

export interface ClientReadingsPorts {
  readonly loop: Pick<PollLoop, 'pollNow' | 'cpuBudget'>;
  readonly account: Pick<SelfAccount, 'workMillis' | 'addPause'>;
  /** Asks the main thread for V8's object counts; undefined when it has none or does not answer soon. */
  readonly objectCounts: () => Promise<ObjectCountTable | undefined>;
  /** Collects the main thread's garbage. */
  readonly collect: () => Promise<void>;
}

/** What a request wants of a reading. */
export interface ReadingWanted {
  /** Names what is made of it: equal things are made once. */
  readonly key: string;
  readonly client: string;
  readonly signal: AbortSignal;
  /** Whether garbage must have been collected before it. */
  readonly collectFirst: boolean;
  /** Whether it may not be refused, because an answer was promised. */
  readonly promised?: boolean;
}

/** A reading of the heap that all requests of a tenth of a second share. */
const SHARED_MILLIS = 100;
/** What is made of one reading; more things need another one, which costs. */
const MAX_MADE = 8;
/** What was made of a reading is forgotten after so long. */
const KEPT_MILLIS = 10_000;
/** How long a profile waits for a fresh reading; a main thread inside native code cannot answer. */
const FRESH_READING_MILLIS = 2_000;
/** How long it waits for a collection, which needs the main thread's event loop. */
const COLLECTION_MILLIS = 10_000;
/** Collections for clients take at most a twentieth of the time, and are never farther apart than this has to be. */
const COLLECTION_GAP = 20;
const MAX_COLLECTION_GAP_MILLIS = 10_000;
/** A request for a collection waits at most so long for its turn. */
const MAX_WAIT_MILLIS = 4_000;
/** Half of the budget is for clients, half for polls. */
const CLIENTS_SHARE = 0.5;

/** A collection that takes longer has waited for the main thread most of the time. */
const MAX_PAUSE_MILLIS = 2_000;
/** Work of the main thread for an object count table, ms for each row. */
const ROW_MILLIS = 0.004;

/** One reading of the heap, and what was made of it. */
class ClientReading {
  readonly #objectCounts: ObjectCountTable | undefined;
  readonly #made = new Map<string, Promise<unknown>>();
  readonly #measure: <T>(work: () => Promise<T>) => Promise<T>;

  constructor(
    objectCounts: ObjectCountTable | undefined,
    measure: <T>(work: () => Promise<T>) => Promise<T>,
  ) {
    this.#objectCounts = objectCounts;
    this.#measure = measure;
  }

  hasRoomFor(key: string): boolean {
    return this.#made.has(key) || this.#made.size < MAX_MADE;
  }

  /** What was made under this key, or is made now. */
  make<T>(key: string, make: (counts: ObjectCountTable | undefined) => Promise<T>): Promise<T> {
    const known = this.#made.get(key) as Promise<T> | undefined;
    if (known) return known;
    const made = this.#measure(() => make(this.#objectCounts));
    this.#made.set(key, made);
    return made;
  }
}

interface Taken {
  readonly collected: boolean;
  readonly reading: Promise<ClientReading>;
  /** When it came; undefined while it is on its way. */
  readyMillis?: number;
}

/**
 * Readings that clients ask for: one for all requests of 100 ms, and no more of them than half of the CPU budget pays for.
 * Requests beyond that wait for the next reading, and are refused where too many wait.
 */
export class ClientReadings {
  readonly #ports: ClientReadingsPorts;
  readonly #allowance: CpuAllowance;
  readonly #waiting = new WaitingRoom();
  #newest: Taken | undefined;
  /** A poll that is late: those who come meanwhile do not ask for more of them. */
  #overdue: Promise<void> | undefined;
  #nextCollectionAt = Number.NEGATIVE_INFINITY;
  #forget: NodeJS.Timeout | undefined;

  constructor(ports: ClientReadingsPorts) {
    this.#ports = ports;
    this.#allowance = new CpuAllowance(ports.loop.cpuBudget * CLIENTS_SHARE);
  }

  /**
   * Makes something of a reading that is at most 100 ms old, once for all who want the same. Waits where the budget does not
   * allow a reading now.
   *
   * @throws HttpError (rejects) 429 when too many wait, 503 when the main thread does not collect
   */
  async make<T>(
    wanted: ReadingWanted,
    make: (counts: ObjectCountTable | undefined) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      wanted.signal.throwIfAborted();
      const shared = this.#shared(wanted.collectFirst);
      if (shared) {
        const reading = await shared;
        if (reading.hasRoomFor(wanted.key)) return reading.make(wanted.key, make);
        // Another request may have taken one meanwhile, to be shared.
        if (shared !== this.#shared(wanted.collectFirst)) continue;
      }
      const millis = this.#waitMillis(wanted);
      if (millis > 0) await this.#wait(wanted, millis);
      else this.#take(wanted.collectFirst);
    }
  }

  /** Runs work for clients, and counts what it costs. */
  async measured<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#ports.account.workMillis();
    try {
      return await work();
    } finally {
      this.#allowance.spend(this.#ports.account.workMillis() - before, performance.now());
    }
  }

  /** The newest reading, or the one that is on its way; undefined when it is too old. */
  #shared(collected: boolean): Promise<ClientReading> | undefined {
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

  async #read(collectFirst: boolean): Promise<ClientReading> {
    if (collectFirst) await this.#collect();
    await this.#poll();
    const asked = performance.now();
    const counts = await this.#ports.objectCounts();
    const rows = counts?.frames.length ?? 0;
    if (counts) this.#ports.account.addPause(Math.min(performance.now() - asked, ROW_MILLIS * rows));
    return new ClientReading(counts, (work) => this.measured(work));
  }

  async #poll(): Promise<void> {
    const poll = this.#overdue ?? this.#ports.loop.pollNow();
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
      this.#ports.collect().then(() => true),
      sleep(COLLECTION_MILLIS).then(() => false),
    ]);
    const millis = performance.now() - asked;
    this.#nextCollectionAt = performance.now() + Math.min(MAX_COLLECTION_GAP_MILLIS, COLLECTION_GAP * millis);
    if (!collected) {
      throw new HttpError(503, `gc: the main thread has been busy for ${COLLECTION_MILLIS / 1000} s`, 10);
    }
    this.#ports.account.addPause(Math.min(millis, MAX_PAUSE_MILLIS));
  }
}
