import { types } from 'node:util';
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
}

/** Bytes until the next sample when there is none. */
const NEVER = SafeNumber.POSITIVE_INFINITY;
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
   * @param result what a hooked function returned
   * @param source its first argument
   */
  take(result: unknown, source: unknown): void {
    this.#drawGap();
    if (this.#isTaking || this.#interval === 0) return;
    this.#isTaking = true;
    try {
      contain(() => this.#take(result, source), this.#failed);
    } catch {
      // Ignore: the program has no stack left, not even for `contain`.
    }
    this.#isTaking = false;
  }

  #take(result: unknown, source: unknown): void {
    const isView = types.isTypedArray(result);
    const store = isView ? TypedArrayGetBuffer(result) : result;
    // Memory that is shared with other threads is not followed: this thread cannot see its end.
    if (!types.isArrayBuffer(store) || store === source) return;
    const stored = ArrayBufferGetByteLength(store);
    const bytes = isView ? TypedArrayGetByteLength(result) : stored;
    if (bytes <= 0) return;
    const isSlice = bytes < stored;
    this.#sampled({
      store,
      slice: isSlice ? (result as object) : undefined,
      bytes,
      weight: bytes / -MathExpm1(-bytes / this.#interval),
    });
  }
}
