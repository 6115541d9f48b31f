import type { CaptureError } from '@heapray/exporter/sinks';
import type { CaptureScope } from '../../protocol/captures/component-contexts.js';
import type { ExactCapture } from '../../protocol/messages.js';
import { steadyClock } from '../../protocol/steady-clock.js';
import type { LedgerSource } from '../ledger/index.js';
import type { ProfilerStats } from '../stats/profiler-stats.js';
import type { CaptureReport, ComponentCaptureOptions } from './capture-options.js';
import { scopeText, WHOLE_PROCESS } from './command-line.js';
import type { ComponentCapture } from './component-capture.js';
import { ComponentScope, type ScopeTables } from './scope/component-scope.js';
import type { FollowedSources } from './source-follower.js';

export interface CapturesDeps {
  readonly sources: FollowedSources;
  readonly stats: ProfilerStats;
  /** Knows the components of stacks. */
  readonly scopes: ScopeTables;
  readonly pollNow: () => Promise<void>;
  /** Attributes what is still pending. */
  readonly attribute: () => void;
  /** Called when an exact capture has begun or ended as requested; the main thread waits for it. */
  readonly exactDone: () => void;
  /** Returns true while exact mode runs and nothing has ended it. */
  readonly isExact: () => boolean;
  /** Returns true once the main thread has not waited for that any longer: what is missed is not known then. */
  readonly isExactLate: () => boolean;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

/** Options that all captures share. */
export interface CapturesOptions
  extends Omit<
    ComponentCaptureOptions,
    | 'component'
    | 'now'
    | 'onNotPruned'
    | 'onReport'
    | 'presentCommandLine'
    | 'scope'
    | 'whole'
    | 'wholeSource'
  > {
  /** Returns the command line of a capture with a scope, see `scopeText`. Default: always the same. */
  readonly commandLineOf?: ((scope: string) => string) | undefined;
  /** Returns the command line of an exact capture, see `exactCommandLine`. Default: always the same. */
  readonly exactLineOf?: ((scope: string, missed: number | undefined) => string) | undefined;
}

interface OpenCapture {
  readonly component: string;
  readonly capture: ComponentCapture;
  readonly scope: ComponentScope | undefined;
  readonly isExact: boolean;
}

/** Describes how to begin a capture again that a profiler thread, now dead, had begun. */
export interface BeginAgain {
  /** True if everything alive was allocated after the capture first began. */
  readonly whole: boolean;
}

/** A request to begin a capture, see `Captures.begin`. */
interface BeginRequest {
  readonly key: number;
  readonly component: string;
  readonly again: BeginAgain | false;
  readonly kind: CaptureScope;
  readonly exact: ExactCapture | undefined;
  /** Number of times that exact mode had ended when this was requested. */
  readonly exactEnds: number;
}

/** Log at most this many files that could not be deleted. */
const MAX_TOLD = 1000;
/**
 * Longest gap between two records, in ms, even while the main thread answers no poll. Processes in other
 * containers cannot see this process, so the growing file is their only sign that it runs.
 */
const SIGN_OF_LIFE_MILLIS = 5_000;

/** Manages the open captures. One that fails is closed and logged once; the application continues. */
export class Captures {
  readonly #deps: CapturesDeps;
  readonly #options: CapturesOptions;
  readonly #open = new Map<number, OpenCapture>();
  readonly #told = new Set<string>();
  #queue: Promise<void> = Promise.resolve();
  #writer: Promise<typeof import('./component-capture.js')> | undefined;
  #flushedAt = 0;
  /** Number of times that exact mode has ended. */
  #exactEnds = 0;
  /** Captures that end after a last poll. */
  readonly #ending = new Set<number>();
  /** True while captures end whose last part no poll has shown. */
  #lacksEnd = false;
  /** True once all captures have ended: none begins any more. */
  #areEnded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: CapturesDeps, options: CapturesOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Loads the capture writer lazily, because most processes never need it. A process that will trace should
   * call this at its start: later there may be no free file descriptor to load the module with.
   */
  load(): Promise<typeof import('./component-capture.js')> {
    const forget = () => {
      this.#writer = undefined;
    };
    if (this.#writer === undefined) {
      this.#writer = import('./component-capture.js');
      this.#writer.catch(forget);
    }
    return this.#writer;
  }

