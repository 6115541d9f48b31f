import { types } from 'node:util';
import type { RawFrame } from '../../protocol/code-place.js';
import {
  ArrayBufferGetByteLength,
  MathExpm1,
  MathLog,
  MathRandom,
  type SafeArrayBuffer,
  SafeFloat64Array,
  SafeNumber,
  TypedArrayGetBuffer,
  TypedArrayGetByteLength,
} from '../../protocol/primordials.js';
import { contain, type OnThrown } from '../containment/contain.js';

/** A Buffer that was sampled. */
export interface SampledBuffer {
  /** Owner of the memory. */
  readonly store: SafeArrayBuffer;
  /** The Buffer, if other Buffers have memory of the same store. */
  readonly slice: object | undefined;
  /** Bytes that the Buffer has. */
  readonly bytes: number;
  /** Bytes of all Buffers that the sample stands for. */
  readonly weight: number;
  /** Frames below the innermost function: the function that made the Buffer. */
  readonly leaf: readonly RawFrame[];
  readonly leafKey: string;
}

/** Names of the functions that make Buffers, as frames of a stack. */
interface Maker {
  readonly whole: readonly RawFrame[];
  readonly slice: readonly RawFrame[];
}

/** Bytes until the next sample when there is none. */
const NEVER = SafeNumber.POSITIVE_INFINITY;
/** Shown below the function that made a small Buffer in a slab of Node's pool. */
export const POOLED = '(pooled)';

/**
 * Decides which Buffers are sampled: gaps in bytes are random (a Poisson process), so that each byte has the
 * same chance. A Buffer of `size` bytes stands for `size / (1 - e^(-size / interval))` bytes.
 */
export class BufferSampler {
  /**
   * Bytes until the next sample, as the only element. Hooks subtract; once it is not positive any more, they
   * call {@link take}. A typed array, because V8 changes its elements without allocating numbers.
   */
  readonly left: SafeFloat64Array = new SafeFloat64Array(1);
  readonly #makers: Maker[] = [];
  readonly #sampled: (buffer: SampledBuffer) => void;
  readonly #failed: OnThrown;
  #interval = 0;
  /** True while a sample is being taken: what that makes itself is not sampled. */
  #isTaking = false;

  /** @param sampled takes a sample; called directly from {@link take} */
  constructor(sampled: (buffer: SampledBuffer) => void, failed: OnThrown) {
    this.#sampled = sampled;
    this.#failed = failed;
    this.left[0] = NEVER;
  }

  /**
   * Returns a number for a function that makes Buffers.
   *
   * @param file module of the function
   */
  maker(functionName: string, file: string): number {
    const frame = { functionName, url: file, lineNumber: -1, columnNumber: -1 };
    const pooled = { functionName: POOLED, url: '', lineNumber: -1, columnNumber: -1 };
    this.#makers[this.#makers.length] = { whole: [frame], slice: [pooled, frame] };
    return this.#makers.length - 1;
  }

  /** Sets the mean bytes between samples; 0 for no samples. */
  set interval(interval: number) {
    if (interval === this.#interval) return;
    this.#interval = interval;
    this.#drawGap();
  }

  /** Draws the bytes until the next sample. May be done at any time: a Poisson process has no memory. */
  #drawGap(): void {
    this.left[0] = this.#interval > 0 ? -MathLog(1 - MathRandom()) * this.#interval : NEVER;
  }

  /**
   * Takes a sample, unless the result has no memory of its own.
   *
   * @param maker see {@link maker}
   * @param result what that function returned
   * @param source its first argument
   */
  take(maker: number, result: unknown, source: unknown): void {
    this.#drawGap();
    if (this.#isTaking || this.#interval === 0) return;
    this.#isTaking = true;
    contain(() => this.#take(maker, result, source), this.#failed);
    this.#isTaking = false;
  }

  #take(maker: number, result: unknown, source: unknown): void {
    const isView = types.isTypedArray(result);
    const store = isView ? TypedArrayGetBuffer(result) : result;
    // Memory that is shared with other threads is not followed: this thread cannot see its end.
    if (!types.isArrayBuffer(store) || store === source) return;
    const stored = ArrayBufferGetByteLength(store);
    const bytes = isView ? TypedArrayGetByteLength(result) : stored;
    if (bytes <= 0) return;
    const { whole, slice } = this.#makers[maker]!;
    const isSlice = bytes < stored;
    this.#sampled({
      store,
      slice: isSlice ? (result as object) : undefined,
      bytes,
      weight: bytes / -MathExpm1(-bytes / this.#interval),
      leaf: isSlice ? slice : whole,
      leafKey: `${maker}${isSlice ? POOLED : ''}`,
    });
  }
}
