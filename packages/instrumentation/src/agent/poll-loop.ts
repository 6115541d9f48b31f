import type { Ledger } from '../ledger/index.js';
import type { HeapPoller } from '../source/heap-poller.js';
import { PollSchedule } from '../source/poll-schedule.js';
import { type SamplerMode, seesShortLived } from '../source/sampling-profile.js';
import { type IntervalChange, IntervalPolicy } from './interval-policy.js';
import type { SelfAccount } from './self-account.js';

export interface PollLoopPorts {
  readonly ledger: Ledger;
  readonly poller: HeapPoller;
  readonly account: SelfAccount;
  /** Asks the main thread to start the sampler. */
  readonly wantSampler: () => void;
  /** Asks the main thread whether it could start the sampler again just now; see `restartPossible`. */
  readonly wantRestart: () => void;
  /** Has the main thread start the sampler again at another interval. */
  readonly restart: (samplingInterval: number) => void;
  /** Called before the sampler is restarted, while the samples alive are known. */
  readonly beforeRestart: () => void;
  /** Called when the samples alive until then are out of sight. */
  readonly onStartAnew: () => void;
  /** Whether anything follows single samples, which a restart would lose. */
  readonly isFollowed: () => boolean;
  /** Called after every reading. */
  readonly onReading: () => void;
  /** How many collections of the young generation there were since it was last asked. */
  readonly takeScavenges: () => number;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

export interface PollLoopOptions {
  readonly cpuBudget: number;
  readonly traced: boolean;
  readonly maxLiveSamples: number;
  /** Whether the interval is the default, which becomes coarser where its cost would be noticed. */
  readonly isAdaptive: boolean;
}

interface Reading {
  readonly at: number;
  /** Whether nothing had died since the reading before. */
  readonly whole: boolean;
}

/** Mean gaps between pairs: a traced component wants lifetimes at a finer grain, and pays for it. */
const GAPS = {
  plain: { minGapMillis: 200, maxGapMillis: 30_000 },
  traced: { minGapMillis: 50, maxGapMillis: 2_000 },
} as const;
const TRACED_CPU_BUDGET = 0.05;
const FIRST_BACKOFF_MILLIS = 1_000;
const MAX_BACKOFF_MILLIS = 60_000;
/** A rate counts when it has lasted; start-up is not judged by. */
const RATE_MILLIS = 20_000;
/** A main thread inside one long native call does not answer; longer than this is worth a word. */
const OVERDUE_MILLIS = 10_000;
/** A forced collection is expensive, so the fallback is rare however the budget is set. */
const INSPECTOR_MIN_GAP_MILLIS = 5_000;

/**
 * Polls the sampler in pairs at random moments, and keeps the lease: when the sampler is gone or somebody
 * else's, that is counted, the ledger is told, and the main thread is asked to start it again, less and
 * less often.
 */
export class PollLoop {
  readonly #ports: PollLoopPorts;
  readonly #options: PollLoopOptions;
  readonly #intervals: IntervalPolicy;
  #traced: boolean;
  #schedule: PollSchedule;
  #mode: SamplerMode | undefined;
  #backoffMillis = FIRST_BACKOFF_MILLIS;
  #lastLostAt = Number.NEGATIVE_INFINITY;
  #queue: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** How many wait for a reading now, and what ends the wait inside a pair for them. */
  #hurried = 0;
  #hurry: (() => void) | undefined;
  #lastReadingAt: number | undefined;
  #restartWanted = false;
  /** When the present span in which samples are counted began, and the samples then. */
  #rateSpan: { readonly atMillis: number; readonly samples: number } | undefined;
  #samplesPerSecond = 0;
  #readBehindMajorAt = Number.NEGATIVE_INFINITY;
  /** All CPU time that profiling had cost at the last pair, ms; undefined before the first: loading is not made up for. */
  #costAtPair: number | undefined;

  constructor(ports: PollLoopPorts, options: PollLoopOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#intervals = new IntervalPolicy(options);
    this.#traced = options.traced;
    this.#schedule = this.#newSchedule();
  }

  get mode(): SamplerMode | undefined {
    return this.#mode;
  }

  /** Share of one core that profiling may take. */
  get cpuBudget(): number {
    const { cpuBudget } = this.#options;
    return this.#traced ? Math.max(cpuBudget, TRACED_CPU_BUDGET) : cpuBudget;
  }

  /** The sampler runs (again). */
  samplerStarted(mode: SamplerMode): void {
    this.#mode = mode;
    this.#ports.ledger.knowsAllocationBySite = seesShortLived(mode);
    this.#lastReadingAt = undefined;
    this.#costAtPair = undefined;
    this.#schedule = this.#newSchedule();
    this.#plan();
    this.#wantRestartIfDue();
  }

