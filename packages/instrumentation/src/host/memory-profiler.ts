import type * as Inspector from 'node:inspector';
import v8 from 'node:v8';
import type {
  AgentOptions,
  AgentView,
  SuspectView,
  TopSitesView,
  TopSitesWanted,
} from '../agent/messages.js';
import { type ComponentCaptures, declaredComponents, setComponentCaptures } from '../components.js';
import type { ResolvedConfig } from '../config/index.js';
import type { Log } from '../diag.js';
import {
  connectSamplerSession,
  loadSamplerBinding,
  type RunningSampler,
  type SamplerBinding,
  startSampler,
} from '../source/sampler.js';
import { AgentThread } from './agent-thread.js';
import { CollectionWatch } from './collection-watch.js';
import { ComponentCaptureCalls } from './component-capture-calls.js';
import { ExitGuard } from './exit-guard.js';
import { type LeakListener, LeakListeners } from './leak-listeners.js';
import { locateFunction } from './locate-function.js';
import { readObjectCounts } from './object-count-table.js';
import { ViewContinuity } from './view-continuity.js';

/** Resolves the configuration again for the components declared by then. */
export type ConfigFor = (declared: readonly string[]) => ResolvedConfig;

const FIRST_RESTART_MILLIS = 1_000;
const MAX_RESTART_MILLIS = 60_000;
/** Names may be declared by modules that load after the profiler; then unknown ones are reported. */
const DECLARATION_MILLIS = 2_000;

/**
 * Profiles this process: starts V8's sampler on the main thread, runs the profiler thread that reads it,
 * and sees both through to the end of the process. Nothing here throws into the application.
 */
export class MemoryProfiler {
  readonly #config: ResolvedConfig;
  readonly #configFor: ConfigFor;
  #latest: { readonly declared: number; readonly config: ResolvedConfig };
  readonly #log: Log;
  #interval: number;
  readonly #guard: ExitGuard;
  readonly #calls: ComponentCaptureCalls;
  #session: Inspector.Session | undefined;
  #binding: SamplerBinding | undefined;
  #sampler: RunningSampler | undefined;
  #thread: AgentThread | undefined;
  #collections: CollectionWatch | undefined;
  readonly #continuity = new ViewContinuity();
  #threadStarted = 0;
  #threadDeaths = 0;
  #restartMillis = FIRST_RESTART_MILLIS;
  readonly #leakListeners = new LeakListeners((what) => this.#log('error', `onLeakSuspect threw: ${what}`));
  #timers = new Set<NodeJS.Timeout>();
  #stopped = false;
  #warned = false;
  #saidTaken = false;
  #address: string | undefined;

