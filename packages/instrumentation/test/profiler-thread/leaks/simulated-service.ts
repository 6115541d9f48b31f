import { LeakDetector } from '../../../src/profiler-thread/leaks/leak-detector.js';
import { Random } from '../../support/random.js';
import { FakeHeap } from './fake-heap.js';

const MINUTE = 60_000;
const READINGS_PER_MINUTE = 3;
/** Mean time between two major collections, in minutes. */
const COLLECTION_MINUTES = 0.7;

/** Does a minute's work of a service. */
export type Work = (service: SimulatedService, minute: number) => void;

/**
 * A service whose allocations are sampled at random, as in V8: the number of samples varies around the
 * expected one. Dead objects are shown until the next major collection; these occur at random.
 */
export class SimulatedService {
  readonly random: Random;
  readonly #heap = new FakeHeap();
  readonly #detector: LeakDetector;
  /** Functions that free objects, by the minute from which on they are dead. */
  readonly #held: { readonly until: number; readonly free: () => void }[] = [];
  #minute = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.#detector = new LeakDetector({
      samplingInterval: this.#heap.samplingInterval,
      windowMillis: MINUTE,
    });
  }

  /** Allocates in a function; each object lives for a time of its own, which may be infinite. */
  allocate(
    functionName: string,
    expectedSamples: number,
    lifetimeMinutes: () => number = () => Number.POSITIVE_INFINITY,
  ): void {
    for (let i = this.#poisson(expectedSamples); i > 0; i--) {
      this.#held.push({
        until: this.#minute + lifetimeMinutes(),
        free: this.#heap.allocate(functionName, 1),
      });
    }
  }

  /** Works for some minutes; returns the functions suspected in that time, once for each suspicion. */
  run(minutes: number, work: Work): string[] {
    const suspects: string[] = [];
    for (const end = this.#minute + minutes; this.#minute < end; this.#minute++) {
      work(this, this.#minute);
      // As in every service, include short-lived objects.
      this.allocate('request', 6, () => this.random.exponential(3));
      for (let reading = 0; reading < READINGS_PER_MINUTE; reading++) suspects.push(...this.#read());
    }
    return suspects;
  }

  /** Restarts the sampler, which loses all that is alive. */
  loseSampler(): void {
    this.#held.length = 0;
    this.#heap.restartSampler();
    this.#detector.observe(this.#heap.ledger, this.#heap.now);
  }

  #read(): string[] {
    const collects = this.random.next() < 1 / (COLLECTION_MINUTES * READINGS_PER_MINUTE);
    if (collects) this.#collect();
    this.#heap.read(MINUTE / READINGS_PER_MINUTE);
    const { ledger, now } = this.#heap;
    return this.#detector.observe(ledger, now).map(({ site }) => ledger.sites.site(site).functionName);
  }

  #collect(): void {
    let kept = 0;
    for (const held of this.#held) {
      if (held.until <= this.#minute) held.free();
      else this.#held[kept++] = held;
    }
    this.#held.length = kept;
    this.#heap.collect();
  }

  /** Draws a Poisson random number with this mean, from exponential gaps. */
  #poisson(mean: number): number {
    let count = 0;
    for (let at = this.random.exponential(1); at < mean; at += this.random.exponential(1)) count++;
    return count;
  }
}
