import type { NodeIndex } from './call-tree.js';
import type { Ledger } from './ledger.js';

/** What the ledger said at one moment, by stack, in bytes. */
export interface PastState {
  /** On the clock of the ledger's readings. */
  readonly atMillis: number;
  /** Allocated since the start, whoever observed it, and in use. */
  allocatedBytes(node: NodeIndex): number;
  inUseBytes(node: NodeIndex): number;
}

export interface PastStatesOptions {
  /** How far apart they are, at least. */
  readonly windowMillis: number;
  /** When counting began: nothing was allocated then. */
  readonly startMillis: number;
}

/** So many windows can be looked back, */
const MAX_STATES = 16;
/** as far as there is room for them. */
const MAX_ENTRIES = 100_000;
/** Readings come when they come: a state further from the asked moment than so many windows is another one. */
const TOLERANCE_WINDOWS = 1;

/** Keeps the ledger's states of the last windows, so that what happened between two of them can be told afterwards. */
export class PastStates {
  readonly #options: PastStatesOptions;
  #kept: StoredState[];

  constructor(options: PastStatesOptions) {
    this.#options = options;
    this.#kept = [new StoredState(options.startMillis)];
  }

  /** Call after each reading. */
  observe(ledger: Ledger, atMillis: number): void {
    const last = this.#kept.at(-1)?.atMillis ?? Number.NEGATIVE_INFINITY;
    if (atMillis - last < this.#options.windowMillis) return;
    // As in a profile: everything up to now, as far as there is any evidence.
    ledger.settle(atMillis, ledger.hasEvidence(atMillis));
    this.#kept.push(StoredState.of(ledger, atMillis));
    let entries = this.#kept.reduce((sum, { size }) => sum + size, 0);
    while (this.#kept.length > 1 && (this.#kept.length > MAX_STATES || entries > MAX_ENTRIES)) {
      entries -= this.#kept.shift()!.size;
    }
  }

  /** The state kept nearest to a moment; undefined when there is none within a window of it. */
  nearest(atMillis: number): PastState | undefined {
    const distance = ({ atMillis: at }: StoredState) => Math.abs(at - atMillis);
    const [first, ...others] = this.#kept;
    const nearest = others.reduce((best, one) => (distance(one) < distance(best) ? one : best), first!);
    return distance(nearest) <= TOLERANCE_WINDOWS * this.#options.windowMillis ? nearest : undefined;
  }

  /** When the states are of, the oldest first. */
  get moments(): readonly number[] {
    return this.#kept.map(({ atMillis }) => atMillis);
  }
}

/** The present, in the same words. */
export function presentState(ledger: Ledger, atMillis: number): PastState {
  return {
    atMillis,
    allocatedBytes: (node) => allocatedBy(ledger, node),
    inUseBytes: (node) => ledger.inUseBytes(node),
  };
}

class StoredState implements PastState {
  readonly atMillis: number;
  /** The stacks with anything to tell, in order, and their numbers. */
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

/** What still waits for evidence is in the total, under the stack for what nobody observed. */
function allocatedBy(ledger: Ledger, node: NodeIndex): number {
  return ledger.allocatedBytes(node) + (node === ledger.unobservedNode ? ledger.pendingBytes : 0);
}
