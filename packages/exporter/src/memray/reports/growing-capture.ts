import type { OwnPackage } from '../../call-sites/index.js';
import { limitsWith, type MemrayLimits } from '../format/limits.js';
import { HighWaterMark } from '../heap/high-water-mark.js';
import { LastMemoryRecord } from '../heap/last-memory-record.js';
import type { Amount } from '../heap/site-amounts.js';
import { CaptureModel } from '../model/capture-model.js';
import type { HeapListener } from '../model/heap-listener.js';
import { type CaptureDamage, type CaptureEnd, RecordStream } from '../read/record-stream.js';
import { CaptureContents } from './capture-contents.js';

export interface GrowingCaptureOptions {
  /** Returns the package of one of a Node program's own files. */
  readonly ownPackage?: OwnPackage | undefined;
  /** Length of the start of the run that {@link GrowingCapture.early} covers, in ms. */
  readonly earlyMillis?: number;
}

/** A quarter of the fastest size, because several captures may be followed for days. */
const PUSH_SLOTS = 2 ** 14;

/**
 * Follows a capture while it is written. Has the amounts by site at any moment, and keeps only sums of the past.
 *
 * The last record of a growing file may be incomplete. {@link rewind} drops the bytes that could not be read yet.
 * Records that were read completely are never undone.
 */
export class GrowingCapture extends CaptureContents {
  readonly #model: CaptureModel;
  readonly #heap: HighWaterMark;
  readonly #stream: RecordStream;
  readonly #early: EarlyAllocation;
  #isSealed = false;

  constructor(
    limits?: Partial<MemrayLimits>,
    { ownPackage, earlyMillis = Infinity }: GrowingCaptureOptions = {},
  ) {
    const all = limitsWith(limits);
    const heap = new HighWaterMark(all, true);
    const memory = new LastMemoryRecord();
    const early = new EarlyAllocation(earlyMillis);
    const model = new CaptureModel(all, [heap, memory, early], { pushSlots: PUSH_SLOTS });
    super(model, heap.amounts, memory, ownPackage);
    early.of = this;
    this.#model = model;
    this.#heap = heap;
    this.#early = early;
    this.#stream = new RecordStream(model, all);
  }

  /**
   * Reads the next bytes. Ignored after {@link seal}.
   *
   * @throws FormatError when this is not a supported capture, or it exceeds a limit
   */
  push(bytes: Uint8Array): void {
    if (!this.#isSealed) this.#stream.push(bytes);
  }

  /**
   * Releases the data that only further records would need, which is most of the memory. Later calls of {@link push}
   * are ignored.
   */
  seal(): void {
    if (this.#isSealed) return;
    this.#isSealed = true;
    this.#model.seal();
    this.#heap.seal();
  }

  /**
   * Drops the bytes of incomplete records, and any damage. Returns the offset from which bytes must be pushed again.
   * Only for a raw capture that is pushed without the zeros at its end.
   */
  rewind(): number {
    return this.#stream.rewind();
  }

  /**
   * Ends the input.
   *
   * @throws FormatError when the header is incomplete
   */
  end(): CaptureEnd {
    return this.#stream.end();
  }

  /** Offset of the next record, in bytes from the start of the (uncompressed) capture. */
  get offset(): number {
    return this.#stream.offset;
  }

  /** True if the trailer was read. */
  get complete(): boolean {
    return this.#stream.complete;
  }

  get damage(): CaptureDamage | undefined {
    return this.#stream.damage;
  }

  /** Allocations in the first `earlyMillis` of the run; undefined until the run is that old. */
  get early(): Amount | undefined {
    return this.#early.amount;
  }
}

/** Stores the allocations in the first part of a run. */
class EarlyAllocation implements HeapListener {
  readonly #millis: number;
  amount: Amount | undefined;
  of: CaptureContents | undefined;

  constructor(millis: number) {
    this.#millis = millis;
  }

  memoryRecord(millis: number): void {
    if (this.amount !== undefined || this.of?.header === undefined) return;
    if (millis - this.of.header.startTimeMillis >= this.#millis) this.amount = this.of.totalAllocated;
  }
}
