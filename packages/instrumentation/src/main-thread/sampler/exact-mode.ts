import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import type { ExactStart } from '../../protocol/messages.js';
import { contain } from '../containment/contain.js';
import { measureSampleMicros, prepareExactHeap } from './exact-heap.js';
import { setExactStackFlags } from './exact-stack-flags.js';
import type { OwnSampler } from './own-sampler.js';

/** Sampling interval of exact mode, in bytes: every allocation is a sample. */
export const EXACT_INTERVAL = 1;
const COST = 'expect code that allocates much to run 5 to 20 times slower';

/** Prepares exact mode in this process, and starts the sampler for it. */
export class ExactMode {
  readonly #log: Log;
  #start: ExactStart | undefined;
  #isImpossible = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Facts for the profiler thread about a sampler of this interval. */
  startOf(samplingInterval: number): ExactStart | undefined {
    return samplingInterval === EXACT_INTERVAL ? this.#start : undefined;
  }

  /**
   * Starts the sampler at interval 1. The first time, this takes some tens of ms.
   *
   * @returns undefined if exact mode is not possible here; the reason is logged, and the sampler does not run
   */
  startSampler(sampler: OwnSampler): ReturnType<OwnSampler['start']> | undefined {
    if (this.#isImpossible) return undefined;
    const isFirst = this.#start === undefined;
    const youngBytes = this.#start?.youngBytes ?? this.#prepare();
    if (youngBytes === undefined) return this.#refuse('V8 gives no access to its garbage collector');
    const mode = sampler.start(EXACT_INTERVAL);
    if (mode === 'taken' || mode === 'failed') return mode;
    if (mode === 'inspector') {
      sampler.stop();
      return this.#refuse(
        'each poll would force a collection before it; install @datadog/pprof, or use Node 26',
      );
    }
    if (!isFirst) return mode;
    const sampleMicros = measureSampleMicros();
    this.#start = { youngBytes, sampleMicros };
    this.#log(
      'info',
      `exact mode: every allocation of the main thread is recorded, at about ${sampleMicros.toFixed(1)} us each; ${COST}`,
    );
    // Again, without the objects of the measurement.
    sampler.stop();
    return sampler.start(EXACT_INTERVAL);
  }

  #prepare(): number | undefined {
    const failed = (thrown: unknown) => this.#log('debug', `exact mode: ${describeThrown(thrown)}`);
    contain(setExactStackFlags, failed);
    return contain(prepareExactHeap, failed);
  }

  #refuse(why: string): undefined {
    this.#isImpossible = true;
    this.#log('warn', `exact mode is not possible here, captures are sampled: ${why}`);
    return undefined;
  }
}