  /**
   * A component of this process is traced from now on: polls come more often, and the sampler is restarted, unless its
   * interval is small enough.
   *
   * @param samplingInterval mean bytes between samples
   */
  trace(samplingInterval: number): void {
    this.#traced = true;
    this.#intervals.trace(samplingInterval);
    if (!this.#mode) return;
    this.#schedule = this.#newSchedule();
    this.#plan();
    this.#wantRestartIfDue();
  }

  /** The sampler could not be started: try again later. */
  samplerRefused(reason: 'taken' | 'failed'): void {
    this.#ports.account.lose(reason);
    this.#retryLater();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#hurry?.();
  }

  /** Takes one reading now, after whatever is under way. */
  pollNow(): Promise<void> {
    return this.#soon(async () => void (await this.#poll()));
  }

  /**
   * A major collection has ended: what is shown right behind it is reachable. Takes a reading, unless such readings would
   * come more often than pairs.
   */
  async collected(): Promise<void> {
    const now = performance.now();
    if (!this.#mode || !seesShortLived(this.#mode)) return;
    // The second poll of a pair comes soon enough, and a pair that is cut short is none.
    if (this.#hurry || now - this.#readBehindMajorAt < this.#schedule.meanGapMillis) return;
    this.#readBehindMajorAt = now;
    await this.#exclusive(async () => void (await this.#poll()));
  }

  /**
   * The main thread could start the sampler again, which was wanted, and will do so at once when told to. Readings go on
   * until then, because a main thread in a long loop answers those and nothing else; this takes the last.
   */
  restartPossible(): Promise<void> {
    return this.#soon(async () => {
      try {
        await this.#poll();
      } finally {
        this.#restartWanted = false;
      }
      const change = this.#mode && !this.#stopped && this.#nextInterval();
      if (change) this.#changeInterval(change);
    });
  }

  #newSchedule(): PollSchedule {
    const { samplingInterval } = this.#ports.ledger;
    const gaps = this.#traced ? GAPS.traced : GAPS.plain;
    return new PollSchedule({
      samplingInterval,
      cpuBudget: this.cpuBudget,
      minGapMillis: this.#mode === 'inspector' ? INSPECTOR_MIN_GAP_MILLIS : gaps.minGapMillis,
      maxGapMillis: this.#mode === 'inspector' ? 3_600_000 : gaps.maxGapMillis,
    });
  }

  #plan(): void {
    // Without a sampler the timer is the one that asks for it again.
    if (this.#stopped || !this.#mode) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#exclusive(() => this.#pair())
        .catch((error: Error) => this.#ports.log('error', `poll failed: ${error.message}`))
        .finally(() => this.#plan());
    }, this.#schedule.nextGapMillis());
  }

  /** One pair of polls; where short-lived objects are never seen, one poll does. */
  async #pair(): Promise<void> {
    const { account } = this.#ports;
    let cost = 0;
    // What others have done between the two, compressing captures or encoding profiles, is not the price of a pair.
    const poll = async (pairedWith?: number) => {
      const before = account.workMillis();
      const reading = await this.#poll(pairedWith);
      cost += account.workMillis() - before;
      return reading;
    };
    const first = await poll();
    if (first && this.#mode && seesShortLived(this.#mode)) {
      // A pair that is cut short is none: its few samples would weigh far too much.
      if (!(await this.#pauseInPair(this.#schedule.pairMillis))) return;
      const second = await poll(first.at);
      if (second) this.#schedule.recordPair(second.whole);
    }
    this.#schedule.recordCost(cost);
    // All the rest: samples, garbage collections, readings and profiles that somebody wanted, metrics.
    const total = account.cpuMillis();
    if (this.#costAtPair !== undefined) this.#schedule.recordExtraCost(total - this.#costAtPair - cost);
    this.#costAtPair = total;
  }

  /** Waits for the second poll of a pair; false when somebody wants a reading now. */
  #pauseInPair(millis: number): Promise<boolean> {
    if (this.#hurried > 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (undisturbed: boolean) => {
        clearTimeout(timer);
        this.#hurry = undefined;
        resolve(undisturbed);
      };
      const timer = setTimeout(() => end(true), millis);
      this.#hurry = () => end(false);
    });
  }

