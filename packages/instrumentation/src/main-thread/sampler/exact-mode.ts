import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import type { ExactStart } from '../../protocol/messages.js';
import type { SamplerMode } from '../../protocol/sampler-mode.js';
import { monotonicMillis } from '../../protocol/steady-clock.js';
import { contain } from '../containment/contain.js';
import { measureSampleMicros, prepareExactHeap, releaseExactHeap } from './exact-heap.js';
import { setExactStackFlags } from './exact-stack-flags.js';
import type { OwnSampler } from './own-sampler.js';

/** Sampling interval of exact mode, in bytes: every allocation is a sample. */
export const EXACT_INTERVAL = 1;
const COST = 'expect code that allocates much to run 5 to 20 times slower';

/** Prepares exact mode in this process, and starts the sampler for it. Never throws. */
export class ExactMode {
  readonly #log: Log;
  #start: ExactStart | undefined;
  #sampleMicros: number | undefined;
  #isImpossible = false;
  #isPrepared = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Facts for the profiler thread; undefined while exact mode does not run. */
  get start(): ExactStart | undefined {
    return this.#start;
  }

  /**
   * Starts the sampler at interval 1. This takes some tens of ms.
   *
   * @returns undefined if exact mode is not possible here; the reason is logged, and the sampler does not run
   */
  startSampler(sampler: OwnSampler): ReturnType<OwnSampler['start']> | undefined {
    if (this.#isImpossible) return undefined;
    // First, as preparing takes collections, which are in vain while other code has the sampler.
    const first = sampler.start(EXACT_INTERVAL);
    if (!isRunning(first)) return this.#notStarted(first);
    const isPossible = this.isPossible(first);
    const sampleMicros = isPossible ? (this.#sampleMicros ?? measureSampleMicros()) : 0;
    sampler.stop();
    if (!isPossible) return undefined;
    const youngBytes = this.#prepare();
    if (youngBytes === undefined) return this.#refuse('V8 gives no access to its garbage collector');
    // Again, without the objects of the measurement and the preparation.
    const mode = sampler.start(EXACT_INTERVAL);
    if (!isRunning(mode)) return this.#notStarted(mode);
    if (this.#sampleMicros === undefined) this.#tellCost(sampleMicros);
    this.#sampleMicros = sampleMicros;
    this.#start = { youngBytes, sampleMicros, startedMillis: monotonicMillis() };
    return mode;
  }

  /**
   * Returns true if exact mode is possible with a sampler that was started in this way, as far as that is known. Logs once why
   * it is not.
   */
  isPossible(mode: SamplerMode): boolean {
    if (this.#isImpossible || mode !== 'inspector') return !this.#isImpossible;
    this.#refuse('each poll would force a collection before it; install @datadog/pprof, or use Node 26');
    return false;
  }

  /** Call when the sampler of exact mode does not run any more: V8 collects as before, and still inlines nothing. */
  end(): void {
    this.#start = undefined;
    if (this.#isPrepared) contain(releaseExactHeap, (thrown) => this.#failed(thrown));
    this.#isPrepared = false;
  }

  #notStarted<T>(reason: T): T {
    this.end();
    return reason;
  }

  #tellCost(micros: number): void {
    this.#log(
      'info',
      `exact mode: every allocation of the main thread is recorded, at about ${micros.toFixed(1)} us each; ${COST}`,
    );
  }

  #prepare(): number | undefined {
    const failed = (thrown: unknown) => this.#failed(thrown);
    contain(setExactStackFlags, failed);
    this.#isPrepared = true;
    return contain(prepareExactHeap, failed);
  }

  #failed(thrown: unknown): void {
    this.#log('debug', `exact mode: ${describeThrown(thrown)}`);
  }

  #refuse(why: string): undefined {
    this.#isImpossible = true;
    this.end();
    this.#log('warn', `exact mode is not possible here, captures are sampled: ${why}`);
    return undefined;
  }
}

function isRunning(mode: SamplerMode | 'taken' | 'failed'): mode is SamplerMode {
  return mode !== 'taken' && mode !== 'failed';
}
