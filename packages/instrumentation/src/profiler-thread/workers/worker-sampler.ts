import { type SamplerMode, STACK_DEPTH } from '../../protocol/sampler-mode.js';
import { monotonicMillis } from '../../protocol/steady-clock.js';
import type { Collections } from '../ledger/index.js';
import type { HeapPoller, PollResult } from '../polling/heap-poller.js';
import type { SamplingProfile } from '../polling/sampling-profile.js';
import { sleep } from '../sleep.js';
import { type SetUp, type Started, setUpCode, startCode, TAKE_CODE, type Taken } from './worker-code.js';
import type { Answer, WorkerTarget } from './worker-target.js';

export interface WorkerSamplerOptions {
  /** Path of the native binding's module; undefined without one. */
  readonly binding: string | undefined;
  /** Called with the time that parsing a reply took, in ms. */
  readonly spent: (millis: number) => void;
}

/** Result of starting a sampler, and why the native binding did not start it. */
export interface WorkerStart {
  readonly mode: SamplerMode | 'taken' | 'failed';
  readonly problem: string;
}

/** Answer of `Runtime.evaluate`. */
interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: {
    readonly text: string;
    readonly exception?: { readonly description?: string };
  };
}

const NOT_STARTED = 'not started';
/** Time between the first attempts to reach a worker that is not ready yet, and between later ones, in ms. */
const FIRST_RETRY_MILLIS = 50;
const MAX_RETRY_MILLIS = 5_000;
/** Number of times that setting up a worker may fail. */
const MAX_FAILURES = 5;

/** Starts and polls V8's sampler of one worker, by evaluating code in it. */
export class WorkerSampler implements Pick<HeapPoller, 'poll'> {
  readonly #target: WorkerTarget;
  readonly #options: WorkerSamplerOptions;
  #heapBytes = 0;
  #failure: string | undefined;

  constructor(target: WorkerTarget, options: WorkerSamplerOptions) {
    this.#target = target;
    this.#options = options;
  }

  get hasEnded(): boolean {
    return this.#target.hasEnded;
  }

  /** Bytes of the worker's heap that are in memory, as of the last poll. */
  get heapBytes(): number {
    return this.#heapBytes;
  }

  /** Prepares the worker as soon as its event loop turns. Undefined if it has ended before, or could not be prepared. */
  async setUp(): Promise<SetUp | undefined> {
    let failures = 0;
    for (
      let wait = FIRST_RETRY_MILLIS;
      !this.#target.hasEnded && failures < MAX_FAILURES;
      wait = Math.min(MAX_RETRY_MILLIS, wait * 1.5)
    ) {
      const setUp = await this.#evaluate<SetUp>(setUpCode(this.#options.binding), (message) => {
        failures++;
        this.#failure = message;
      });
      if (setUp?.failure !== undefined) this.#failure = setUp.failure;
      if (setUp) return setUp.failure === undefined ? setUp : undefined;
      await sleep(wait);
    }
    return undefined;
  }

  /** Why the worker could not be prepared; undefined if that did not fail. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Starts the sampler. Never rejects. */
  async start(samplingInterval: number): Promise<WorkerStart> {
    // Check first: neither the binding nor the inspector reports if a sampler was already running.
    if (await this.#isSampling()) return { mode: 'taken', problem: '' };
    const started = await this.#evaluate<Started>(startCode(samplingInterval, STACK_DEPTH));
    const isStarted = started !== undefined && started.mode !== 'none' && (await this.#isSampling());
    // A second start from this session, which V8 ignores, makes the end of the worker stop the sampler.
    const answer = await this.#target.ask('HeapProfiler.startSampling', { samplingInterval });
    const problem = started?.problem ?? '';
    if (isStarted) return { mode: started.mode as SamplerMode, problem };
    return { mode: 'error' in answer ? 'failed' : 'inspector', problem };
  }

  /** Stops the sampler. */
  async stop(): Promise<void> {
    await this.#target.ask('HeapProfiler.disable');
  }

  async poll(): Promise<PollResult> {
    const taking = this.#evaluate<Taken>(TAKE_CODE);
    const sent = performance.now();
    const parsed = this.#target.parseMillis;
    const answer = await this.#target.ask('HeapProfiler.getSamplingProfile');
    const latencyMillis = performance.now() - sent;
    const taken = await taking;
    this.#options.spent(this.#target.parseMillis - parsed);
    if (taken) this.#heapBytes = taken.heapBytes;
    if ('error' in answer) {
      const { message } = answer.error;
      return message.includes(NOT_STARTED) ? { status: 'stopped' } : { status: 'failed', reason: message };
    }
    const profile = answer.result.profile as SamplingProfile;
    return { status: 'ok', profile, latencyMillis, collections: collectionsOf(taken) };
  }

  async #isSampling(): Promise<boolean> {
    return 'result' in (await this.#target.ask('HeapProfiler.getSamplingProfile'));
  }

  /**
   * Evaluates code that returns JSON; undefined if it could not run or has thrown.
   *
   * @param onThrown called with the message of what it has thrown
   */
  async #evaluate<T>(
    expression: string,
    onThrown: (message: string) => void = () => {},
  ): Promise<T | undefined> {
    const answer: Answer = await this.#target.ask('Runtime.evaluate', {
      expression,
      returnByValue: true,
      silent: true,
      disableBreaks: true,
    });
    if ('error' in answer) return undefined;
    const { exceptionDetails, result } = answer.result as unknown as Evaluated;
    if (exceptionDetails !== undefined) {
      const thrown = exceptionDetails.exception?.description ?? exceptionDetails.text;
      onThrown(thrown.split('\n', 1)[0]!);
      return undefined;
    }
    const { value } = result;
    try {
      return typeof value === 'string' && value !== '' ? (JSON.parse(value) as T) : undefined;
    } catch {
      onThrown('the application has changed JSON.stringify');
      return undefined;
    }
  }
}

/** Converts times to the clock of the polls. */
function collectionsOf(taken: Taken | undefined): Collections {
  const toReadings = performance.now() - monotonicMillis();
  return {
    scavenges: taken?.scavenges ?? 0,
    majors: (taken?.majors ?? []).map(([mark, sweep, turn]) => ({
      markMillis: mark + toReadings,
      sweepMillis: sweep + toReadings,
      turnMillis: turn + toReadings,
    })),
  };
}
