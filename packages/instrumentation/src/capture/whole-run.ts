import { MemrayAggregator, type MemrayFormat } from '@heapray/exporter/memray';
import {
  type CaptureError,
  type CaptureFileOptions,
  isTransient,
  type KnownCapture,
  ownerNote,
  ReplacedCapture,
} from '@heapray/exporter/sinks';

/** How often a running capture is written anew, at the most. */
const INTERVAL_MILLIS = 10_000;
/** Writing it takes no more than this part of the time. */
const MAX_SHARE = 1 / 20;
/** More points make no better graph. */
const MAX_SNAPSHOTS = 10_000;
const SNAPSHOT_BYTES = 25;
/** Memory records may take this part of the file: they alone grow with time. */
const SNAPSHOT_SHARE = 1 / 4;

export interface WholeRunOptions {
  readonly format: MemrayFormat;
  /** Bytes that the file may have. */
  readonly maxBytes: number;
  /** Told when more stacks than before do not fit into the file: what they hold is in it without them. */
  readonly onLeftOut: () => void;
  /** Told when the file was removed, and where it was written anew. */
  readonly onReplaced: (removed: string, path: string) => void;
}

/**
 * A whole run summed up, for when its capture has become too long: what was alive at the high-water mark and what
 * still is, by stack. Memory and file grow with distinct stacks and what is alive, not with time.
 */
export class WholeRun {
  readonly #options: WholeRunOptions;
  readonly #sum: MemrayAggregator;
  #fileOptions: CaptureFileOptions | undefined;
  #file: ReplacedCapture | undefined;
  #nextMillis = 0;
  #leftOut = 0;

  constructor(options: WholeRunOptions) {
    this.#options = options;
    const limits = { maxBytes: Number.MAX_SAFE_INTEGER };
    const fitting = Math.floor((options.maxBytes * SNAPSHOT_SHARE) / SNAPSHOT_BYTES);
    this.#sum = new MemrayAggregator(options.format, {
      limits,
      maxSnapshots: Math.min(MAX_SNAPSHOTS, fitting),
    });
  }

  get path(): string | undefined {
    return this.#file?.path;
  }

  /** Takes all bytes of the run's capture, from its header on. */
  push(bytes: Uint8Array): void {
    this.#sum.push(bytes);
  }

  /**
   * Begins the file with what is known by now, and makes room for it; later, when there are too few file descriptors.
   *
   * @returns old captures that could not be deleted
   * @throws CaptureError when the file system refuses, or the sum takes too many bytes
   */
  open(options: CaptureFileOptions): readonly CaptureError[] {
    this.#fileOptions = options;
    const start = performance.now();
    const { maxBytes } = this.#options;
    try {
      this.#file = ReplacedCapture.open({ ...options, maxBytes }, this.#encode('writing'));
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    this.#plan(start);
    return this.prune();
  }

  /** What was written stays. */
  abandon(): void {
    this.#file?.release();
  }

  /** Deletes old captures that have become too many; returns those that could not be. */
  prune(): readonly CaptureError[] {
    return this.#file?.prune() ?? [];
  }

  /**
   * Writes what is known by now if the last time is long enough ago: where it is, or anew when it was removed.
   *
   * @throws CaptureError as {@link open}; what was there stays. Not while there are too few file descriptors.
   */
  writeIfDue(): void {
    if (performance.now() < this.#nextMillis) return;
    const start = performance.now();
    const file = this.#file;
    try {
      if (file?.replace(this.#encode('writing')) === undefined) this.#openAgain(file?.path);
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    this.#plan(start);
  }

  #openAgain(removed: string | undefined): void {
    if (this.#fileOptions === undefined) return;
    this.#file?.release();
    this.#file = undefined;
    this.open(removed === undefined ? this.#fileOptions : { ...this.#fileOptions, preferred: removed });
    if (removed !== undefined && this.path !== undefined) this.#options.onReplaced(removed, this.path);
  }

  /**
   * Writes the last version; returns what it is recognized by, unless the file was removed.
   *
   * @throws CaptureError as {@link open}
   */
  finish(): KnownCapture | undefined {
    const place = this.#file?.replace(this.#encode('written'));
    this.#file?.release();
    return place === undefined ? undefined : this.#file?.known;
  }

  #encode(state: 'writing' | 'written'): Iterable<Uint8Array> {
    const { maxBytes } = this.#options;
    const onLeftOut = (sites: number) => {
      if (sites > this.#leftOut) this.#options.onLeftOut();
      this.#leftOut = Math.max(this.#leftOut, sites);
    };
    return this.#sum.encode({ note: ownerNote(state), maxBytes, onLeftOut });
  }

  #plan(startMillis: number): void {
    const end = performance.now();
    this.#nextMillis = end + Math.max(INTERVAL_MILLIS, (end - startMillis) / MAX_SHARE);
  }
}
