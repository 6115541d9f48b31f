import { randomBytes } from 'node:crypto';
import { snapshotCost, snapshotCostText } from '@heapray/exporter/heap-snapshot';
import { HttpError } from '@heapray/exporter/http';
import type { SnapshotPlanData } from '@heapray/exporter/page';
import { byteText } from '../leaks/leak-message.js';
import type { HeapUsage } from '../polling/heap-poller.js';
import { sleep } from '../sleep.js';
import { freeBytesFor, SnapshotFile } from './snapshot-file.js';

export interface HeapSnapshotsDeps {
  readonly pid: number;
  /** Folder on the disk that snapshots go to. */
  readonly folder: string;
  readonly heapUsage: () => Promise<HeapUsage | undefined>;
  /** Takes a snapshot of the main thread, and passes on its text in pieces. Rejects if V8 refuses. */
  readonly takeSnapshot: (onPiece: (text: string) => void) => Promise<void>;
  /** Counts a pause of the main thread, in ms. */
  readonly addPause: (millis: number) => void;
  readonly log: (level: 'info', text: string) => void;
  /** Returns the free disk space for a folder in bytes. Default: as the system says it. */
  readonly freeBytes?: (folder: string) => number;
}

/** A part of a snapshot. */
export interface SnapshotPiece {
  readonly bytes: Uint8Array;
  /** Length of the whole snapshot. */
  readonly total: number;
}

/** Part of the free disk space that a snapshot may take. */
const DISK_SHARE = 0.9;
/** Time for which a confirmation is good, in ms, and maximum number of them. */
const CONFIRM_MILLIS = 10 * 60_000;
const MAX_CONFIRMS = 64;
/** Longest wait for the use of the heap, in ms. */
const USAGE_MILLIS = 2_000;
/** Time after which a snapshot that is read in pieces is discarded, if the next one is not asked for, in ms. */
const KEPT_MILLIS = 30_000;
/** Maximum length of a piece, in bytes. */
export const PIECE_BYTES: number = 2 ** 20;
const MORE_MILLIS = 5_000;

/**
 * Takes heap snapshots of the main thread, one at a time. What it costs has to be asked for first: the answer has the
 * value that takes the snapshot, so that no link and no page of another server can stop the program.
 */
export class HeapSnapshots {
  readonly #deps: HeapSnapshotsDeps;
  /** Confirmations, the oldest first, with the time until which they are good. */
  readonly #confirms = new Map<string, number>();
  /** Time at which the snapshot in work may be done, in ms; undefined without one. */
  #busyUntil: number | undefined;
  #kept: { readonly confirm: string; readonly file: SnapshotFile; timer: NodeJS.Timeout } | undefined;

  constructor(deps: HeapSnapshotsDeps) {
    this.#deps = deps;
  }

  /**
   * Returns what a snapshot would cost now.
   *
   * @throws HttpError (rejects) 503 when the main thread does not answer, 507 when the disk has too little space
   */
  async plan(): Promise<SnapshotPlanData> {
    const { pid } = this.#deps;
    const used = await this.#usedBytes();
    const cost = snapshotCost(used);
    this.#assertSpace(cost.fileBytes[1]);
    const available = process.availableMemory();
    const scarce = available < cost.memoryBytes;
    const warning = scarce
      ? `. Only ${byteText(available)} of memory are available, so the system may end the process`
      : '';
    return {
      format: 'heapray-snapshot-plan',
      version: 1,
      pid,
      heapBytes: used,
      ...cost,
      availableBytes: available,
      message: `${snapshotCostText(pid, used, 'of its disk until it is sent', byteText)}${warning}`,
      confirm: this.#newConfirm(),
    };
  }

