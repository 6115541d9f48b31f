import type { Ledger } from '../ledger/ledger.js';
import type { NodeIndex } from '../ledger/state/call-tree.js';

/** Bytes by stack at one moment. */
export interface PastState {
  /** Time on the clock of the ledger's polls, in ms. */
  readonly atMillis: number;
  /** Bytes allocated since the start, pending ones included; `inUseBytes` is what was in use. */
  allocatedBytes(node: NodeIndex): number;
  inUseBytes(node: NodeIndex): number;
}

export interface PastStatesOptions {
  /** Minimum gap between two states, in ms. */
  readonly windowMillis: number;
  /** When counting began, in ms; nothing had been allocated then. */
  readonly startMillis: number;
}

/** Gap between kept past states of a source, in leak windows: a minute by default. */
export const PAST_WINDOWS = 3;
/** Maximum number of states kept. */
const MAX_STATES = 16;
/** Maximum number of stacks in all states together. */
const MAX_ENTRIES = 100_000;
/**
 * Maximum distance of a state from the requested moment, in windows, because polls come at irregular times.
 */
const TOLERANCE_WINDOWS = 1;

/** Keeps the ledger's states of the last windows, to compute the change between two of them afterwards. */
export class PastStates {
  readonly #options: PastStatesOptions;
  #kept: StoredState[];

  constructor(options: PastStatesOptions) {
    this.#options = options;
    this.#kept = [new StoredState(options.startMillis)];
  }

  /** Stores a state once per window. Call after each poll. */
  observe(ledger: Ledger, atMillis: number): void {
    const last = this.#kept.at(-1)?.atMillis ?? Number.NEGATIVE_INFINITY;
    if (atMillis - last < this.#options.windowMillis) return;
    // Attribute everything up to now, if there are statistics to do so, as a profile does.
    ledger.attribute(atMillis, ledger.hasEvidence(atMillis));
    this.#kept.push(StoredState.of(ledger, atMillis));
    let entries = this.#kept.reduce((sum, { size }) => sum + size, 0);
    while (this.#kept.length > 1 && (this.#kept.length > MAX_STATES || entries > MAX_ENTRIES)) {
      entries -= this.#kept.shift()!.size;
    }
  }

  /** Returns the state nearest to a moment; undefined if there is none within one window of it. */
  nearest(atMillis: number): PastState | undefined {
    const distance = ({ atMillis: at }: StoredState) => Math.abs(at - atMillis);
    const [first, ...others] = this.#kept;
    const nearest = others.reduce((best, one) => (distance(one) < distance(best) ? one : best), first!);
    return distance(nearest) <= TOLERANCE_WINDOWS * this.#options.windowMillis ? nearest : undefined;
  }

  /**
   * Returns the state nearest to a moment, however far. Before the first one, nothing had been allocated: for sources
   * that the process had not from the start.
   */
  nearestOrEmpty(atMillis: number): PastState {
    const near = this.nearest(atMillis);
    if (near) return near;
    const [first] = this.#kept;
    if (!first || atMillis < first.atMillis) return new StoredState(atMillis);
    return this.#kept.reduce((best, one) => (one.atMillis <= atMillis ? one : best), first);
  }

  /** Times of the states, oldest first. */
  get moments(): readonly number[] {
    return this.#kept.map(({ atMillis }) => atMillis);
  }
}

/** Returns the present state, in the same form. */
export function presentState(ledger: Ledger, atMillis: number): PastState {
  return {
    atMillis,
    allocatedBytes: (node) => allocatedBy(ledger, node),
    inUseBytes: (node) => ledger.inUseBytes(node),
  };
}

class StoredState implements PastState {
  readonly atMillis: number;
  /** Stacks with any bytes, in ascending order. */
  readonly #nodes: Uint32Array;
  readonly #allocated: Float64Array;
  readonly #inUse: Float64Array;

  constructor(atMillis: number, nodes: readonly NodeIndex[] = []) {
    this.atMillis = atMillis;
    this.#nodes = Uint32Array.from(nodes);
    this.#allocated = new Float64Array(nodes.length);
    this.#inUse = new Float64Array(nodes.length);
  }

  static of(ledger: Ledger, atMillis: number): StoredState {
    const nodes: NodeIndex[] = [];
    for (let node = 0; node < ledger.tree.size; node++) {
      if (allocatedBy(ledger, node) > 0 || ledger.inUseBytes(node) > 0) nodes.push(node);
    }
    const state = new StoredState(atMillis, nodes);
    for (const [place, node] of nodes.entries()) {
      state.#allocated[place] = allocatedBy(ledger, node);
      state.#inUse[place] = ledger.inUseBytes(node);
    }
    return state;
  }

  get size(): number {
    return this.#allocated.length;
  }

  allocatedBytes(node: NodeIndex): number {
    return this.#allocated[this.#placeOf(node)] ?? 0;
  }

  inUseBytes(node: NodeIndex): number {
    return this.#inUse[this.#placeOf(node)] ?? 0;
  }

  #placeOf(node: NodeIndex): number {
    let low = 0;
    let high = this.#nodes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#nodes[middle]! < node) low = middle + 1;
      else high = middle;
    }
    return this.#nodes[low] === node ? low : -1;
  }
}

/** Includes pending bytes in the total, charged to the `(unobserved)` stack. */
function allocatedBy(ledger: Ledger, node: NodeIndex): number {
  return ledger.allocatedBytes(node) + (node === ledger.unobservedNode ? ledger.pendingBytes : 0);
}