  /**
   * Begins a capture, after a poll, so that it holds what is allocated from now on.
   *
   * @param key number of the capture, for `end`
   * @param again set when an earlier profiler thread of this process had already begun it
   * @param kind what it holds: what belongs to the component, or everything
   * @param exact set for an exact capture; it is sampled if exact mode has ended before it begins
   */
  begin(
    key: number,
    component: string,
    again: BeginAgain | false = false,
    kind: CaptureScope = 'process',
    exact?: ExactCapture | undefined,
  ): void {
    const request = { key, component, again, kind, exact, exactEnds: this.#exactEnds };
    this.#inOrder(() => this.#begin(request), exact !== undefined);
  }

  async #begin(request: BeginRequest): Promise<void> {
    const { key, component, again, kind } = request;
    const { ComponentCapture } = await this.load();
    // A poll would take away what an exact capture is to begin with.
    if (!this.#presentExact(request)?.sinceReplaced) await this.#deps.pollNow();
    if (this.#areEnded) return;
    const exact = this.#presentExact(request);
    if (request.exact && !exact)
      this.#deps.log('info', `the capture of component ${component} is sampled: exact mode has ended`);
    // Attribute pending allocations first: they were made before the capture.
    this.#deps.attribute();
    this.#guard(key, component, () => {
      const scope = kind === 'component' ? new ComponentScope(component, this.#deps.scopes) : undefined;
      const capture = new ComponentCapture(this.#deps.sources, {
        ...this.#options,
        ...(exact ? this.#exactLines(scope) : scope && this.#commandLines(scope)),
        component,
        scope,
        whole: again !== false && again.whole,
        wholeSource: exact?.sinceReplaced ? this.#deps.sources.all[0] : undefined,
        now: steadyClock(),
        onNotPruned: (problem) => this.#notPruned(problem),
        onReport: (report) => this.#report(report),
      });
      this.#open.set(key, { component, capture, scope, isExact: exact !== undefined });
      this.#showLife();
      if (!capture.paused) this.#tellBegun(component, capture.path, again);
    });
  }

  /** Returns how an exact capture begins; undefined for a sampled one, and if exact mode has ended since the request. */
  #presentExact({ exact, exactEnds }: BeginRequest): ExactCapture | undefined {
    if (exact === undefined || exactEnds !== this.#exactEnds) return undefined;
    return exact.sinceReplaced || this.#deps.isExact() ? exact : undefined;
  }

  /** Returns the command line of a component's capture, and how it follows what is known. */
  #commandLines(scope: ComponentScope) {
    const { commandLineOf } = this.#options;
    if (commandLineOf === undefined) return {};
    return {
      commandLine: commandLineOf(scopeText(undefined)),
      presentCommandLine: () => commandLineOf(scopeText(scope.unassigned)),
    };
  }

  /** The same of an exact capture, with the number of allocations missed since its beginning. */
  #exactLines(scope: ComponentScope | undefined) {
    const { exactLineOf } = this.#options;
    if (exactLineOf === undefined) return {};
    const { ledger } = this.#deps.sources.all[0]!;
    const before = ledger.counts.unseenSamples;
    const { isExactLate } = this.#deps;
    const missed = () => (isExactLate() || this.#lacksEnd ? undefined : ledger.counts.unseenSamples - before);
    return {
      commandLine: exactLineOf(scope ? scopeText(undefined) : WHOLE_PROCESS, 0),
      presentCommandLine: () => exactLineOf(scope ? scopeText(scope.unassigned) : WHOLE_PROCESS, missed()),
    };
  }

