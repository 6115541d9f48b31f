// One file of over 400 lines, because any state of a capture can follow any other, and all share the open file and the run.
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type CaptureDamage, GrowingCapture, type MemrayHeader } from '@heapray/exporter/memray';
import { codeOf, reasonOf } from '../../errors.js';
import { ownPackage } from '../../own-package.js';
import { printable } from '../../text/printable.js';
import { type CaptureRun, captureRun, EARLY_MILLIS, endOf, isSameRun } from './capture-run.js';
import type { CaptureState } from './capture-state.js';
import { type FileIdentity, sameIdentity } from './file-identity.js';
import type { FollowerOptions } from './follower-options.js';
import { type FeedOptions, GrowingFile } from './growing-file.js';
import type { DescendantMemory } from './process-table.js';
import { RunCounter } from './run-counter.js';
import { SiteSeries } from './site-series.js';

/** Enough to read a header and more of a compressed capture. */
const PEEK_BYTES = 128 * 1024;
const POLL_BYTES = 16 * 1024 * 1024;
/** Time after which an unreadable file is retried if it has not changed, in ms. */
const RETRY_MILLIS = 60_000;

/**
 * Follows the capture at one path: while it grows, when its compressed form replaces it, when it is emptied, moved away
 * or removed, and when the next run of the program starts a new one.
 */
export class CaptureFollower {
  readonly path: string;
  /** Time since which the capture is followed, in ms since the Unix epoch. */
  readonly sinceMillis: number;
  /** Counts the runs whose capture was at this path. */
  readonly runs: RunCounter;
  readonly #options: FollowerOptions;
  #file: GrowingFile | undefined;
  /** Identity of the file at the path, after it was closed. */
  #settled: FileIdentity | undefined;
  #retryAt = Number.POSITIVE_INFINITY;
  /** Identity of the last file at the path; undefined if there was none. */
  #found: FileIdentity | undefined;
  #run: CaptureRun | undefined;
  /** The finished form of the current run, while it is being read. */
  #finishing: GrowingCapture | undefined;
  #state: CaptureState = 'waiting';
  #reason = '';
  /** The reason why the path cannot be looked up; empty if it can. */
  #lookUpFailure = '';
  #isNoCapture = false;
  #inPlace = false;
  #opened = 0;
  #bytesRead = 0;
  #lastGrowth = 0;
  /** True if all data that was in the file when it was opened has been read. Later data is written now. */
  #caughtUp = false;
  /** True if the process that writes the file was found. */
  #writes = false;
  #isWritten = false;
  #sizes = { data: 0, disk: 0 };
  #modified = 0;

  constructor(path: string, options: FollowerOptions) {
    this.path = path;
    this.#options = options;
    this.sinceMillis = options.clock();
    this.runs = options.runs ?? new RunCounter(this.sinceMillis);
    if (options.exists === true) this.#state = 'reading';
  }

  get state(): CaptureState {
    return this.#lookUpFailure === '' ? this.#state : 'unreadable';
  }

  /** The reason why the file cannot be read (further), or has no data; empty if it can be read. */
  get reason(): string {
    const isAbsent = this.#state === 'waiting' && !this.#inPlace;
    return this.#lookUpFailure || (isAbsent ? 'no such file yet' : this.#reason);
  }

  /** The newest run. Undefined until its header was read, and while its figures are still those of a past moment. */
  get run(): CaptureRun | undefined {
    return this.header === undefined || this.state === 'reading' ? undefined : this.#run;
  }

  get header(): MemrayHeader | undefined {
    return this.#lookUpFailure === '' ? this.#run?.capture.header : undefined;
  }

  /** True if the file is at the path; false if it does not exist yet, or was moved away while its program writes. */
  get inPlace(): boolean {
    return this.#inPlace;
  }

  /** True if the file at the path is not a capture, or not even its header is complete. */
  get isNoCapture(): boolean {
    return this.#isNoCapture || (this.#state === 'stopped' && this.#run?.capture.header === undefined);
  }

  /** True if the program of a damaged capture still runs and writes to it. */
  get isWritten(): boolean {
    return this.#isWritten;
  }

  /**
   * Memory of the processes that the writer started; undefined unless the writer is alive and visible on this machine.
   */
  get children(): DescendantMemory | undefined {
    return this.#writes ? this.#options.writer.children : undefined;
  }

