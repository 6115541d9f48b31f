import { MemrayAggregator, type MemrayFormat } from '@heapray/exporter/memray';
import {
  type CaptureError,
  type CaptureFileOptions,
  type KnownCapture,
  ReplacedCapture,
} from '@heapray/exporter/sinks';

/** How often a running capture is written anew, at the most. */
const INTERVAL_MILLIS = 10_000;
/** Writing it takes no more than this part of the time. */
const MAX_SHARE = 1 / 20;
/** More points make no better graph. */
const MAX_SNAPSHOTS = 10_000;

/**
 * A whole run summed up, for when its capture has become too long: what was alive at the high-water mark and what
 * still is, by stack. Memory and file grow with distinct stacks and what is alive, not with time.
 */
export class WholeRun {
  readonly #sum: MemrayAggregator;
  #file: ReplacedCapture | undefined;
  #nextMillis = 0;

  constructor(format: MemrayFormat) {
    const limits = { maxBytes: Number.MAX_SAFE_INTEGER };
    this.#sum = new MemrayAggregator(format, { limits, maxSnapshots: MAX_SNAPSHOTS });
  }

  /** Takes all bytes of the run's capture, from its header on. */
  push(bytes: Uint8Array): void {
    this.#sum.push(bytes);
  }

  /**
   * Begins the file, writes it for the first time, and makes room for it.
   *
   * @returns old captures that could not be deleted
   * @throws CaptureError as {@link write}
   */
  open(options: CaptureFileOptions): readonly CaptureError[] {
    this.#file = ReplacedCapture.open(options);
    this.write();
    return this.#file.prune();
  }

  /** Gives up after an error; what was written stays. Never throws. */
  abandon(): void {
    this.#file?.abandon();
  }

  /** Writes it when it is time to; the same errors. */
  writeNowAndThen(): void {
    if (performance.now() >= this.#nextMillis) this.write();
  }

  /**
   * Writes what is known by now; returns what it is recognized by, unless it was deleted.
   *
   * @throws CaptureError when the file system refuses
   */
  write(): KnownCapture | undefined {
    const start = performance.now();
    const place = this.#file?.replace(this.#sum.encode());
    const end = performance.now();
    this.#nextMillis = end + Math.max(INTERVAL_MILLIS, (end - start) / MAX_SHARE);
    return place === undefined ? undefined : this.#file?.known;
  }
}
