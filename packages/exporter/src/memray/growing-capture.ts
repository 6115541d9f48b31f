import type { OwnPackage } from '../call-sites/index.js';
import { CaptureContents } from './capture-contents.js';
import { CaptureModel } from './capture-model.js';
import type { HeapListener } from './heap-listener.js';
import { HighWaterMark } from './high-water-mark.js';
import { LastMemoryRecord } from './last-memory-record.js';
import { limitsWith, type MemrayLimits } from './limits.js';
import { type CaptureDamage, type CaptureEnd, RecordStream } from './record-stream.js';
import type { Amount } from './site-amounts.js';

export interface GrowingCaptureOptions {
  /** Names the packages of a Node program's own files. */
  readonly ownPackage?: OwnPackage | undefined;
  /** Length of the part at the start that {@link GrowingCapture.early} is about, in milliseconds. */
  readonly earlyMillis?: number;
}

/** A quarter of what is fastest: several captures may be followed for days. */
const PUSH_SLOTS = 2 ** 14;

/**
 * Follows a capture while it is written: amounts by site at any moment, nothing kept of the past but its sums.
 *
 * The bytes at the end of a growing file may be half written. {@link rewind} gives up what could not be read
 * yet; records that were read whole are never taken back.
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

  /** @throws FormatError when this is no capture we can read, or goes beyond a limit */
  push(bytes: Uint8Array): void {
    if (!this.#isSealed) this.#stream.push(bytes);
  }

  /** Gives up what only more bytes would need, most of its memory: what is pushed from now on is ignored. */
  seal(): void {
    if (this.#isSealed) return;
    this.#isSealed = true;
    this.#model.seal();
    this.#heap.seal();
  }

  /**
   * Gives up what is not read as whole records, damage included, and says from which byte on it must be pushed
   * again. Only for a raw capture, pushed without the zeros at its end.
   */
  rewind(): number {
    return this.#stream.rewind();
  }

  /** @throws FormatError when not even the header is there */
  end(): CaptureEnd {
    return this.#stream.end();
  }

  /** Where the next record begins, in bytes from the start of the (uncompressed) capture. */
  get offset(): number {
    return this.#stream.offset;
  }

  /** Whether the trailer was read. */
  get complete(): boolean {
    return this.#stream.complete;
  }

  get damage(): CaptureDamage | undefined {
    return this.#stream.damage;
  }

  /** What was allocated in the first `earlyMillis` of the run; undefined as long as it is not that old. */
  get early(): Amount | undefined {
    return this.#early.amount;
  }
}

/** Takes down what was allocated in the first part of a run. */
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
