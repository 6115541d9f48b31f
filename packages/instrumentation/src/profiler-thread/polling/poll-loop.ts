// Over 400 lines, because every way in which the sampler starts, changes and ends meets every kind of poll.
import type { ExactStart } from '../../protocol/messages.js';
import { type SamplerMode, seesShortLived } from '../../protocol/sampler-mode.js';
import { monotonicMillis } from '../../protocol/steady-clock.js';
import type { ExactCounts } from './exact-counts.js';
import { ExactRun } from './exact-run.js';
import { type IntervalChange, IntervalPolicy } from './interval-policy.js';
import type { ExactEnd, PollLoopDeps, PollLoopOptions } from './poll-loop-deps.js';
import { pauseOf } from './poll-pause.js';
import { PollQueue } from './poll-queue.js';
import { PollSchedule } from './poll-schedule.js';
import { SampleRate } from './sample-rate.js';
import { SamplerAnswers } from './sampler-answers.js';
import { SamplerRetry } from './sampler-retry.js';
import { hasForeignInterval } from './sampling-profile.js';

interface Reading {
  readonly at: number;
  /** True if no sample had died since the previous poll. */
  readonly isComplete: boolean;
}

/** Bounds of the mean gap between pairs, in ms. Tracing needs finer lifetimes, at a higher cost. */
const GAPS = {
  plain: { minGapMillis: 200, maxGapMillis: 30_000 },
  traced: { minGapMillis: 50, maxGapMillis: 2_000 },
} as const;
export const TRACED_CPU_BUDGET = 0.05;
/** Delay after which a poll is logged as overdue, in ms; a main thread in native code cannot answer. */
const OVERDUE_MILLIS = 10_000;
/** Maximum age of the last poll when the sampler is replaced, in ms: samples since then are lost. Grows if missed. */
const REPLACE_WITHIN_MILLIS = 100;
const MORE_PATIENT = 4;
const MAX_REPLACE_WITHIN_MILLIS = 10_000;
/** Time that polls wait for the answer after that, in ms: replacing a sampler takes 1 to 4, and up to 85 under load. */
const CHANGE_GRACE_MILLIS = 1_000;
/** Minimum gap for the inspector, in ms: each of its polls forces an expensive collection. */
const INSPECTOR_MIN_GAP_MILLIS = 5_000;
/** Longest wait of the program for a poll of exact mode, in ms. */
const EXACT_WAIT_MILLIS = 2_000;

/**
 * Polls the sampler in pairs at random moments, and notices when it is lost. When it is stopped or taken by other code,
 * counts the loss, informs the ledger and asks for it to be started again, with growing pauses.
 */
export class PollLoop {
  readonly #deps: PollLoopDeps;
  readonly #options: PollLoopOptions;
  readonly #intervals: IntervalPolicy;
  #traced: boolean;
  #schedule: PollSchedule;
  #mode: SamplerMode | undefined;
  readonly #retry = new SamplerRetry();
  readonly #queue = new PollQueue();
  #timer: NodeJS.Timeout | undefined;
  /** When the next pair is due, in ms on the clock of the polls. */
  #pairAt = 0;
  #stopped = false;
  #lastReadingAt: number | undefined;
  /** The change of the interval that the main thread was asked for; true while that is being prepared. */
  #change: IntervalChange | true | undefined;
  #replaceWithinMillis = REPLACE_WITHIN_MILLIS;
  /** Answers about the sampler: a poll that was asked for before the last one is discarded. */
  readonly #answers = new SamplerAnswers();
  readonly #rate = new SampleRate();
  #readBehindMajorAt = Number.NEGATIVE_INFINITY;
  /** CPU time of profiling at the last pair, in ms; undefined before the first, so that loading is free. */
  #costAtPair: number | undefined;
  #exact: ExactRun | undefined;
  /** Number of changes of the sampler by the main thread that an answer has told of. */
  #samplerChanges = 0;

  constructor(deps: PollLoopDeps, options: PollLoopOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#intervals = new IntervalPolicy(options);
    this.#traced = options.traced;
    this.#schedule = this.#newSchedule();
  }

  get mode(): SamplerMode | undefined {
    return this.#mode;
  }

  /** Time of the newest poll, in ms on the clock of the ledger's polls; undefined after a loss of the sampler. */
  get lastPollMillis(): number | undefined {
    return this.#lastReadingAt;
  }

