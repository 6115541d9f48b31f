import type { ProfilerThreadOptions } from '../protocol/messages.js';
import { STACK_DEPTH } from '../protocol/sampler-mode.js';
import { type CodeFacts, Ledger, type LedgerOptions } from './ledger/index.js';
import { sampledInterval } from './sampled-interval.js';
import { FrameResolver } from './symbolize/index.js';

export type LedgerFactoryOptions = Pick<
  ProfilerThreadOptions,
  | 'accurateStacks'
  | 'detailedTracing'
  | 'exact'
  | 'samplingInterval'
  | 'tracedSamplingInterval'
  | 'workingFolder'
>;

/**
 * Makes the ledgers of a process. They share what is known about code, and the numbers of samples, because captures follow
 * all of them.
 */
export class LedgerFactory {
  readonly #resolver: FrameResolver;
  readonly #options: LedgerFactoryOptions;
  readonly #showsInlined: boolean;
  #samples = 0;

  /** @param report takes messages about source maps */
  constructor(options: LedgerFactoryOptions, report: (text: string) => void) {
    this.#options = options;
    this.#showsInlined = options.accurateStacks;
    this.#resolver = new FrameResolver({ report, workingFolder: options.workingFolder });
  }

  /** Makes the ledger of the main thread's heap. */
  ofHeap(component: string): Ledger {
    return this.#ofHeap(component, this.#options.samplingInterval);
  }

  /** Makes the ledger of a worker thread's heap: exact mode is for the main thread only. */
  ofWorkerHeap(component: string): Ledger {
    return this.#ofHeap(component, sampledInterval(this.#options));
  }

  #ofHeap(component: string, samplingInterval: number): Ledger {
    return new Ledger({
      ...this.#shared(),
      samplingInterval,
      showsInlined: this.#showsInlined,
      originalOf: (frame) => this.#resolver.of(frame),
      isAloneOnLine: (frame) => this.#resolver.isAloneOnLine(frame),
      component,
      stackDepth: STACK_DEPTH,
    });
  }

  /** Options of ledgers whose stacks have the exact positions of calls. */
  ofCalls(): CodeFacts & Pick<LedgerOptions, 'nextId' | 'showsInlined'> {
    return {
      ...this.#shared(),
      showsInlined: true,
      originalOf: (frame) => this.#resolver.ofCall(frame),
      isAloneOnLine: () => true,
    };
  }

  #shared() {
    const resolver = this.#resolver;
    return {
      packageOf: (file: string) => resolver.packages.packageOf(file).name,
      versionOf: (file: string) => resolver.packages.packageOf(file).version,
      shortFileOf: (file: string) => resolver.shortFileOf(file),
      nextId: () => ++this.#samples,
    };
  }
}
