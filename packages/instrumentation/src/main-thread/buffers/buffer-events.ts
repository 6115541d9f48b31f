import { BORN_VALUES, type BufferBatch } from '../../protocol/buffer-events.js';
import { memoryUsage } from '../../protocol/memory-usage.js';
import { monotonicMillis } from '../../protocol/steady-clock.js';
import type { CallStacks } from './call-stacks.js';
import { transferredBuffers } from './transferred-buffers.js';

/** Number of samples in a batch that is sent without waiting for the event loop. */
const FULL = 256;
/** Number of batches that may be under way; past it, samples are dropped. */
const MAX_UNDER_WAY = 32;

export interface BufferEventsDeps {
  readonly stacks: CallStacks;
  send(batch: BufferBatch): void;
  /** Number of batches that the profiler thread has taken. */
  taken(): number;
}

/** A sample that begins to be followed. */
export interface BornBuffer {
  readonly id: number;
  readonly stack: number;
  /** Bytes that it stands for, and its own bytes. */
  readonly weight: number;
  readonly bytes: number;
}

/** Collects births and deaths of sampled Buffers, and sends them in batches. Loses no deaths. */
export class BufferEvents {
  readonly #deps: BufferEventsDeps;
  #born: number[] = [];
  #died: number[] = [];
  #leftInPool: number[] = [];
  #dropped = 0;
  #costMillis = 0;
  #sent = 0;

  constructor(deps: BufferEventsDeps) {
    this.#deps = deps;
  }

  /** True if anything waits to be sent. */
  get isWaiting(): boolean {
    return this.#born.length > 0 || this.#died.length > 0 || this.#leftInPool.length > 0 || this.#dropped > 0;
  }

  /** True if the profiler thread does not keep up. */
  get isFull(): boolean {
    return this.#sent - this.#deps.taken() >= MAX_UNDER_WAY;
  }

  born({ id, stack, weight, bytes }: BornBuffer): void {
    const born = this.#born;
    const at = born.length;
    born[at] = id;
    born[at + 1] = stack;
    born[at + 2] = weight;
    born[at + 3] = bytes;
    born[at + 4] = monotonicMillis();
    if (born.length >= FULL * BORN_VALUES) this.send();
  }

  died(id: number): void {
    this.#died[this.#died.length] = id;
  }

  leftInPool(id: number): void {
    this.#leftInPool[this.#leftInPool.length] = id;
  }

  /** Counts a sample that is not followed. */
  drop(): void {
    this.#dropped++;
  }

  /** Adds what a sample has cost this thread, in ms. */
  cost(millis: number): void {
    this.#costMillis += millis;
  }

  /** Sends a batch, even an empty one: its time and totals count. Waits if too many are under way. */
  send(): void {
    if (this.isFull) return;
    const { stacks, send } = this.#deps;
    const usage = memoryUsage();
    this.#sent++;
    send({
      oldestStack: stacks.oldest,
      stacks: stacks.takeFresh(),
      born: this.#born,
      died: this.#died,
      leftInPool: this.#leftInPool,
      atMillis: monotonicMillis(),
      arrayBuffers: usage.arrayBuffers + transferredBuffers.bytes(usage),
      dropped: this.#dropped,
      costMillis: this.#costMillis,
    });
    this.#clear();
  }

  /** Starts over with another profiler thread, which knows nothing of this. */
  restart(): void {
    this.#sent = 0;
    this.#clear();
  }

  #clear(): void {
    this.#born = [];
    this.#died = [];
    this.#leftInPool = [];
    this.#dropped = 0;
    this.#costMillis = 0;
  }
}