  /**
   * Takes a snapshot. The caller closes it; it is closed by itself when the signal is aborted.
   *
   * @throws HttpError (rejects) 403 for an unknown confirmation, 503 while another snapshot is taken or sent, 507 when the
   *   disk has too little space
   */
  async take(confirm: string, signal: AbortSignal): Promise<SnapshotFile> {
    const until = this.#confirms.get(confirm) ?? Number.NEGATIVE_INFINITY;
    if (until < performance.now()) {
      throw new HttpError(
        403,
        'confirm: ask for the cost first, without confirm; its answer has a new value',
      );
    }
    if (this.#busyUntil !== undefined) {
      const millis = Math.max(1_000, this.#busyUntil - performance.now());
      throw new HttpError(503, 'another heap snapshot is being taken or sent', millis / 1000);
    }
    this.#confirms.delete(confirm);
    this.#busyUntil = performance.now() + MORE_MILLIS;
    try {
      const file = await this.#take();
      if (signal.aborted) file.close();
      else signal.addEventListener('abort', () => file.close(), { once: true });
      return file;
    } catch (error) {
      this.#busyUntil = undefined;
      throw error;
    }
  }

  /**
   * Returns a part of a snapshot. Takes it for the first part, and discards it after the last one. For the process that has
   * the port of a group.
   *
   * @throws HttpError (rejects) as {@link take} does, and 404 for a snapshot that has been discarded
   */
  async piece(confirm: string, from: number, signal: AbortSignal): Promise<SnapshotPiece> {
    if (from === 0) {
      const file = await this.take(confirm, signal);
      this.#kept = { confirm, file, timer: this.#discardLater(file) };
    }
    const kept = this.#kept;
    if (kept?.confirm !== confirm) throw new HttpError(404, 'from: the snapshot has been discarded');
    clearTimeout(kept.timer);
    const { file } = kept;
    const total = file.bytes;
    const bytes = file.read(from, PIECE_BYTES);
    if (from + bytes.length < total) kept.timer = this.#discardLater(file);
    else file.close();
    return { bytes, total };
  }

  async #take(): Promise<SnapshotFile> {
    const { pid, folder, takeSnapshot, addPause, log } = this.#deps;
    const cost = snapshotCost(await this.#usedBytes());
    const free = this.#assertSpace(cost.fileBytes[1]);
    const file = this.#newFile(folder, free * DISK_SHARE);
    this.#busyUntil = performance.now() + cost.pauseMillis[1] + MORE_MILLIS;
    log('info', `taking a heap snapshot for a client: process ${pid} stands still meanwhile`);
    const started = performance.now();
    try {
      await takeSnapshot((text) => file.write(text));
    } catch (error) {
      file.close();
      throw new HttpError(500, `the heap snapshot could not be taken: ${(error as Error).message}`);
    } finally {
      addPause(performance.now() - started);
    }
    log('info', `took a heap snapshot in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const { failure } = file;
    if (failure === undefined) return file;
    file.close();
    throw noSpace(failure.message);
  }

  #newFile(folder: string, limitBytes: number): SnapshotFile {
    const closed = () => {
      this.#busyUntil = undefined;
      this.#kept = undefined;
    };
    try {
      return new SnapshotFile(folder, limitBytes, closed);
    } catch (error) {
      throw noSpace(`${(error as Error).message}; it goes to HEAPRAY_HOME`);
    }
  }

  /** Returns the free disk space. */
  #assertSpace(wanted: number): number {
    const { folder, freeBytes = freeBytesFor } = this.#deps;
    const free = freeBytes(folder);
    if (free * DISK_SHARE >= wanted) return free;
    throw noSpace(`the disk of HEAPRAY_HOME has ${byteText(free)} free, and it may need ${byteText(wanted)}`);
  }

  async #usedBytes(): Promise<number> {
    const usage = await Promise.race([this.#deps.heapUsage(), sleep(USAGE_MILLIS).then(() => undefined)]);
    if (usage) return usage.usedBytes;
    throw new HttpError(503, 'the main thread does not answer now', USAGE_MILLIS / 1000);
  }

  #newConfirm(): string {
    const now = performance.now();
    for (const [confirm, until] of this.#confirms) {
      if (until < now || this.#confirms.size >= MAX_CONFIRMS) this.#confirms.delete(confirm);
    }
    const confirm = randomBytes(12).toString('base64url');
    this.#confirms.set(confirm, now + CONFIRM_MILLIS);
    return confirm;
  }

  #discardLater(file: SnapshotFile): NodeJS.Timeout {
    return setTimeout(() => file.close(), KEPT_MILLIS).unref();
  }
}

function noSpace(why: string): HttpError {
  return new HttpError(507, `a heap snapshot cannot be kept until it is sent: ${why}`);
}
