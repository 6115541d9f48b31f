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
   * @param exact set for an exact capture
   */
  begin(
    key: number,
    component: string,
    again: BeginAgain | false = false,
    kind: CaptureScope = 'process',
    exact?: ExactCapture | undefined,
  ): void {
    this.#inOrder(() => this.#begin(key, component, again, kind, exact), exact !== undefined);
  }

  async #begin(
    key: number,
    component: string,
    again: BeginAgain | false,
    kind: CaptureScope,
    exact: ExactCapture | undefined,
  ): Promise<void> {
    const { ComponentCapture } = await this.load();
    // A poll would take away what the capture is to begin with.
    if (!exact?.sinceReplaced) await this.#deps.pollNow();
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
    const missed = () => (isExactLate() ? undefined : ledger.counts.unseenSamples - before);
    return {
      commandLine: exactLineOf(scope ? scopeText(undefined) : WHOLE_PROCESS, 0),
      presentCommandLine: () => exactLineOf(scope ? scopeText(scope.unassigned) : WHOLE_PROCESS, missed()),
    };
  }

  /** Call when exact mode has ended: exact captures end, and sampled ones follow them. */
  exactEnded(): void {
    const exact = [...this.#open].filter(([, { isExact }]) => isExact);
    if (exact.length > 0) this.#deps.attribute();
    for (const [key, { component, scope }] of exact) {
      this.#finish(key);
      this.begin(key, component, false, scope ? 'component' : 'process');
    }
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
    this.#inOrder(async () => {
      await this.#deps.pollNow();
      this.#deps.attribute();
      this.#finish(key);
    }, isExact);
  }

  /** Ends all captures without another poll. */
  endAll(): void {
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