  constructor(configFor: ConfigFor, log: Log) {
    this.#configFor = configFor;
    this.#config = configFor(declaredComponents());
    this.#latest = { declared: declaredComponents().length, config: this.#config };
    this.#log = log;
    const { options } = this.#config;
    this.#interval = this.#traced ? options.tracedSamplingInterval : options.samplingInterval;
    this.#guard = new ExitGuard(() => this.#finishNow());
    this.#calls = new ComponentCaptureCalls({
      isTraced: (name) => this.#isTraced(name),
      begin: (capture, component) => this.#thread?.send({ type: 'capture-begin', capture, component }),
      end: (capture) => this.#thread?.send({ type: 'capture-end', capture }),
      onActive: (active) => this.#guard.watchSignals(active || this.#tracedThroughout),
    });
  }

  /** Calls back for each new leak suspect, until the returned function is called. */
  onLeakSuspect(listener: LeakListener): () => void {
    return this.#leakListeners.add(listener);
  }

  get config(): ResolvedConfig {
    return this.#config;
  }

  /** Mean bytes between samples. */
  get samplingInterval(): number {
    return this.#interval;
  }

  /** How often the profiler thread died by itself. */
  get threadDeaths(): number {
    return this.#threadDeaths;
  }

  /** Where `/debug/pprof` is served, once it is. */
  get debugAddress(): string | undefined {
    return this.#address;
  }

  start(): void {
    this.#session = this.#connectSession();
    if (!this.#session) return;
    this.#binding = loadSamplerBinding();
    const mode = this.#startSampler();
    if (mode === 'failed') return;
    this.#guard.watchSignals(this.#tracedThroughout);
    this.#startThread(mode === 'taken' ? undefined : mode);
    this.#watchCollections();
    setComponentCaptures(this.#componentCaptures());
    if (this.#config.detailed && this.#config.components.length > 0) {
      this.#log(
        'warn',
        `detailed tracing is not available: captures are sampled every ${this.#interval} bytes`,
      );
    }
    this.#later(DECLARATION_MILLIS, () => this.#warn());
  }

  /**
   * What metrics say now; undefined when the profiler thread is gone or does not answer.
   *
   * @param withSites whether call sites are wanted
   */
  async view(withSites: boolean): Promise<AgentView | undefined> {
    const view = await this.#thread?.view(withSites);
    return view && this.#continuity.with(view);
  }

  /** The largest call sites now, for a metric producer; undefined as for `view`. */
  async topSites(wanted: TopSitesWanted): Promise<TopSitesView | undefined> {
    const view = await this.#thread?.topSites(wanted);
    return view && this.#continuity.withTop(wanted.producer, view);
  }

  /** Stops in an orderly way; captures are finished. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#warn();
    setComponentCaptures(undefined);
    this.#collections?.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#thread?.stop();
    this.#guard.dispose();
    this.#sampler?.stop();
    if (this.#sampler) this.#session?.disconnect();
  }

  /** The component whose capture runs from start to exit: this process's own, if it is traced. */
  get #processCapture(): string | undefined {
    const { component } = this.#config.options;
    return this.#config.components.includes(component) ? component : undefined;
  }

  /** Whether single events are followed in this process, at least now and then. */
  get #traced(): boolean {
    return this.#config.components.length > 0 || this.#config.options.memrayLivePort !== undefined;
  }

  /** Whether they are followed from start to exit, or may be at any time. */
  get #tracedThroughout(): boolean {
    return this.#processCapture !== undefined || this.#config.options.memrayLivePort !== undefined;
  }

  #connectSession(): Inspector.Session | undefined {
    const inspector: typeof Inspector | undefined = process.getBuiltinModule('node:inspector');
    if (!inspector?.Session) {
      this.#log('error', 'this Node has no inspector: memory is not profiled');
      return undefined;
    }
    try {
      return connectSamplerSession(inspector);
    } catch (error) {
      this.#log(
        'error',
        `the inspector may not be used, so memory is not profiled: ${(error as Error).message}`,
      );
      return undefined;
    }
  }

  #startSampler(): RunningSampler['mode'] | 'taken' | 'failed' {
    if (!this.#session) return 'failed';
    const start = startSampler(this.#interval, this.#session);
    if (start.status === 'failed') {
      this.#log('error', `cannot start the heap sampler, memory is not profiled: ${start.reason}`);
      return 'failed';
    }
    if (start.status === 'taken') {
      this.#log(
        this.#saidTaken ? 'debug' : 'warn',
        'the heap sampler is in use by somebody else; waiting for it',
      );
      this.#saidTaken = true;
      return 'taken';
    }
    this.#saidTaken = false;
    this.#sampler = start.sampler;
    const { mode } = start.sampler;
    this.#log('debug', `heap sampler started (${mode}), every ${this.#interval} bytes`);
    if (mode === 'inspector') {
      this.#log(
        'warn',
        'polls force a garbage collection on this Node without @datadog/pprof (an optional dependency): ' +
          'they are rare, and allocation by call site is not known',
      );
    }
    return mode;
  }

  #startThread(mode: AgentOptions['mode'], isResumed = false): void {
    const { options } = this.#config;
    this.#threadStarted = performance.now();
    try {
      this.#thread = new AgentThread(
        {
          samplingInterval: this.#interval,
          cpuBudget: options.cpuBudget,
          maxCallSites: options.maxCallSites,
          maxLiveSamples: options.maxLiveSamples,
          isAdaptive: this.#config.sources.samplingInterval === 'default',
          groupBy: options.groupBy,
          component: options.component,
          processCapture: this.#processCapture,
          traced: this.#traced,
          home: options.home,
          memrayFormat: options.memrayFormat,
          memrayLivePort: options.memrayLivePort,
          maxCaptureBytes: options.maxCaptureBytes,
          maxCaptures: options.maxCaptures,
          aggregateOverflow: options.captureOverflow === 'aggregate',
          memrayCompress: options.memrayCompress,
          leakWindowMillis: options.leakWindow * 1000,
          heapLimit: v8.getHeapStatistics().heap_size_limit,
          debugServer: options.debugServer,
          allowGc: options.allowGc,
          commandLine: process.argv.join(' '),
          pid: process.pid,
          workingFolder: process.cwd(),
          mode,
          isResumed,
        },
        {
          log: (level, text) => this.#log(level, text),
          samplerWanted: () => this.#restartSampler(),
          restartSampler: (interval) => this.#coarsenSampler(interval),
          objectCounts: () => this.#objectCounts(),
          listening: (address) => {
            this.#address = address;
            this.#log('info', `memory profiles on http://${address}/debug/pprof/`);
          },
          leakSuspect: (suspect) => this.#leakSuspected(suspect),
          died: (reason) => this.#threadDied(reason),
        },
      );
    } catch (error) {
      this.#sampler?.stop();
      this.#log(
        'error',
        `cannot start the profiler thread, memory is not profiled: ${(error as Error).message}`,
      );
    }
  }

  #watchCollections(): void {
    try {
      this.#collections = new CollectionWatch({
        scavenged: (count) => this.#thread?.scavenged(count),
        collected: (majors) => this.#thread?.send({ type: 'collected', majors }),
      });
    } catch (error) {
      this.#log(
        'warn',
        `garbage collections cannot be observed: in-use values include garbage, no leaks are detected: ${(error as Error).message}`,
      );
    }
  }

  #leakSuspected(suspect: SuspectView): void {
    this.#log('warn', `leak suspected: ${suspect.verdict}`);
    this.#leakListeners.tell(suspect);
  }

  #restartSampler(): void {
    if (this.#stopped) return;
    // Not stopped: what runs now, if anything does, is somebody else's.
    this.#sampler = undefined;
    const mode = this.#startSampler();
    if (mode === 'taken' || mode === 'failed') this.#thread?.send({ type: 'no-sampler', reason: mode });
    else this.#thread?.send({ type: 'sampler', mode });
  }

  /** A running sampler cannot change its interval: stops it, and starts another at once. */
  #coarsenSampler(interval: number): void {
    if (this.#stopped) return;
    this.#sampler?.stop();
    this.#interval = interval;
    this.#restartSampler();
  }

  #threadDied(reason: string): void {
    this.#threadDeaths++;
    this.#continuity.threadDied();
    this.#thread = undefined;
    this.#log('error', `the profiler thread died and is started again: ${reason}`);
    const livedLong = performance.now() - this.#threadStarted > MAX_RESTART_MILLIS;
    this.#restartMillis = livedLong
      ? FIRST_RESTART_MILLIS
      : Math.min(MAX_RESTART_MILLIS, this.#restartMillis * 2);
    this.#later(this.#restartMillis, () => {
      this.#startThread(this.#sampler?.mode, this.#sampler !== undefined);
      // The new thread knows nothing of the wrapped functions yet.
      setComponentCaptures(this.#componentCaptures());
    });
  }

  #objectCounts() {
    try {
      return this.#binding && readObjectCounts(this.#binding);
    } catch (error) {
      this.#log('debug', `object counts: ${(error as Error).message}`);
      return undefined;
    }
  }

  #componentCaptures(): ComponentCaptures {
    return {
      declared: (name) => {
        if (!this.#isTraced(name) || this.#interval === this.#config.options.tracedSamplingInterval) return;
        this.#log(
          'warn',
          `component ${name} was declared after profiling had started: its capture is sampled every ` +
            `${this.#interval} bytes; declare it before, with defineComponents, for a finer one`,
        );
      },
      wrapped: ({ component, work }) => this.#labelStacks(component, work),
      begin: (name) => this.#calls.begin(name),
    };
  }

  #labelStacks(component: string, work: unknown): void {
    const location = this.#session && locateFunction(this.#session, work);
    if (location) this.#thread?.send({ type: 'component-function', component, location });
  }

  #isTraced(name: string): boolean {
    // The whole process is being captured under this name already.
    if (this.#stopped || name === this.#processCapture) return false;
    return this.#currentConfig().components.includes(name);
  }

  /** The configuration for what is declared by now. */
  #currentConfig(): ResolvedConfig {
    const declared = declaredComponents();
    if (this.#latest.declared !== declared.length) {
      // The process's own name stays allowed if it was: its capture is running.
      const own = this.#processCapture === undefined ? [] : [this.#processCapture];
      this.#latest = { declared: declared.length, config: this.#configFor([...declared, ...own]) };
    }
    return this.#latest.config;
  }

  /** Reports what the configuration dropped, once, when all modules had time to declare their components. */
  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    for (const warning of this.#currentConfig().warnings) this.#log('warn', warning);
  }

  #finishNow(): void {
    this.#warn();
    this.#thread?.finishNow(this.#calls.active || this.#tracedThroughout);
  }

  #later(millis: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#stopped) work();
    }, millis);
    timer.unref();
    this.#timers.add(timer);
  }
}
