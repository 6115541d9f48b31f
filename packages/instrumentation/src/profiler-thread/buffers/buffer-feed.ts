import { BORN_VALUES, type BufferBatch, type BufferStack } from '../../protocol/buffer-events.js';
import type { RawFrame } from '../../protocol/code-place.js';
import {
  type BornSample,
  CUT_OFF,
  type Ledger,
  type MajorCollection,
  type NodeIndex,
  ROOT,
} from '../ledger/index.js';

/** Stands for small Buffers that are gone while others hold their slab of Node's pool. */
export const POOL_SLAB = '(pool slab)';

const SLAB_FRAME: RawFrame = { functionName: POOL_SLAB, url: '', lineNumber: -1, columnNumber: -1 };
/** Time after a collection in which finalizers may still report what it has freed, in ms. */
const SETTLE_MILLIS = 25;
/** Maximum number of collections kept while no batch comes. */
const MAX_MAJORS = 64;

interface Followed {
  /** Ordinal in the ledger. */
  ordinal: number;
  readonly bytes: number;
  readonly objectBytes: number;
  readonly bornMillis: number;
}

/** Feeds a ledger with the sampled Buffers of a thread. */
export class BufferFeed {
  readonly #ledger: Ledger;
  readonly #slabNode: NodeIndex;
  readonly #nodes = new Map<number, NodeIndex>();
  readonly #followed = new Map<number, Followed>();
  #oldestStack = 0;
  #majors: MajorCollection[] = [];
  #arrayBuffers = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#slabNode = ledger.tree.child(ROOT, SLAB_FRAME);
  }

  /** `process.memoryUsage().arrayBuffers` at the last batch. */
  get arrayBuffers(): number {
    return this.#arrayBuffers;
  }

  /** Records major collections, to interpret the batches after them. */
  noteCollections(majors: readonly MajorCollection[]): void {
    this.#majors = [...this.#majors, ...majors].slice(-MAX_MAJORS);
  }

  /**
   * Takes a batch.
   *
   * @param toLedger what to add to its times for the clock of the ledger, in ms
   */
  take(batch: BufferBatch, toLedger: number): void {
    this.#arrayBuffers = batch.arrayBuffers;
    const askedMillis = batch.atMillis + toLedger;
    this.#passCollections(askedMillis);
    for (const stack of batch.stacks) this.#nodes.set(stack.id, this.#nodeOf(stack));
    const born: BornSample[] = [];
    const died: number[] = [];
    const add = (id: number, sample: BornSample) => {
      born.push(sample);
      const { bytes, objectBytes, bornMillis } = sample;
      const ordinal = this.#ledger.newestOrdinal + born.length;
      this.#followed.set(id, { ordinal, bytes, objectBytes, bornMillis });
    };
    for (let at = 0; at + BORN_VALUES <= batch.born.length; at += BORN_VALUES) {
      const [id = 0, stack = 0, bytes = 0, objectBytes = 0, millis = 0] = batch.born.slice(
        at,
        at + BORN_VALUES,
      );
      const node = this.#nodes.get(stack) ?? ROOT;
      add(id, { node, bytes, objectBytes, bornMillis: millis + toLedger, isMoved: false });
    }
    const gone = new Set(batch.died);
    for (const id of batch.leftInPool) {
      const followed = this.#followed.get(id);
      if (!followed || gone.has(id)) continue;
      died.push(followed.ordinal);
      add(id, { ...followed, node: this.#slabNode, isMoved: true });
    }
    for (const id of gone) {
      const followed = this.#followed.get(id);
      if (followed) died.push(followed.ordinal);
      this.#followed.delete(id);
    }
    this.#ledger.record({ born, died, askedMillis });
    this.#forgetStacks(batch.oldestStack);
  }

  /** Passes collections on whose finalizers have run by then. */
  #passCollections(atMillis: number): void {
    const isSettled = ({ turnMillis }: MajorCollection) => turnMillis + SETTLE_MILLIS <= atMillis;
    const majors = this.#majors.filter(isSettled);
    if (majors.length === 0) return;
    this.#majors = this.#majors.filter((major) => !isSettled(major));
    this.#ledger.noteCollections({ scavenges: 0, majors });
  }

  #nodeOf({ frames, isCut }: BufferStack): NodeIndex {
    const { tree } = this.#ledger;
    let node = isCut ? tree.child(ROOT, CUT_OFF) : ROOT;
    for (let at = frames.length - 1; at >= 0; at--) {
      const callee = tree.child(node, frames[at]!);
      // All callees of a folded stack are folded too.
      if (callee === node) {
        tree.countFolded();
        return node;
      }
      node = callee;
    }
    return node;
  }

  #forgetStacks(oldest: number): void {
    if (oldest === this.#oldestStack) return;
    this.#oldestStack = oldest;
    for (const id of this.#nodes.keys()) if (id < oldest) this.#nodes.delete(id);
  }
}
