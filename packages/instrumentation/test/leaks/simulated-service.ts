import { LeakDetector } from '../../src/ledger/index.js';
import { Random } from '../support/random.js';
import { FakeHeap } from './fake-heap.js';

const MINUTE = 60_000;
const READINGS_PER_MINUTE = 3;
/** Mean time between two major collections, min. */
const COLLECTION_MINUTES = 0.7;

/** What a service does in a minute. */
export type Work = (service: SimulatedService, minute: number) => void;

/**
 * A service whose allocations are sampled at random, as V8 does it: of `n` samples expected there are more or fewer.
 * What is dead stays in sight until the next major collection, and those come at random.
 */
export class SimulatedService {
  readonly random: Random;
  readonly #heap = new FakeHeap();
  readonly #detector: LeakDetector;
  /** What frees objects, by the minute from which on they are dead. */
  readonly #held: { readonly until: number; readonly free: () => void }[] = [];
  #minute = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.#detector = new LeakDetector({
      samplingInterval: this.#heap.samplingInterval,
      windowMillis: MINUTE,
    });
  }

  /** A function allocates, and its objects live for a time each, or for ever. */
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

  /** Works for so many minutes; returns the functions suspected in that time, each time they were. */
  run(minutes: number, work: Work): string[] {
    const suspects: string[] = [];
    for (const end = this.#minute + minutes; this.#minute < end; this.#minute++) {
      work(this, this.#minute);
      // As in every service there is something that comes and goes.
      this.allocate('request', 6, () => this.random.exponential(3));
      for (let reading = 0; reading < READINGS_PER_MINUTE; reading++) suspects.push(...this.#read());
    }
    return suspects;
  }

  /** The sampler stops and starts anew: all that is alive is out of sight. */
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

  /** A random number of this mean, from exponential gaps. */
  #poisson(mean: number): number {
    let count = 0;
    for (let at = this.random.exponential(1); at < mean; at += this.random.exponential(1)) count++;
    return count;
  }
}