  /** Counts of exact mode; undefined while it does not run. */
  get exactCounts(): ExactCounts | undefined {
    return this.#exact?.counts;
  }

  /** True while exact mode runs and nothing has ended it; the main thread's message about that may be on the way. */
  get isExact(): boolean {
    const { endReason } = this.#exact ?? { endReason: 'it does not run' };
    return endReason === undefined && this.#samplerChanges === this.#changesByMain;
  }

  /** Share of one core that profiling may take. */
  get cpuBudget(): number {
    const { cpuBudget, tracedCpuBudget = Math.max(cpuBudget, TRACED_CPU_BUDGET) } = this.#options;
    return this.#traced ? tracedCpuBudget : cpuBudget;
  }

  /**
   * Records that the main thread has started the sampler, and schedules polls. With another interval, the
   * ledger carries over what was alive at the last poll; samples between that and the restart are lost.
   *
   * @param exact set in exact mode
   * @param changes number of times that the main thread had replaced the sampler by itself until then. Default: until now
   */
  samplerStarted(
    mode: SamplerMode,
    samplingInterval: number = this.#deps.ledger.samplingInterval,
    exact?: ExactStart | undefined,
    changes: number = this.#changesByMain,
  ): void {
    this.#answered(changes);
    const endReason = this.#exact?.endReason;
    // The main thread replaces the sampler right behind a poll, unless it does not wait for that.
    const isComplete = endReason === undefined || this.#options.exactOverload !== 'lose';
    this.#endExact({ why: endReason, isComplete });
    if (samplingInterval !== this.#deps.ledger.samplingInterval)
      this.#intervalChanged(samplingInterval, endReason);
    this.#change = undefined;
    this.#replaceWithinMillis = REPLACE_WITHIN_MILLIS;
    this.#mode = mode;
    this.#deps.ledger.samplerStarted(seesShortLived(mode));
    this.#lastReadingAt = undefined;
    this.#schedule = this.#newSchedule(this.#schedule.owedMillis);
    if (exact && this.#deps.exact) this.#beginExact(exact);
    this.#plan();
    this.#changeIntervalIfDue();
  }

  /**
   * Polls more often from now on, for a traced component. Restarts the sampler unless its interval is small
   * enough.
   *
   * @param samplingInterval largest allowed interval, in mean bytes between samples
   */
  trace(samplingInterval: number): void {
    this.#traced = true;
    this.#intervals.trace(samplingInterval);
    if (!this.#mode) return;
    this.#schedule = this.#newSchedule(this.#schedule.owedMillis);
    this.#plan();
    this.#changeIntervalIfDue();
  }

  /**
   * Records that the sampler could not be started, and retries later.
   *
   * @param changes see {@link samplerStarted}
   */
  samplerRefused(reason: 'taken' | 'failed', changes: number = this.#changesByMain): void {
    this.#answered(changes);
    // The old sampler was stopped to start another.
    if (typeof this.#change === 'object' && this.#mode) this.#intervalChanged(this.#change.samplingInterval);
    this.#change = undefined;
    this.#mode = undefined;
    this.#endExact({ why: 'the sampler cannot be started', isComplete: false });
    this.#deps.stats.recordSamplerLoss(reason);
    this.#retryLater();
  }

  /** Records that the main thread was too busy to replace the sampler in time. Asks again, for longer. */
  samplerKept(): void {
    // The sampler is the same: an open poll counts. In exact mode, it has a collection behind it.
    this.#answers.stop();
    this.#change = undefined;
    this.#replaceWithinMillis = Math.min(MAX_REPLACE_WITHIN_MILLIS, this.#replaceWithinMillis * MORE_PATIENT);
    if (this.#mode) this.#changeIntervalIfDue();
    else this.#retryLater();
  }

  stop(): void {
    this.#stopped = true;
    this.#exact?.schedule.stop();
    // An open poll is never answered once the inspector is closed.
    this.#deps.exact?.setReading(false);
    clearTimeout(this.#timer);
    this.#answers.stop();
    this.#queue.endPause();
  }

  /** Polls as soon as the present work is done. */
  pollNow(): Promise<void> {
    return this.#queue.runSoon(async () => void (await this.#poll()));
  }

  /** Polls a last time. Resolves to true if that shows everything until now; to false if not, or after a time, in ms. */
  pollLast(millis: number): Promise<boolean> {
    const polled = this.#queue
      .runSoon(() => this.#poll())
      .then(
        (reading) => reading !== undefined,
        (error: Error) => {
          this.#deps.log('error', `poll failed: ${error.message}`);
          return false;
        },
      );
    // Unreferenced: other work keeps the thread alive while it is needed.
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), millis).unref());
    return Promise.race([polled, late]);
  }

  /**
   * Polls after a major collection, as everything shown then is reachable. Does nothing if such polls would
   * come more often than pairs.
   */
  async collected(): Promise<void> {
    const now = performance.now();
    if (!this.#mode || !seesShortLived(this.#mode) || this.#exact) return;
    // Inside a pair, its second poll comes soon enough, and interrupting the pair would waste it.
    if (this.#queue.isPausing || now - this.#readBehindMajorAt < this.#schedule.meanGapMillis) return;
    this.#readBehindMajorAt = now;
    await this.#queue.run(async () => void (await this.#poll()));
  }

  #newSchedule(owedMillis = 0): PollSchedule {
    const { samplingInterval } = this.#deps.ledger;
    const gaps = this.#traced ? GAPS.traced : GAPS.plain;
    return new PollSchedule({
      samplingInterval,
      cpuBudget: () => this.cpuBudget,
      owedMillis,
      minGapMillis: this.#mode === 'inspector' ? INSPECTOR_MIN_GAP_MILLIS : gaps.minGapMillis,
      maxGapMillis: this.#mode === 'inspector' ? 3_600_000 : gaps.maxGapMillis,
    });
  }

  #plan(): void {
    this.#pairAt = performance.now() + this.#schedule.nextGapMillis();
    this.#waitForPair();
  }

  /** Waits until the next pair. A window of leak detection that ends before is not kept waiting for that. */
  #waitForPair(): void {
    // Without a sampler, the timer is in use for asking for it again.
    if (this.#stopped || !this.#mode || this.#exact) return;
    clearTimeout(this.#timer);
    const now = performance.now();
    const windowEnds = this.#windowEndsMillis;
    if (windowEnds > now && windowEnds < this.#pairAt) {
      // Another poll may have ended it meanwhile.
      const poll = async () => void (this.#windowEndsMillis === windowEnds && (await this.#poll()));
      this.#later(windowEnds - now, poll, () => this.#waitForPair());
    } else
      this.#later(
        this.#pairAt - now,
        () => this.#pair(),
        () => this.#plan(),
      );
  }

  #later(millis: number, work: () => Promise<void>, next: () => void): void {
    this.#timer = setTimeout(
      () => {
        this.#queue
          .run(work)
          .catch((error: Error) => this.#deps.log('error', `poll failed: ${error.message}`))
          .finally(next);
      },
      Math.max(1, Math.ceil(millis)),
    );
  }

  /** When the present window of leak detection ends; infinite where polls force a collection. */
  get #windowEndsMillis(): number {
    const { windowEndsMillis = () => Number.POSITIVE_INFINITY } = this.#deps;
    return this.#mode === 'inspector' ? Number.POSITIVE_INFINITY : windowEndsMillis();
  }

  /** Records an answer of the main thread about the sampler. */
  #answered(changes: number): void {
    this.#answers.add();
    this.#samplerChanges = changes;
  }

  get #changesByMain(): number {
    return this.#deps.exact?.samplerChanges() ?? 0;
  }

  #beginExact(start: ExactStart): void {
    const { exact, ledger, log, readyForRestart } = this.#deps;
    const { isResuming } = ledger;
    const run = new ExactRun(start, {
      exact: exact!,
      isResuming,
      maxObjects: this.#options.maxExactObjects,
      log,
    });
    this.#exact = run;
    exact!.onBegin();
    clearTimeout(this.#timer);
    run
      .follow(() => this.#queue.run(async () => void (await this.#poll())), readyForRestart)
      .catch((error: Error) => log('error', `exact mode: ${error.message}`));
  }

  #endExact(end: ExactEnd): void {
    const exact = this.#exact;
    if (!exact) return;
    this.#exact = undefined;
    // The budget is not for what exact mode costs.
    this.#costAtPair = undefined;
    exact.end(end);
  }

  /** Polls once, see `#read`. In exact mode, the program waits until the poll is read. */
  async #poll(pairedWith?: number): Promise<Reading | undefined> {
    return this.#exact ? this.#exact.whileWaiting(() => this.#read()) : this.#read(pairedWith);
  }