  /** Bytes read from the system, including repeated reads. */
  get bytesRead(): number {
    return this.#bytesRead + (this.#file?.bytesRead ?? 0);
  }

  /** Size of the data in the file, and of the file on the disk, in bytes. */
  get sizes(): { readonly data: number; readonly disk: number } {
    const file = this.#file;
    if (file === undefined || this.#finishing !== undefined) return this.#sizes;
    return { data: file.dataBytes, disk: file.size };
  }

  /** True if more data is available now. */
  get hasUnread(): boolean {
    return this.#file?.hasUnread === true;
  }

  /** Time in ms since the capture last grew; for one that is not followed, since it was last written. */
  get ageMillis(): number {
    return Math.max(0, this.#options.clock() - (this.#lastGrowth || this.#modified));
  }

  /**
   * Reads new data.
   *
   * @param options.final whether to accept all data as it is, because there will be no other poll. Default false
   */
  async poll({ final = false }: { readonly final?: boolean } = {}): Promise<void> {
    try {
      await this.#poll(final);
    } catch (cause) {
      // The file system may fail at any time, for example on a network.
      if (codeOf(cause) === undefined) throw cause;
      this.#fail(cause);
      await this.#release().catch(() => {});
    }
  }

  async #poll(final: boolean): Promise<void> {
    const found = await this.#lookUp();
    if (this.#lookUpFailure !== '') return;
    if (found === undefined || (this.#file !== undefined && (await this.#isOther(found))))
      await this.#handleMoved(found);
    if (found !== undefined && this.#file === undefined) await this.#open(found);
    if (this.#file !== undefined) await this.#advance(this.#file, final);
    this.#isWritten = found !== undefined && this.#state === 'damaged' && this.#isRunning(found);
  }

  async close(): Promise<void> {
    await this.#release();
  }

  /** Looks up the file. Undefined if it does not exist or the file system fails. */
  async #lookUp(): Promise<Stats | undefined> {
    this.#lookUpFailure = '';
    try {
      const found = await stat(this.path);
      this.#found = found;
      this.#modified = found.mtimeMs;
      this.#inPlace = true;
      return found;
    } catch (cause) {
      const absent = codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR';
      if (!absent) this.#lookUpFailure = printable(reasonOf(cause));
      return undefined;
    }
  }

  async #isOther(found: Stats): Promise<boolean> {
    const { dev, ino } = await this.#file!.stat();
    if (dev !== found.dev || ino !== found.ino) return true;
    return this.#finishing === undefined && (await this.#file!.wasRewritten(this.#run!.capture));
  }

  /** Handles that the followed file no longer has its name. Remaining data is read from its open handle. */
  async #handleMoved(found: Stats | undefined): Promise<void> {
    this.#inPlace = found !== undefined;
    const file = this.#file;
    if (file !== undefined && this.#finishing === undefined) {
      const { nlink, ino, dev } = await file.stat();
      // Its program continues to write after the file was moved away: it is still the component's capture.
      if (found === undefined && nlink > 0 && this.#isRunning({ dev, ino })) return;
      const replaced = found !== undefined && (found.ino !== ino || found.dev !== dev);
      // Read the rest of a large file in several polls, before the file that replaced it.
      if (replaced && file.hasUnread) return;
      if (replaced) await this.#feed(file, this.#run!.capture, { final: true, maxBytes: Infinity });
    }
    await this.#release();
    this.#settled = undefined;
    const wasThere = this.#found !== undefined || this.#options.exists === true;
    if (found !== undefined || !wasThere) return;
    this.#drop();
    this.#found = undefined;
    this.#state = 'gone';
  }

  async #open(found: Stats): Promise<void> {
    const { clock, buffer, limits } = this.#options;
    const isKnown = this.#settled !== undefined && sameIdentity(this.#settled, found);
    if (isKnown && clock() < this.#retryAt) return;
    this.#retryAt = Number.POSITIVE_INFINITY;
    this.#isNoCapture = false;
    this.#opened = clock();
    try {
      this.#file = await GrowingFile.open(this.path, buffer);
    } catch (cause) {
      this.#isNoCapture = codeOf(cause) === undefined;
      this.#sizes = { data: 0, disk: found.size };
      this.#fail(cause);
      return;
    }
    const capture = new GrowingCapture(limits, { ownPackage, earlyMillis: EARLY_MILLIS });
    // This may be the finished form of the current run: keep the run until that is known.
    if (this.#run?.capture.header !== undefined) this.#finishing = capture;
    else this.#begin(capture, found.size);
  }

  #begin(capture: GrowingCapture, size: number): void {
    this.#finishing = undefined;
    this.#settled = undefined;
    this.#reason = '';
    this.#run = captureRun(capture, new SiteSeries(this.#options.maxCallSites));
    this.#state = size > 0 ? 'reading' : 'waiting';
    this.#caughtUp = false;
    this.#lastGrowth = 0;
  }

  /** Drops all data about the capture at the path. */
  #drop(): void {
    this.#run = undefined;
    this.#finishing = undefined;
    this.#lastGrowth = 0;
  }

  async #advance(file: GrowingFile, final: boolean): Promise<void> {
    const read = this.#finishing ?? this.#run!.capture;
    const maxBytes = this.#isPeek ? PEEK_BYTES : (this.#options.pollBytes ?? POLL_BYTES);
    const onFed = () => this.#updateCallSites(read);
    const grew = await this.#feed(file, read, { final, maxBytes, onFed });
    if (this.#file !== file) return;
    if (this.#finishing !== undefined) await this.#matchFinishedForm(read, file, grew);
    if (this.#finishing !== undefined || this.#file !== file) return;
    if (grew && this.#caughtUp) this.#lastGrowth = this.#options.clock();
    if (!file.hasUnread) this.#caughtUp = true;
    await this.#updateState(file, this.#run!.capture, final);
  }

  /**
   * Updates the call sites of the current run. Its finished form has the same call sites, and is usually not read to
   * its end.
   */
  #updateCallSites(capture: GrowingCapture): void {
    const run = this.#run;
    if (run?.capture === capture && capture.header !== undefined) run.series.updateCallSites(capture);
  }

  /** Sets the state according to the data read. */
  async #updateState(file: GrowingFile, capture: GrowingCapture, final: boolean): Promise<void> {
    // A compressed capture does not grow: it is being copied, or is truncated.
    const isCut = file.compressed && !file.hasUnread && (final || this.#isStalled);
    if (isCut) endOf(capture);
    if (capture.header === undefined) return this.#updateStateWithoutHeader(file);
    this.runs.add(capture.header);
    this.#reason = '';
    if (capture.complete) return this.#settle('finished');
    if (capture.damage !== undefined) return this.#settleDamaged(capture.damage);
    if (isCut) return this.#settle('stopped');
    const isRunning = this.#isRunning(await file.stat());
    if (!this.#caughtUp || file.compressed) this.#state = 'reading';
    else if (file.unsettled || file.hasUnread) this.#state = 'following';
    else this.#state = isRunning ? this.#stateOfRunning : this.#stateOfSilent(final);
  }

  async #updateStateWithoutHeader(file: GrowingFile): Promise<void> {
    if (file.size === 0) this.#reason = 'the file is empty';
    else this.#reason = file.dataBytes === 0 ? 'the file holds only zeros' : 'the header is cut';
    if (this.#isStalled && !file.unsettled) await this.#settle('stopped');
    else this.#state = 'waiting';
  }

  /** True if reading the header is enough, because the rest of the run is known already. */
  get #isPeek(): boolean {
    return (
      this.#finishing !== undefined && (this.#run?.capture.complete === true || this.#isSettled(this.#found))
    );
  }

  /**
   * Returns whether this is the file of a damaged or limited capture, whose program may still append. Reading it again
   * would end at the same byte.
   */
  #isSettled(file: FileIdentity | undefined): boolean {
    const settled = this.#settled;
    if (file === undefined || settled === undefined) return false;
    if (file.dev !== settled.dev || file.ino !== settled.ino || file.size < this.#sizes.data) return false;
    const { damage } = this.#run!.capture;
    // A compressed file that was cut may have been continued.
    return this.#state === 'limited' || (damage !== undefined && damage.offset < this.#sizes.data);
  }

  /** Decides whether the new file is the finished form of the current run, as after every proper exit. */
  async #matchFinishedForm(capture: GrowingCapture, file: GrowingFile, grew: boolean): Promise<void> {
    const known = this.#run!;
    const { header } = capture;
    if (header === undefined && (file.compressed ? file.hasUnread : file.unsettled)) return;
    if (await this.#keepKnown(header, file)) return;
    if (header === undefined || !file.compressed || !isSameRun(header, known.capture.header)) {
      this.#begin(capture, file.size);
      return;
    }
    if (capture.complete || capture.damage !== undefined || !grew) {
      this.#finishing = undefined;
      this.#run = captureRun(capture, known.series);
    }
  }

  /** Settles again without reading the file if it is of the current run, and all of that is known. */
  async #keepKnown(header: MemrayHeader | undefined, file: GrowingFile): Promise<boolean> {
    const { capture } = this.#run!;
    if (header === undefined || !isSameRun(header, capture.header)) return false;
    const found = await file.stat();
    const isCut = !file.compressed && found.size < capture.offset;
    if (isCut || !(capture.complete || this.#isSettled(found))) return false;
    const completeData = file.compressed ? found.size : capture.offset;
    const data = capture.complete ? completeData : this.#sizes.data;
    // From now on, the age is that of the last change of the file.
    this.#lastGrowth = 0;
    await this.#settle(capture.complete ? 'finished' : this.#state);
    this.#sizes = { data, disk: found.size };
    return true;
  }

  get #stateOfRunning(): CaptureState {
    return this.#isStalled ? 'idle' : 'following';
  }

  /** Returns the state of a capture without new data. After the first poll, it is unknown whether it grows. */
  #stateOfSilent(final: boolean): CaptureState {
    const isNew = !final && this.#options.clock() - this.#opened < this.#silentMillis;
    return isNew ? 'following' : 'stopped';
  }

  async #settleDamaged({ offset, compressed, reason }: CaptureDamage): Promise<void> {
    this.#reason = `at byte ${offset}${compressed ? ' of the compressed file' : ''}: ${reason}`;
    await this.#settle('damaged');
  }

  async #feed(file: GrowingFile, capture: GrowingCapture, options: FeedOptions): Promise<boolean> {
    try {
      return await file.feed(capture, options);
    } catch (cause) {
      await this.#handleReadError(cause, capture);
      return false;
    }
  }

  async #handleReadError(cause: unknown, capture: GrowingCapture): Promise<void> {
    const isFormat = cause instanceof Error && cause.name === 'FormatError';
    if (!isFormat && codeOf(cause) !== undefined) throw cause;
    if (isFormat && capture.header !== undefined) {
      const isNew = this.#finishing === capture;
      if (isNew && (await this.#keepKnown(capture.header, this.#file!))) return;
      // The finished form of a run may exceed a limit that the run itself did not exceed.
      if (isNew) this.#run = captureRun(capture, this.#run!.series);
      this.runs.add(capture.header);
      this.#reason = cause.message;
      return this.#settle('limited');
    }
    this.#isNoCapture = isFormat;
    this.#fail(cause);
    await this.#release();
  }

  /** Marks the contents as unknown. The file is read again when it changes, or after a minute. */
  #fail(cause: unknown): void {
    this.#drop();
    this.#state = 'unreadable';
    const isFormat = cause instanceof Error && cause.name === 'FormatError';
    this.#reason = isFormat ? cause.message : printable(reasonOf(cause));
    this.#settled = this.#found;
    this.#retryAt = isFormat ? Number.POSITIVE_INFINITY : this.#options.clock() + RETRY_MILLIS;
  }

  /**
   * Returns whether the program is running. A process that is not visible may be in another container, so recent writes
   * count too.
   */
  #isRunning({ dev, ino }: { readonly dev: number; readonly ino: number }): boolean {
    const { header } = this;
    this.#writes = header !== undefined && this.#options.writer.find({ header, dev, ino });
    return header !== undefined && (this.#writes || this.ageMillis < this.#silentMillis);
  }

  /** Time without writes after which a program may have ended, in ms. */
  get #silentMillis(): number {
    return this.#options.stallMillis / 5;
  }

  get #isStalled(): boolean {
    return this.ageMillis >= this.#options.stallMillis;
  }

  /** Stops reading the file. It is still checked for changes or a replacement. */
  async #settle(state: CaptureState): Promise<void> {
    this.#state = state;
    this.#run?.capture.seal();
    this.#settled = await this.#file?.stat();
    await this.#release();
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#finishing = undefined;
    this.#writes = false;
    if (file === undefined) return;
    this.#bytesRead += file.bytesRead;
    this.#sizes = { data: file.dataBytes, disk: file.size };
    await file.close();
  }
}