  /**
   * One reading.
   *
   * @param pairedWith when the first reading of the pair was taken
   * @returns undefined when there was none
   */
  async #poll(pairedWith?: number): Promise<Reading | undefined> {
    const { ledger, poller, account, onReading } = this.#ports;
    if (!this.#mode || this.#stopped) return undefined;
    const result = await this.#inTime(poller.poll());
    if (!this.#mode || this.#stopped) return undefined;
    if (result.status !== 'ok') return this.#lost(result.status);
    const at = performance.now();
    const { samples } = result.profile;
    const censusMillis = pairedWith === undefined ? undefined : at - pairedWith;
    ledger.noteCollections({ scavenges: this.#ports.takeScavenges(), majors: [] });
    const change = ledger.absorb(result.profile, at, censusMillis, at - result.latencyMillis);
    account.addPoll(pauseOf(this.#mode, result.latencyMillis, change.nodes + samples.length));
    account.lookAtV8Threads(at);
    if (change.status !== 'ok') return this.#lost('restarted');
    account.addSamples(change.fresh + change.unseen, change.meanFrames);
    if (this.#lastReadingAt !== undefined) {
      this.#schedule.recordRate(change.fresh + change.unseen, at - this.#lastReadingAt);
    }
    this.#lastReadingAt = at;
    this.#measureRate(at);
    onReading();
    this.#wantRestartIfDue();
    return { at, whole: change.whole };
  }

  /** Waits for an answer as long as it takes, because asking again would be in vain; one that is overdue is counted. */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const { account, log } = this.#ports;
    const timer = setTimeout(() => {
      account.drop('poll_overdue');
      log('info', `the main thread has not answered for ${OVERDUE_MILLIS / 1000} s; waiting for it`);
    }, OVERDUE_MILLIS);
    timer.unref();
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  #measureRate(atMillis: number): void {
    const { samples } = this.#ports.ledger.counts;
    this.#rateSpan ??= { atMillis, samples };
    const millis = atMillis - this.#rateSpan.atMillis;
    if (millis < RATE_MILLIS) return;
    this.#samplesPerSecond = ((samples - this.#rateSpan.samples) * 1000) / millis;
    this.#rateSpan = { atMillis, samples };
  }

  #wantRestartIfDue(): void {
    if (this.#restartWanted || !this.#nextInterval()) return;
    this.#restartWanted = true;
    this.#ports.wantRestart();
  }

  #nextInterval(): IntervalChange | undefined {
    const { ledger, account, isFollowed } = this.#ports;
    return this.#intervals.next({
      samplingInterval: ledger.samplingInterval,
      liveSamples: ledger.counts.liveSamples,
      samplesPerSecond: this.#samplesPerSecond,
      sampleMicros: account.sampleMicros,
      cpuBudget: this.cpuBudget,
      mayNotCoarsen: this.#traced || this.#mode === 'inspector' || isFollowed(),
    });
  }

  /**
   * Restarts the sampler, which cannot change its interval. What is alive goes out of sight and is carried over; what is
   * sampled between the last poll and the restart is lost.
   */
  #changeInterval({ samplingInterval, reason }: IntervalChange): void {
    const { ledger, account, log, beforeRestart, onStartAnew, restart } = this.#ports;
    const why = reason === 'traced' ? 'a component of this process is traced' : this.#costs();
    const text = `sampling every ${samplingInterval} bytes instead of ${ledger.samplingInterval} from now on: ${why}`;
    this.#rateSpan = undefined;
    this.#samplesPerSecond = 0;
    this.#mode = undefined;
    clearTimeout(this.#timer);
    account.lose(reason);
    ledger.settle(performance.now(), true);
    beforeRestart();
    ledger.samplerRestarted(samplingInterval);
    onStartAnew();
    log('info', text);
    restart(samplingInterval);
  }

  /** What sampling costs at present, for people. */
  #costs(): string {
    const { ledger, account } = this.#ports;
    const perSecond = Math.round(this.#samplesPerSecond);
    const percent = ((this.#samplesPerSecond * account.sampleMicros) / 10_000).toFixed(2);
    return `${ledger.counts.liveSamples} samples are alive, ${perSecond} are taken per second, which takes ${percent} % of a core`;
  }

  #lost(reason: 'stopped' | 'failed' | 'restarted'): undefined {
    const { ledger, account, log, onReading, onStartAnew } = this.#ports;
    this.#mode = undefined;
    clearTimeout(this.#timer);
    account.lose(reason);
    ledger.samplerLost();
    onStartAnew();
    onReading();
    log('warn', `${LOST_TEXT[reason]}; live samples before this moment are out of sight, trying again`);
    const now = performance.now();
    if (now - this.#lastLostAt > 2 * MAX_BACKOFF_MILLIS) this.#backoffMillis = FIRST_BACKOFF_MILLIS;
    this.#lastLostAt = now;
    this.#retryLater();
    return undefined;
  }

  #retryLater(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#ports.wantSampler(),
      this.#backoffMillis * (0.75 + Math.random() / 2),
    );
    this.#backoffMillis = Math.min(MAX_BACKOFF_MILLIS, this.#backoffMillis * 2);
  }

  /** Runs something as the next thing, without waiting for the second poll of a pair. */
  #soon(work: () => Promise<void>): Promise<void> {
    this.#hurried++;
    this.#hurry?.();
    return this.#exclusive(() => {
      this.#hurried--;
      return work();
    });
  }

  /** Runs one thing at a time: a reading between the two of a pair would spoil it. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work, work);
    this.#queue = done.catch(() => {});
    return done;
  }
}

const LOST_TEXT = {
  stopped: 'somebody stopped the heap sampler',
  restarted: 'somebody restarted the heap sampler',
  failed: 'the heap sampler could not be read',
} as const;

/**
 * How long the main thread was stopped for a poll, ms. The latency is an upper bound: it includes waiting
 * for the main thread to come out of native code, which is not the profiler's cost. V8 needs under a
 * microsecond per sample and node, so where no collection is forced the pause is no more than that.
 */
function pauseOf(mode: SamplerMode, latencyMillis: number, samplesAndNodes: number): number {
  if (mode === 'inspector') return latencyMillis;
  return Math.min(latencyMillis, 0.3 + 0.001 * samplesAndNodes);
}