  /** Polls twice; once if the mode cannot see short-lived objects. */
  async #pair(): Promise<void> {
    const { stats } = this.#deps;
    let cost = 0;
    // Sum up only the polls: other work in between (compressing, encoding) is not part of a pair's cost.
    const poll = async (pairedWith?: number) => {
      const before = stats.workMillis();
      const reading = await this.#poll(pairedWith);
      cost += stats.workMillis() - before;
      return reading;
    };
    const first = await poll();
    if (first && this.#mode && seesShortLived(this.#mode)) {
      // Discard an interrupted pair: its few samples would get far too much weight.
      if (!(await this.#queue.pause(this.#schedule.pairMillis))) return;
      const second = await poll(first.at);
      if (second) this.#schedule.recordPair(second.isComplete);
    }
    this.#schedule.recordCost(cost);
    // The rest of the cost: samples, garbage collections, polls and profiles on request, metrics.
    const total = stats.cpuMillis();
    if (this.#costAtPair !== undefined) this.#schedule.recordExtraCost(total - this.#costAtPair - cost);
    this.#costAtPair = total;
  }

  /**
   * Polls once.
   *
   * @param pairedWith time of the pair's first poll, in ms; undefined outside a pair
   * @returns undefined if the poll failed
   */
  async #read(pairedWith?: number): Promise<Reading | undefined> {
    const { ledger, poller, stats, onReading } = this.#deps;
    // A poll could find no sampler, or the new one, before the answer says so.
    await this.#answers.pending;
    if (!this.#mode || this.#stopped) return undefined;
    const answers = this.#answers.count;
    const exact = this.#exact;
    const waits = this.#options.exactOverload !== 'lose';
    const isMajor = exact?.schedule.isMajorDue ?? false;
    const result = await this.#inTime(poller.poll(exact && (waits ? EXACT_WAIT_MILLIS : 0), isMajor));
    // Let an answer come first that the main thread gave before the poll's.
    if (this.#change) await new Promise((resolve) => setImmediate(resolve));
    if (!this.#mode || this.#stopped || this.#answers.count !== answers) return undefined;
    // The main thread has replaced the sampler, and its message about that is on the way.
    if (this.#samplerChanges !== this.#changesByMain) return undefined;
    const isChanging = typeof this.#change === 'object';
    if (result.status !== 'ok') return isChanging ? undefined : this.#lost(result.status);
    const at = performance.now();
    const without = exact?.filter.filter(result.profile);
    const profile = without?.profile ?? result.profile;
    const { samples } = profile;
    const isForeign = without?.isForeign || hasForeignInterval(profile, ledger.samplingInterval);
    if (isForeign && isChanging) return undefined;
    const pairMillis = pairedWith === undefined ? undefined : at - pairedWith;
    const { collections = { scavenges: this.#deps.takeScavenges(), majors: [] } } = result;
    ledger.noteCollections(collections);
    const change = isForeign
      ? ({ status: 'restarted', nodes: 0 } as const)
      : ledger.update(profile, at, pairMillis, at - result.latencyMillis, without);
    const pause = pauseOf(this.#mode, result.latencyMillis, change.nodes + samples.length);
    stats.addPoll(pause);
    stats.lookAtV8Threads(at);
    if (change.status !== 'ok') return this.#lost('restarted');
    stats.addSamples(change.fresh + change.unseen, change.meanFrames);
    if (this.#lastReadingAt !== undefined) {
      this.#schedule.recordRate(change.fresh + change.unseen, at - this.#lastReadingAt);
    }
    this.#lastReadingAt = at;
    this.#rate.observe(ledger.counts.samples, at);
    onReading();
    const workMillis = performance.now() - at;
    stats.addWork?.(workMillis);
    if (exact) {
      if (waits) this.#deps.exact?.onWaited(workMillis);
      if (isMajor) exact.schedule.collected();
      exact.polled(change, waits ? pause + workMillis : pause);
    }
    this.#changeIntervalIfDue();
    return { at, isComplete: change.isComplete };
  }

  /** Waits for an answer without a time limit, as asking again would not help. Logs an overdue one. */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const { stats, log, onOverdue } = this.#deps;
    const tell = () => {
      stats.drop('poll_overdue');
      log('info', `the main thread has not answered for ${OVERDUE_MILLIS / 1000} s; waiting for it`);
    };
    const timer = setTimeout(() => (onOverdue ?? tell)(OVERDUE_MILLIS), OVERDUE_MILLIS);
    timer.unref();
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  #changeIntervalIfDue(): void {
    if (this.#exact || this.#change || !this.#nextInterval()) return;
    this.#change = true;
    this.#askForChange().catch((error: Error) => {
      if (this.#change === true) this.#change = undefined;
      this.#deps.log('error', `the sampling interval cannot be changed: ${error.message}`);
    });
  }

  /**
   * Polls a last time, then asks for another interval. Polling continues without the answer if that does not come in time,
   * because a main thread in a long loop answers polls but no messages.
   */
  async #askForChange(): Promise<void> {
    const { readyForRestart, startSampler } = this.#deps;
    await readyForRestart();
    await this.#queue.runSoon(async () => {
      await this.#poll();
      // An answer has come meanwhile, or what was alive has died.
      if (this.#change !== true) return;
      this.#change = this.#mode && !this.#stopped ? this.#nextInterval() : undefined;
      if (!this.#change) return;
      const { samplingInterval } = this.#change;
      this.#answers.expect(this.#replaceWithinMillis + CHANGE_GRACE_MILLIS);
      startSampler({ samplingInterval, replaceUntilMillis: monotonicMillis() + this.#replaceWithinMillis });
    });
  }

  #nextInterval(): IntervalChange | undefined {
    const { ledger, stats, isFollowed, isFillingWindows } = this.#deps;
    return this.#intervals.next({
      samplingInterval: ledger.samplingInterval,
      liveSamples: ledger.counts.liveSamples,
      samplesPerSecond: this.#rate.perSecond,
      sampleMicros: stats.sampleMicros,
      cpuBudget: this.cpuBudget,
      mayNotCoarsen: this.#traced || this.#mode === 'inspector' || isFollowed(),
      isFillingWindows: isFillingWindows(),
    });
  }

  /** Carries over what was alive at the last poll to a sampler with another interval. */
  #intervalChanged(samplingInterval: number, endReason?: string): void {
    const { ledger, stats, log, onReplaced, onIntervalChanged } = this.#deps;
    const reason = typeof this.#change === 'object' ? this.#change.reason : 'traced';
    const traced = endReason ?? 'a component of this process is traced';
    const why = reason === 'traced' ? traced : this.#costs();
    const text = `sampling every ${samplingInterval} bytes instead of ${ledger.samplingInterval} from now on: ${why}`;
    this.#rate.reset();
    clearTimeout(this.#timer);
    stats.recordSamplerLoss(reason);
    ledger.attribute(performance.now(), true);
    onReplaced();
    ledger.intervalReplaced(samplingInterval);
    onIntervalChanged();
    log('info', text);
  }

  /** Describes the present cost of sampling, for the log. */
  #costs(): string {
    const { ledger, stats } = this.#deps;
    const perSecond = Math.round(this.#rate.perSecond);
    const percent = ((this.#rate.perSecond * stats.sampleMicros) / 10_000).toFixed(2);
    return `${ledger.counts.liveSamples} samples are alive, ${perSecond} are taken per second, which takes ${percent} % of a core`;
  }

  #lost(reason: 'stopped' | 'failed' | 'restarted'): undefined {
    const { ledger, stats, log, onReading, onSamplerLost } = this.#deps;
    this.#mode = undefined;
    clearTimeout(this.#timer);
    stats.recordSamplerLoss(reason);
    // First, as the loss frees everything in captures.
    this.#endExact({ why: LOST_TEXT[reason], isComplete: false });
    ledger.samplerLost();
    onSamplerLost();
    onReading();
    log('warn', `${LOST_TEXT[reason]}; live samples before this moment are out of sight, trying again`);
    this.#retry.lost(performance.now());
    // The main thread has yet to answer a request.
    if (typeof this.#change !== 'object') this.#retryLater();
    return undefined;
  }

  #retryLater(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#deps.startSampler({ samplingInterval: this.#deps.ledger.samplingInterval }),
      this.#retry.nextMillis(),
    );
  }
}

const LOST_TEXT = {
  stopped: 'somebody stopped the heap sampler',
  restarted: 'somebody restarted the heap sampler',
  failed: 'the heap sampler could not be read',
} as const;
