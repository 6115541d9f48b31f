import type { CallSite, Ledger } from '../ledger/index.js';
import { TopCallSites, type TopCallSitesView } from '../signal/top-call-sites.js';
import type { TopSitesWanted } from './messages.js';

/** A process has a producer for each of its readers: more than this are made and thrown away. */
const MAX_PRODUCERS = 16;

/** The largest call sites for each metric producer. */
export class ProducerSites {
  readonly #byProducer = new Map<number, TopCallSites>();

  /** @param epochMillis now, since the epoch */
  view(
    ledger: Ledger,
    wanted: TopSitesWanted,
    epochMillis: number,
    suspects: readonly CallSite[],
  ): TopCallSitesView {
    const { producer } = wanted;
    const sites = this.#byProducer.get(producer) ?? new TopCallSites(wanted);
    // Last is who asked last.
    this.#byProducer.delete(producer);
    this.#byProducer.set(producer, sites);
    for (const idle of this.#byProducer.keys()) {
      if (this.#byProducer.size <= MAX_PRODUCERS) break;
      this.#byProducer.delete(idle);
    }
    return sites.view(ledger, performance.now(), epochMillis, suspects);
  }
}