  /**
   * Call when exact mode has ended: exact captures end, and sampled ones follow them.
   *
   * @param isComplete true if a poll has shown everything until then; else the number of missed allocations is unknown
   */
  exactEnded(isComplete: boolean): void {
    this.#exactEnds++;
    const exact = [...this.#open].filter(([, { isExact }]) => isExact);
    if (exact.length > 0) this.#deps.attribute();
    this.#lacksEnd = !isComplete;
    for (const [key, { component, scope }] of exact) {
      this.#finish(key);
      if (!this.#ending.has(key)) this.begin(key, component, false, scope ? 'component' : 'process');
    }
    this.#lacksEnd = false;
  }

  #tellBegun(component: string, path: string, again: BeginAgain | false): void {
    const text = `profiling memory of component ${component}: ${path}`;
    if (again === false) return this.#deps.log('info', text);
    const since = again.whole
      ? 'begins with everything that is alive'
      : 'holds what is allocated from now on';
    const message = `${text}, which ${since}: the profiler thread was started again`;
    this.#report({ message: { level: 'warn', text: message }, drop: 'capture_restarted' });
  }

  #report({ message, drop }: CaptureReport): void {
    if (drop !== undefined) this.#deps.stats.drop(drop);
    if (message !== undefined) this.#deps.log(message.level, message.text);
  }
  /** Logs and counts each undeletable file once, however often deletion is tried. */
  #notPruned({ path, operation, message }: CaptureError): void {
    if (this.#told.has(path) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(path);
    if (operation !== 'prune') return this.#deps.log('warn', message);
    this.#deps.stats.drop('not_pruned');
    this.#deps.log('warn', `${message}; more captures may be kept than maxCaptures`);
  }

  /**
   * Ends a capture, after a last poll.
   *
   * @param isExact true if it has begun as an exact capture
   */
  end(key: number, isExact = false): void {
    this.#ending.add(key);
    this.#inOrder(async () => {
      await this.#deps.pollNow();
      this.#ending.delete(key);
      this.#deps.attribute();
      this.#finish(key);
    }, isExact);
  }

  /**
   * Ends all captures without another poll. None begins after that.
   *
   * @param isPolled true if the last poll has shown everything until now
   */
  endAll(isPolled: boolean): void {
    this.#areEnded = true;
    this.#lacksEnd = !isPolled;
    for (const key of [...this.#open.keys()]) this.#finish(key);
  }

  /** Resolves when all requests made so far are done. */
  idle(): Promise<void> {
    return this.#queue;
  }

  /** Writes the events of the last poll. */
  flush(): void {
    this.#flushedAt = performance.now();
    for (const [key, { capture }] of this.#open) this.#guard(key, capture.path, () => capture.flush());
  }

  /**
   * Call after the sampler of a source was replaced, while its ledger still knows the live samples: polls do not show
   * them any more.
   * Marks samples as freed in all captures if no garbage collection has confirmed them: most are garbage, and would look leaked.
   */
  samplerRestarts({ ledger }: Pick<LedgerSource, 'ledger'>): void {
    if (this.count === 0) return;
    ledger.forEachReachable(({ id, isScavenged }) => {
      if (isScavenged) return;
      for (const { capture } of this.#open.values()) capture.freed(id);
    });
  }

  #showLife(): void {
    this.#timer ??= setInterval(() => {
      if (performance.now() - this.#flushedAt >= SIGN_OF_LIFE_MILLIS) this.flush();
    }, SIGN_OF_LIFE_MILLIS).unref();
  }

  #finish(key: number): void {
    const open = this.#open.get(key);
    if (!open) return;
    const { component, capture, scope } = open;
    this.#guard(key, capture.path, () => capture.finish());
    this.#closed(key);
    if (!scope) return;
    this.#deps.stats.drop('capture_unassigned', scope.unassignedSamples);
    this.#tellScope(component, scope);
  }

  #tellScope(component: string, { unassigned = 0, divided }: ComponentScope): void {
    const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
    this.#deps.log(
      'info',
      `capture of component ${component}: ${percent(unassigned)} of what the process allocated meanwhile is assigned to no ` +
        `component; ${percent(divided)} of the capture is of functions that also run for others, divided by how often they do`,
    );
  }

  #closed(key: number): void {
    this.#open.delete(key);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Runs requests one after another: a capture must have begun before it can end. */
  #inOrder(work: () => Promise<void>, isExact = false): void {
    const failed = (error: Error) => this.#deps.log('error', `captures: ${error.message}`);
    this.#queue = this.#queue.then(work).catch(failed);
    if (isExact) this.#queue = this.#queue.then(() => this.#deps.exactDone());
  }

  #guard(key: number, what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#deps.stats.drop('capture');
      this.#deps.log('error', `capture of ${what} given up: ${(error as Error).message}`);
      const open = this.#open.get(key);
      this.#closed(key);
      open?.capture.abandon();
    }
  }
}
