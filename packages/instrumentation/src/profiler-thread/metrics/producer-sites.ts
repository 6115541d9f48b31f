import type { TopSitesWanted } from '../../protocol/messages.js';
import type { CallSite, Ledger } from '../ledger/index.js';
import { TopCallSites, type TopCallSitesView } from './top-call-sites.js';

/**
 * Maximum number of producers, normally one for each reader. Beyond it, the least recently used is dropped.
 */
const MAX_PRODUCERS = 16;

/** Holds each metric producer's selection of the largest call sites. */
export class ProducerSites {
  readonly #byProducer = new Map<number, TopCallSites>();

  /**
   * Returns the call sites that a producer asks for.
   *
   * @param epochMillis present time, in ms since the epoch
   */
  view(
    ledger: Ledger,
    wanted: TopSitesWanted,
    epochMillis: number,
    suspects: readonly CallSite[],
  ): TopCallSitesView {
    const { producer } = wanted;
    const sites = this.#byProducer.get(producer) ?? new TopCallSites(wanted);
    // Reinsert: the map's order is from least to most recently used.
    this.#byProducer.delete(producer);
    this.#byProducer.set(producer, sites);
    for (const idle of this.#byProducer.keys()) {
      if (this.#byProducer.size <= MAX_PRODUCERS) break;
      this.#byProducer.delete(idle);
    }
    return sites.view(ledger, performance.now(), epochMillis, suspects);
  }
}
