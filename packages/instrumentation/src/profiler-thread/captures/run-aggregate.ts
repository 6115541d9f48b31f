import { MemrayAggregator, type MemrayFormat } from '@heapray/exporter/memray';
import {
  type CaptureError,
  type CaptureFileOptions,
  isTransient,
  type KnownCapture,
  ownerNote,
  ReplacedCapture,
} from '@heapray/exporter/sinks';

/** Minimum gap between two versions of a running capture, in ms. */
const INTERVAL_MILLIS = 10_000;
/** Maximum share of the time for writing it. */
const MAX_SHARE = 1 / 20;
/** Maximum number of memory records; more would not improve a graph. */
const MAX_SNAPSHOTS = 10_000;
const SNAPSHOT_BYTES = 25;
/** Maximum share of the file for memory records, because only they grow with time. */
const SNAPSHOT_SHARE = 1 / 4;

export interface RunAggregateOptions {
  readonly format: MemrayFormat;
  /** Maximum size of the file, in bytes. */
  readonly maxBytes: number;
  /** See `RecordFeedOptions`. */
  readonly presentCommandLine?: (() => string) | undefined;
  /** Called when more stacks than before do not fit into the file; their bytes are in it without a stack. */
  readonly onLeftOut: () => void;
  /** Called when the file was removed, with the path of the new one. */
  readonly onReplaced: (removed: string, path: string) => void;
}

/**
 * Aggregates a whole run whose capture has become too long: what was alive at the high-water mark and what
 * still is, by stack. Memory and file grow with distinct stacks and live samples, not with time.
 */
export class RunAggregate {
  readonly #options: RunAggregateOptions;
  readonly #sum: MemrayAggregator;
  #fileOptions: CaptureFileOptions | undefined;
  #file: ReplacedCapture | undefined;
  #nextMillis = 0;
  #leftOut = 0;

  constructor(options: RunAggregateOptions) {
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

  /** Adds bytes of the run's capture. Call with all of them, from the header on. */
  push(bytes: Uint8Array): void {
    this.#sum.push(bytes);
  }

  /**
   * Creates the file with what is known so far, and prunes old captures. Retried later if there are too few
   * file descriptors.
   *
   * @returns old captures that could not be deleted
   * @throws CaptureError when the file system refuses, or the result is too large
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

  /** Closes the file, which keeps its last version. */
  abandon(): void {
    this.#file?.release();
  }

  /** Deletes surplus old captures; returns those that could not be deleted. */
  prune(): readonly CaptureError[] {
    return this.#file?.prune() ?? [];
  }

  /**
   * Writes what is known so far if the interval has elapsed, to the same file, or to a new one if it was
   * removed.
   *
   * @throws CaptureError as {@link open}, except while there are too few file descriptors; the last version
   *   remains
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
   * Writes the last version and closes the file.
   *
   * @returns the identity of the file, for compression; undefined if it was removed
   * @throws CaptureError as {@link open}
   */
  finish(): KnownCapture | undefined {
    const place = this.#file?.replace(this.#encode('written'));
    this.#file?.release();
    return place === undefined ? undefined : this.#file?.known;
  }

  #encode(state: 'writing' | 'written'): Iterable<Uint8Array> {
    const { maxBytes, presentCommandLine } = this.#options;
    const onLeftOut = (sites: number) => {
      if (sites > this.#leftOut) this.#options.onLeftOut();
      this.#leftOut = Math.max(this.#leftOut, sites);
    };
    const commandLine = presentCommandLine?.();
    return this.#sum.encode({ note: ownerNote(state), commandLine, maxBytes, onLeftOut });
  }

  #plan(startMillis: number): void {
    const end = performance.now();
    this.#nextMillis = end + Math.max(INTERVAL_MILLIS, (end - startMillis) / MAX_SHARE);
  }
}
