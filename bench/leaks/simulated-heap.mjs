// A heap in which every allocation is one sample of one interval's bytes. Time is simulated.
import { Ledger } from '../lib/built-ledger.mjs';

const INTERVAL = 65_536;
const ROOT_FRAME = { functionName: '(root)', url: '', lineNumber: -1, columnNumber: -1 };

export class SimulatedHeap {
  now = 0;
  #nextOrdinal = 1;
  #alive = new Map();
  #idOf = new Map();

  constructor() {
    this.ledger = new Ledger({
      samplingInterval: INTERVAL,
      packageOf: () => 'shop',
      component: 'api',
    });
  }

  get samplingInterval() {
    return INTERVAL;
  }

  /** Allocates one sample in the named function, reachable until the given moment. */
  allocate(name, until) {
    this.#alive.set(this.#nextOrdinal++, { name, until });
  }

  /** Runs a major collection. */
  collect() {
    for (const [ordinal, { until }] of this.#alive) if (until <= this.now) this.#alive.delete(ordinal);
    const now = this.now;
    this.ledger.noteCollections({
      scavenges: 1,
      majors: [{ markMillis: now, sweepMillis: now, turnMillis: now }],
    });
  }

  read(millis) {
    this.now += millis;
    this.ledger.update(this.#reading(), this.now);
    this.ledger.attribute(this.now, true);
  }

  #reading() {
    const counts = new Map();
    for (const { name } of this.#alive.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const name of counts.keys()) if (!this.#idOf.has(name)) this.#idOf.set(name, this.#idOf.size + 2);
    const children = [...counts].map(([name, count]) => ({
      id: this.#idOf.get(name),
      callFrame: {
        functionName: name,
        url: 'file:///srv/shop.js',
        lineNumber: this.#idOf.get(name),
        columnNumber: 1,
      },
      selfSize: count * INTERVAL,
      children: [],
    }));
    const samples = [...this.#alive].map(([ordinal, { name }]) => ({
      ordinal,
      nodeId: this.#idOf.get(name),
      size: INTERVAL,
    }));
    return { head: { id: 1, callFrame: ROOT_FRAME, selfSize: 0, children }, samples };
  }
}
