import type { ProfilerThreadOptions } from '../protocol/messages.js';
import { STACK_DEPTH } from '../protocol/sampler-mode.js';
import { type CodeFacts, Ledger, type LedgerOptions } from './ledger/index.js';
import { FrameResolver } from './symbolize/index.js';

/**
 * Makes the ledgers of a process. They share what is known about code, and the numbers of samples, because captures follow
 * all of them.
 */
export class LedgerFactory {
  readonly #resolver: FrameResolver;
  readonly #samplingInterval: number;
  readonly #showsInlined: boolean;
  #samples = 0;

  /** @param report takes messages about source maps */
  constructor(
    options: Pick<ProfilerThreadOptions, 'accurateStacks' | 'samplingInterval' | 'workingFolder'>,
    report: (text: string) => void,
  ) {
    this.#samplingInterval = options.samplingInterval;
    this.#showsInlined = options.accurateStacks;
    this.#resolver = new FrameResolver({ report, workingFolder: options.workingFolder });
  }

  /**
   * Makes the ledger of a thread's heap.
   *
   * @param samplingInterval mean bytes between samples. Default: that of the options
   */
  ofHeap(component: string, samplingInterval: number = this.#samplingInterval): Ledger {
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
