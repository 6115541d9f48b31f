import {
  ArrayBufferGetByteLength,
  type SafeArrayBuffer,
  SafeFinalizationRegistry,
  SafeMap,
  SafeWeakRef,
} from '../../protocol/primordials.js';
import { contained, type OnThrown } from '../containment/contain.js';

export interface LiveBuffersHandlers {
  /** Called when the memory of a sample is freed, or was given to another thread. */
  died(id: number): void;
  /** Called when a Buffer is gone while its slab of Node's pool is still in use. */
  leftInPool(id: number): void;
  failed: OnThrown;
}

interface Live {
  readonly id: number;
  readonly store: SafeWeakRef<SafeArrayBuffer>;
  /** Place in the list. */
  at: number;
}

/** Maximum number of Buffers looked at in one `findGone`. */
const LOOKS = 500;

/** Follows sampled Buffers without keeping them alive. */
export class LiveBuffers {
  readonly #handlers: LiveBuffersHandlers;
  readonly #byId = new SafeMap<number, Live>();
  readonly #list: Live[] = [];
  readonly #stores: SafeFinalizationRegistry<number>;
  readonly #slices: SafeFinalizationRegistry<number>;
  #lookAt = 0;

  constructor(handlers: LiveBuffersHandlers) {
    this.#handlers = handlers;
    const { failed } = handlers;
    this.#stores = new SafeFinalizationRegistry(contained((id: number) => this.#die(id), failed));
    this.#slices = new SafeFinalizationRegistry(
      contained((id: number) => this.#byId.has(id) && handlers.leftInPool(id), failed),
    );
  }

  get size(): number {
    return this.#list.length;
  }

  /**
   * Follows a Buffer until its memory is freed.
   *
   * @param store what owns the memory
   * @param slice the Buffer, if it has only a part of `store`
   */
  add(id: number, store: SafeArrayBuffer, slice: object | undefined): void {
    const live = { id, store: new SafeWeakRef(store), at: this.#list.length };
    this.#byId.set(id, live);
    this.#list[live.at] = live;
    this.#stores.register(store, id);
    if (slice !== undefined) this.#slices.register(slice, id);
  }

  /**
   * Finds Buffers that were transferred: they have no memory any more, even if the program keeps them. Also finds
   * freed ones that V8 has not reported: it stops to call finalizers if a registry dies before its turn. Looks at
   * some of them each time.
   */
  findGone(): void {
    for (let looks = 0; looks < LOOKS && looks < this.#list.length; looks++) {
      if (this.#lookAt >= this.#list.length) this.#lookAt = 0;
      const { id, store } = this.#list[this.#lookAt]!;
      const kept = store.deref();
      // Only Buffers of some size are followed, so one without bytes is detached.
      if (kept === undefined || ArrayBufferGetByteLength(kept) === 0) this.#die(id);
      else this.#lookAt++;
    }
  }

  /** Stops following all of them. */
  clear(): void {
    this.#byId.clear();
    this.#list.length = 0;
  }

  #die(id: number): void {
    const live = this.#byId.get(id);
    if (!live) return;
    this.#byId.delete(id);
    const last = this.#list[this.#list.length - 1]!;
    this.#list[live.at] = last;
    last.at = live.at;
    this.#list.length--;
    this.#handlers.died(id);
  }
}
