import type * as Inspector from 'node:inspector';
import type { FunctionLocation } from '../../protocol/code-place.js';
import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import type { ObjectCountTable } from '../../protocol/object-count-table.js';
import { process } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';
import { locateFunction } from './locate-function.js';
import { readObjectCounts } from './read-object-counts.js';
import { connectSamplerSession, type RunningSampler, startSampler } from './sampler.js';
import { type LoadedBinding, loadSamplerBinding } from './sampler-binding.js';

const FORCED_COLLECTIONS =
  'polls force a garbage collection, so they are rare, and allocation by call site is not known';

/** Holds V8's one sampler and the inspector session that it needs. Its methods never throw. */
export class OwnSampler {
  readonly #log: Log;
  #session: Inspector.Session | undefined;
  #loaded: LoadedBinding | undefined;
  #sampler: RunningSampler | undefined;
  #saidTaken = false;
  #interval = 0;
  #mayWarn = false;
  #warning: string | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Mode of the running sampler; undefined while heapray's sampler does not run. */
  get mode(): RunningSampler['mode'] | undefined {
    return this.#sampler?.mode;
  }

  /** Path of the native binding's module; undefined without one. */
  get bindingFile(): string | undefined {
    return this.#loaded?.binding && this.#loaded.file;
  }

  /** Mean bytes between samples of the running sampler, or of the last one. */
  get interval(): number {
    return this.#interval;
  }

  /** Opens the session unless it is open; returns false, with a message, if that fails. */
  connect(): boolean {
    if (this.#session) return true;
    this.#session = contain(
      () => {
        const inspector: typeof Inspector | undefined = process.getBuiltinModule('node:inspector');
        if (inspector?.Session) return connectSamplerSession(inspector);
        this.#log('error', 'this Node has no inspector: memory is not profiled');
        return undefined;
      },
      (thrown) =>
        this.#log(
          'error',
          `the inspector may not be used, so memory is not profiled: ${describeThrown(thrown)}`,
        ),
    );
    this.#loaded = loadSamplerBinding();
    return this.#session !== undefined;
  }

  /**
   * Starts the sampler.
   *
   * @param interval mean bytes between samples
   */
  start(interval: number): RunningSampler['mode'] | 'taken' | 'failed' {
    // Do not stop it: a sampler that runs now was started by other code.
    this.#sampler = undefined;
    const failed = (reason: string) =>
      this.#log('error', `cannot start the heap sampler, memory is not profiled: ${reason}`);
    const session = this.#session;
    const loaded = this.#loaded;
    const start =
      session &&
      loaded &&
      contain(
        () => startSampler(interval, session, loaded),
        (thrown) => failed(describeThrown(thrown)),
      );
    if (!start) return 'failed';
    if (start.status === 'failed') {
      failed(start.reason);
      return 'failed';
    }
    if (start.status === 'taken') {
      const level = this.#saidTaken ? 'debug' : 'warn';
      this.#log(level, 'the heap sampler is in use by somebody else; waiting for it');
      this.#saidTaken = true;
      return 'taken';
    }
    this.#saidTaken = false;
    this.#sampler = start.sampler;
    this.#interval = interval;
    const { mode } = start.sampler;
    this.#log('debug', `heap sampler started (${mode}), every ${interval} bytes`);
    this.#warning = mode === 'inspector' ? `${FORCED_COLLECTIONS}: ${start.problem}` : undefined;
    if (this.#mayWarn) this.#warn();
    return mode;
  }

  /** Logs a warning about the mode once profiling has begun; before that, it might not apply. */
  profilingBegan(): void {
    this.#mayWarn = true;
    this.#warn();
  }

  #warn(): void {
    if (this.#warning !== undefined) this.#log('warn', this.#warning);
    this.#warning = undefined;
  }

  /** Call when other code has stopped or replaced the sampler: heapray must not stop that code's. */
  lost(): void {
    this.#sampler = undefined;
  }

  /** Stops the sampler if heapray started it. */
  stop(): void {
    const sampler = this.#sampler;
    this.#sampler = undefined;
    if (sampler) contain(() => sampler.stop(), ignore);
  }

  /**
   * Stops the sampler and closes the session if heapray started it; closing would also stop other code's
   * sampler.
   */
  release(): void {
    if (!this.#sampler) return;
    this.stop();
    contain(() => this.#session?.disconnect(), ignore);
    this.#session = undefined;
  }

  /** Returns V8's object counts by stack; undefined if the native binding is unavailable or fails. */
  objectCounts(): ObjectCountTable | undefined {
    return contain(
      () => this.#loaded?.binding && readObjectCounts(this.#loaded.binding),
      (thrown) => this.#log('debug', `object counts: ${describeThrown(thrown)}`),
    );
  }

  /** Returns where a function starts; undefined if it has no place in a script. */
  locate(work: unknown): FunctionLocation | undefined {
    return this.#session && locateFunction(this.#session, work);
  }
}

function ignore(): void {}
