import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import {
  type CaptureDamage,
  GrowingCapture,
  type MemrayHeader,
  type MemrayLimits,
} from '@heapray/exporter/memray';
import { codeOf, fileError } from '../errors.js';
import { ownPackage } from '../inputs/own-package.js';
import { type FeedOptions, GrowingFile } from './growing-file.js';
import { SiteSeries } from './site-series.js';

/**
 * - `waiting`: there is no file yet, or it has no header yet
 * - `following`: the program is running and writes
 * - `idle`: nothing is written, but a process of that number lives
 * - `stopped`: the program ended without finishing its capture
 * - `finished`: the capture has its end
 * - `damaged`: the file makes no sense from some byte on; what came before counts
 * - `limited`: following it further would take too much memory; what came before counts
 * - `unreadable`: no capture, or none that can be read
 * - `gone`: the file is no longer there
 */
export type CaptureState =
  | 'waiting'
  | 'following'
  | 'idle'
  | 'stopped'
  | 'finished'
  | 'damaged'
  | 'limited'
  | 'unreadable'
  | 'gone';

/** Those that a capture can be found in; one that is gone is not found. */
export const CAPTURE_STATES: readonly CaptureState[] = [
  'waiting',
  'following',
  'idle',
  'stopped',
  'finished',
  'damaged',
  'limited',
  'unreadable',
];

export interface FollowerOptions {
  readonly limits: Partial<MemrayLimits>;
  /** Call sites with a series of their own. */
  readonly maxCallSites: number;
  readonly buffer: Buffer;
  /** Milliseconds since the Unix epoch. */
  readonly clock: () => number;
  readonly isAlive: (pid: number) => boolean;
  /** A running program writes a record every few milliseconds; after so long without one it does not run. */
  readonly stallMillis: number;
}

/** A header and more of a compressed capture. */
const PEEK_BYTES = 128 * 1024;

/** What was read of one run of a program. */
export interface CaptureRun {
  readonly capture: GrowingCapture;
  readonly series: SiteSeries;
}

/** Where a file ended that is not read any more, to see when something else has taken its place. */
interface Identity {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/**
 * Follows the capture at one path: while it grows, when its compressed form takes its place, when it is moved
 * away or removed, and when the next run of the program begins a new one.
 */
export class CaptureFollower {
  readonly path: string;
  readonly #options: FollowerOptions;
  #file: GrowingFile | undefined;
  /** What the file at the path is, once it is not held open. */
  #settled: Identity | undefined;
  #run: CaptureRun | undefined;
  /** The finished form of the current run, while it is read. */
  #finishing: GrowingCapture | undefined;
  #state: CaptureState = 'waiting';
  #reason = '';
  #bytesRead = 0;
  #lastGrowth = 0;
  #lastEvent = 0;
  #events = 0;
  #runs = 0;
  /** Whether all that was there when the file was opened has been read: what comes now is written now. */
  #caughtUp = false;
  #sizes = { data: 0, disk: 0 };
  #modified = 0;

  constructor(path: string, options: FollowerOptions) {
    this.path = path;
    this.#options = options;
  }

  get state(): CaptureState {
    return this.#state;
  }

  /** Why it cannot be read (further); empty if it can. */
  get reason(): string {
    return this.#reason;
  }

  /** What is known of the newest run; undefined as long as no header was read. */
  get run(): CaptureRun | undefined {
    return this.#run?.capture.header === undefined ? undefined : this.#run;
  }

  get header(): MemrayHeader | undefined {
    return this.#run?.capture.header;
  }

  /** How many captures were begun at this path since it is followed. */
  get runs(): number {
    return this.#runs;
  }

  /** Read from the system, the same bytes counted each time. */
  get bytesRead(): number {
    return this.#bytesRead + (this.#file?.bytesRead ?? 0);
  }

  /** What is in the file, and what it takes on the disk. */
  get sizes(): { readonly data: number; readonly disk: number } {
    const file = this.#file;
    if (file === undefined || this.#finishing !== undefined) return this.#sizes;
    return { data: file.dataBytes, disk: file.size };
  }

  /** Whether there is more to read at once. */
  get behind(): boolean {
    return this.#file?.behind === true;
  }

  /** Since the capture grew last; of one that is not followed, since it was written. */
  get ageMillis(): number {
    return Math.max(0, this.#options.clock() - (this.#lastGrowth || this.#modified));
  }

  /** Since the last allocation or deallocation was seen. */
  get quietMillis(): number {
    return Math.max(0, this.#options.clock() - (this.#lastEvent || this.#modified));
  }

  /**
   * Reads what is new.
   * @param final whether all of it is to be taken as it is now, because there will be no other poll
   */
  async poll({ final = false }: { readonly final?: boolean } = {}): Promise<void> {
    try {
      await this.#poll(final);
    } catch (cause) {
      // A file system that fails in between, as one over the network may.
      if (codeOf(cause) === undefined) throw cause;
      this.#fail(cause);
      await this.#release().catch(() => {});
    }
  }

  async #poll(final: boolean): Promise<void> {
    const found = await this.#lookUp();
    if (found === undefined || (this.#file !== undefined && (await this.#isOther(found))))
      await this.#leave(found);
    if (found !== undefined && this.#file === undefined) await this.#open(found);
    if (this.#file !== undefined) await this.#advance(this.#file, final);
  }

  async close(): Promise<void> {
    await this.#release();
  }

  /** What is at the path now; undefined for nothing. */
  async #lookUp(): Promise<Stats | undefined> {
    try {
      const found = await stat(this.path);
      this.#modified = found.mtimeMs;
      return found;
    } catch (cause) {
      const absent = codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR';
      if (!absent) this.#fail(cause);
      else if (this.#state === 'unreadable') this.#state = 'waiting';
      return undefined;
    }
  }

  async #isOther(found: Stats): Promise<boolean> {
    const { dev, ino } = await this.#file!.stat();
    if (dev !== found.dev || ino !== found.ino) return true;
    const { capture } = this.#run!;
    return this.#finishing === undefined && (await this.#file!.wasRewritten(capture));
  }

  /** The file that was followed has lost its name: what was still written to it is read from its open handle. */
  async #leave(found: Stats | undefined): Promise<void> {
    const file = this.#file;
    if (file !== undefined && this.#finishing === undefined) {
      const { nlink, ino, dev } = await file.stat();
      // Moved away while its program goes on writing: it is still the component's capture.
      if (found === undefined && nlink > 0 && this.#isRunning()) return;
      const rewritten = found?.ino === ino && found.dev === dev;
      if (!rewritten) await this.#feed(file, this.#run!.capture, { final: true });
    }
    await this.#release();
    this.#settled = undefined;
    if (found !== undefined || this.#run === undefined) return;
    this.#run = undefined;
    this.#state = 'gone';
  }

  async #open(found: Stats): Promise<void> {
    if (this.#settled !== undefined && sameIdentity(this.#settled, found)) return;
    this.#settled = undefined;
    this.#reason = '';
    this.#caughtUp = false;
    try {
      this.#file = await GrowingFile.open(this.path, this.#options.buffer);
    } catch (cause) {
      this.#fail(cause);
      this.#settled = found;
      return;
    }
    const capture = new GrowingCapture(this.#options.limits, ownPackage);
    // It may be the finished form of the run that is known: until that is clear, the run stays as it is.
    if (this.run !== undefined) this.#finishing = capture;
    else this.#begin(capture);
  }

  #begin(capture: GrowingCapture): void {
    this.#finishing = undefined;
    this.#run = { capture, series: new SiteSeries(this.#options.maxCallSites) };
    this.#state = 'waiting';
    this.#events = 0;
    this.#lastGrowth = 0;
    this.#lastEvent = 0;
    this.#runs += 1;
  }

  async #advance(file: GrowingFile, final: boolean): Promise<void> {
    const read = this.#finishing ?? this.#run!.capture;
    const grew = await this.#feed(file, read, this.#isPeek ? { final, maxBytes: PEEK_BYTES } : { final });
    if (this.#file !== file) return;
    if (this.#finishing !== undefined) this.#sortOut(read, file.compressed, grew);
    if (this.#finishing !== undefined) return;
    const { capture } = this.#run!;
    this.#noteActivity(capture, grew && this.#caughtUp);
    if (!file.behind) this.#caughtUp = true;
    const isAll = final && !file.behind && (file.compressed || capture.header === undefined);
    if (isAll && !(await this.#end(capture))) return;
    if (capture.header === undefined) this.#state = 'waiting';
    else if (capture.complete) await this.#settle('finished');
    else if (capture.damage !== undefined) await this.#settleDamaged(capture.damage);
    else this.#state = file.unsettled || file.behind ? 'following' : this.#stateOfWriter();
  }

  /** Whether a look at the header may do, because all of its run is known. */
  get #isPeek(): boolean {
    return this.#finishing !== undefined && this.#run?.capture.complete === true;
  }

  /** Whether the new file is the finished form of the run that is known, as it is after every proper exit. */
  #sortOut(capture: GrowingCapture, compressed: boolean, grew: boolean): void {
    const known = this.#run!;
    const { header } = capture;
    if (header === undefined) return;
    if (!isSameRun(header, known.capture.header) || !compressed) {
      this.#begin(capture);
      return;
    }
    // All of it is known already: it need not be read again.
    if (known.capture.complete) {
      this.#finishing = undefined;
      return;
    }
    if (capture.complete || capture.damage !== undefined || !grew) {
      this.#finishing = undefined;
      this.#run = { capture, series: known.series };
    }
  }

  #stateOfWriter(): CaptureState {
    if (!this.#isRunning()) return 'stopped';
    return this.ageMillis >= this.#options.stallMillis ? 'idle' : 'following';
  }

  async #settleDamaged({ offset, compressed, reason }: CaptureDamage): Promise<void> {
    this.#reason = `at byte ${offset}${compressed ? ' of the compressed file' : ''}: ${reason}`;
    await this.#settle('damaged');
  }

  async #feed(file: GrowingFile, capture: GrowingCapture, options: FeedOptions): Promise<boolean> {
    try {
      return await file.feed(capture, options);
    } catch (cause) {
      await this.#refuse(cause, capture);
      return false;
    }
  }

  /** Whether it can be taken for a capture that was cut; of a raw one it need not have been. */
  async #end(capture: GrowingCapture): Promise<boolean> {
    try {
      capture.end();
      return true;
    } catch (cause) {
      await this.#refuse(cause, capture);
      return false;
    }
  }

  async #refuse(cause: unknown, capture: GrowingCapture): Promise<void> {
    const known = this.#run?.capture === capture ? capture.header : undefined;
    if (cause instanceof Error && cause.name === 'FormatError') {
      this.#reason = cause.message;
      await this.#settle(known === undefined ? 'unreadable' : 'limited');
    } else {
      this.#fail(cause);
      await this.#settle('unreadable');
    }
  }

  #fail(cause: unknown): void {
    this.#state = 'unreadable';
    this.#reason = fileError(this.path, cause).message.slice(this.path.length + 2);
  }

  #noteActivity(capture: GrowingCapture, grew: boolean): void {
    const now = this.#options.clock();
    if (grew) this.#lastGrowth = now;
    if (capture.events > this.#events) this.#lastEvent = now;
    this.#events = capture.events;
  }

  /** A process that cannot be seen may be in another container, so what counts first is that it writes. */
  #isRunning(): boolean {
    const { header } = this;
    if (header === undefined) return false;
    return this.ageMillis < this.#options.stallMillis / 5 || this.#options.isAlive(header.pid);
  }

  /** The file is not read any further, but looked at in case another takes its place. */
  async #settle(state: CaptureState): Promise<void> {
    this.#state = state;
    this.#settled = await this.#file?.stat();
    await this.#release();
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#finishing = undefined;
    if (file === undefined) return;
    this.#bytesRead += file.bytesRead;
    this.#sizes = { data: file.dataBytes, disk: file.size };
    await file.close();
  }
}

function isSameRun(a: MemrayHeader, b: MemrayHeader | undefined): boolean {
  return b !== undefined && a.pid === b.pid && a.startTimeMillis === b.startTimeMillis;
}

function sameIdentity(a: Identity, b: Identity): boolean {
  return (
    a.dev === b.dev &&
    a.ino === b.ino &&
    a.size === b.size &&
    a.mtimeMs === b.mtimeMs &&
    a.ctimeMs === b.ctimeMs
  );
}
