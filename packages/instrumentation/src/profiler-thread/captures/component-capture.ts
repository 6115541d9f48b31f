// One file of over 400 lines, because every way in which a capture pauses, rotates or is summed up can lead to any other.
import path from 'node:path';
import {
  CaptureCompression,
  type CaptureError,
  CaptureFile,
  type CaptureFileOptions,
  captureFileName,
  isTransient,
  type KnownCapture,
  ownerNote,
} from '@heapray/exporter/sinks';
import { type LedgerSource, type NodeIndex, ROOT } from '../ledger/index.js';
import type { ComponentCaptureOptions } from './capture-options.js';
import { CapturePause } from './capture-pause.js';
import { CaptureReports } from './capture-reports.js';
import { allocatedBy, type EventsAhead, type HeapEvent } from './heap-event.js';
import { RecordFeed } from './record-feed.js';
import { RunAggregate } from './run-aggregate.js';
import type { ComponentScope } from './scope/component-scope.js';
import { type FollowedSources, type HeapListener, SourceFollower } from './source-follower.js';

/** Upper bound of the bytes that the writer adds at the end: two memory records, a free and the trailer. */
const END_BYTES = 128;
/** Upper bound of the bytes of an allocation and a free once their stack is written; also of a free alone. */
const PAIR_BYTES = 64;
/** Share of a file that must remain free after the live samples; else the next file would follow at once. */
const MIN_ROOM_SHARE = 1 / 8;
/** Upper bound of the bytes of any stack, whatever its names; with more room, nothing needs to be counted. */
const ROOM_FOR_ANY_STACK = 2 * 2 ** 20;
/** If a second file in a row is removed within this time, in ms, the capture pauses before the next one. */
const MIN_LIFE_MILLIS = 5_000;
/** Interval for deleting old captures, also those of other processes, in ms. */
const TIDY_MILLIS = 60_000;

/**
 * Writes the events of all ledgers to `<home>/<component>_memory.bin` as they happen, each thread as one of its own.
 *
 * As with memray, contains only what is allocated after the capture began (unless `whole` is set). Each
 * sample stands for the bytes that V8 estimates for it. With a `scope`, contains only what belongs to the component. Everything is flushed after each memory record, in
 * whole records, so that memray can open the capture of a killed process.
 *
 * With `isAggregated`, the capture has sums by stack instead of events. Otherwise it continues in these cases:
 * - A file reaches its size limit: it is closed properly and rotated. A new file begins with what is still
 *   alive, or the whole run continues as an aggregated capture.
 * - What is alive does not fit into a file: the capture continues aggregated from there on.
 * - A file was removed or moved away: a new one begins with what is alive.
 * - No file descriptor is left: the capture pauses, and then begins a new file in the same way.
 *
 * @throws CaptureError from the constructor, `flush` and `finish` when the file system refuses
 */
export class ComponentCapture implements HeapListener {
  readonly #follower: SourceFollower;
  readonly #options: ComponentCaptureOptions;
  readonly #steadyNow: () => number;
  /** Ids of samples that were alive before the capture began. */
  readonly #before = new Set<number>();
  readonly #scope: ComponentScope | undefined;
  readonly #reports: CaptureReports;
  readonly #feed: RecordFeed;
  /** Set when the run is aggregated, or will be when the file is full. */
  #run: RunAggregate | undefined;
  #state: 'detailed' | 'summed' | 'paused' = 'paused';
  #file: CaptureFile | undefined;
  /** Events since the last flush: files must not change in the middle of a poll. */
  #events: HeapEvent[] = [];
  /** Present or last path of the capture. */
  #path: string;
  /** Bytes that the present file began with. */
  #headBytes = 0;
  /** Number of files and aggregations begun; each is a record stream of its own. */
  #streams = 0;
  readonly #pause = new CapturePause();
  #begunAt: number | undefined;
  #saidPaused = false;
  /** Number of consecutive files that were removed soon after they began. */
  #shortLives = 0;
  #tidyAt = 0;

  constructor(sources: FollowedSources, options: ComponentCaptureOptions) {
    this.#follower = new SourceFollower(sources, this);
    this.#options = options;
    this.#reports = new CaptureReports(options.onReport);
    this.#steadyNow = options.steadyNow ?? (() => performance.now());
    this.#path = path.join(options.home, `${captureFileName(options.component)}_memory.bin`);
    this.#scope = options.scope;
    // A scope holds only what is allocated from now on.
    if (!options.whole && !options.scope)
      this.#follower.forEachLive((id, source) => {
        if (source !== options.wholeSource) this.#before.add(id);
      });
    this.#feed = new RecordFeed({ ...options, note: ownerNote('writing') });
    this.#begin([], undefined);
    this.#saidPaused ||= this.paused;
    this.#follower.start();
  }

  get path(): string {
    return this.#path;
  }

  /** True while it waits for a file to write to. */
  get paused(): boolean {
    return this.#state === 'paused';
  }

  allocated(id: number, source: LedgerSource, node: NodeIndex, bytes: number): void {
    if (this.#scope && !this.#scope.takes(id, source, node, bytes)) return;
    this.#events.push({ kind: 'allocated', id, source, node, bytes });
  }

  freed(id: number): void {
    if (this.#scope && !this.#scope.frees(id)) return;
    if (!this.#before.delete(id)) this.#events.push({ kind: 'freed', id });
  }

  estimated(source: LedgerSource, node: NodeIndex, samples: number, bytes: number): void {
    const part = this.#scope?.partOf(source, node, samples, bytes) ?? 1;
    if (part === 0) return;
    this.#events.push({ kind: 'estimated', source, node, samples: samples * part, bytes: bytes * part });
  }

  ended(source: LedgerSource): void {
    this.#events.push({ kind: 'ended', source });
  }

  /** Adds a memory record and writes everything. Call after each poll, and at intervals if polls stop. */
  flush(): void {
    this.#learn();
    if (this.paused && !this.#goOn(false)) return;
    if (this.#state === 'detailed' && !this.#file!.isInPlace) this.#beginAnew();
    this.#drain();
    this.#makeRoom(PAIR_BYTES, () => []);
    if (this.paused) return;
    this.#feed.memoryRecord();
    this.#writeOut();
    if (this.#state === 'summed') this.#run!.writeIfDue();
    this.#tidy();
  }

  /** Ends the capture. Call `attribute` on the ledger before. */
  finish(): void {
    this.#follower.stop();
    this.#learn();
    if (this.paused && !this.#goOn(true)) return;
    if (this.#state === 'detailed' && !this.#file!.isInPlace) this.#reports.removed(this.#path, undefined);
    this.#drain();
    if (this.paused) return;
    for (const { source, node, bytes } of this.#feed.takeFractions())
      this.#writeEstimates(source, node, 1, bytes, () => []);
    if (this.paused) return;
    this.#feed.end();
    this.#writeOut();
    if (this.#state === 'summed') this.#finished(this.#run!.finish());
    else this.#closeFile();
  }

  /** Gives up after an error; what was flushed remains. Never throws. */
  abandon(): void {
    this.#follower.stop();
    this.#file?.abandon();
    this.#run?.abandon();
  }

  /**
   * Begins a file with everything that is alive, so that leaks stay complete; or pauses, or aggregates.
   *
   * @param ahead events that will be written to it, so that their allocations are not in it yet
   * @param isLast true if there will be no later attempt, after which what is alive may fit
   */
  #begin(ahead: readonly HeapEvent[], preferred: string | undefined, isLast = false): void {
    const head = this.#encodeLive(allocatedBy(ahead));
    const options = { ...this.#fileOptions, preferred };
    try {
      if (this.#options.isAggregated) return this.#sumUpFromHere(options, head ?? this.#feed.take());
      if (head === undefined) {
        if (isLast || !this.#pause.waitsForRoom(this.#steadyNow())) this.#sumUpAsTooMuch(options);
        else this.#miss(ahead);
        return;
      }
      this.#file = CaptureFile.open({ ...options, head });
    } catch (error) {
      if (!isTransient(error)) throw error;
      return this.#wait((error as CaptureError).message, ahead);
    }
    this.#begun(this.#file.path, 'detailed');
    this.#headBytes = head.length;
    if (this.#options.aggregateOverflow) this.#run = this.#newRun();
    this.#run?.push(head);
    // Prune only now: a file must be writable before it replaces an older one.
    this.#notPruned(this.#file.prune());
  }

  #begun(path: string, state: 'detailed' | 'summed'): void {
    this.#path = path;
    this.#state = state;
    this.#streams++;
    this.#begunAt = this.#steadyNow();
    this.#tidyAt = this.#steadyNow() + TIDY_MILLIS;
  }

  /** Returns the first bytes of a file; undefined if what is alive takes up too much of it. */
  #encodeLive(pending: ReadonlySet<number>): Uint8Array | undefined {
    this.#feed.restart();
    let carried = 0;
    this.#follower.forEachLive((id, source, node, bytes) => {
      if (this.#before.has(id) || pending.has(id) || this.#scope?.holds(id) === false) return;
      this.#feed.allocated(id, source, node, bytes);
      carried++;
    });
    this.#feed.memoryRecord();
    const fits = this.#room > this.#options.maxCaptureBytes * MIN_ROOM_SHARE;
    return carried > 0 && !fits ? undefined : this.#feed.take();
  }

  /** Adds earlier samples that are known to belong to the component only now. */
  #learn(): void {
    for (const event of this.#scope?.learned() ?? []) this.#events.push(event);
  }

  /** Writes the events since the last flush. */
  #drain(): void {
    const events = this.#events;
    this.#events = [];
    // Once another file has begun, it can only free what the remaining events allocate.
    let known: ReadonlySet<number> | undefined;
    for (let at = 0; at < events.length && !this.paused; at++) {
      const event = events[at]!;
      const streams = this.#streams;
      const ahead = () => events.slice(at);
      if (event.kind === 'estimated')
        this.#writeEstimates(event.source, event.node, event.samples, event.bytes, ahead);
      else if (event.kind === 'allocated')
        this.#writeAllocation(event.id, event.source, event.node, event.bytes, ahead);
      else if (event.kind === 'ended') this.#endSource(event.source, ahead);
      else if ((known?.has(event.id) ?? true) && !this.#makeRoom(PAIR_BYTES, ahead))
        this.#feed.freed(event.id);
      if (this.#streams !== streams) known = allocatedBy(events.slice(at));
    }
  }

  #endSource(source: LedgerSource, ahead: EventsAhead): void {
    for (const { node, bytes } of this.#feed.endSource(source)) {
      if (this.paused) return;
      this.#writeEstimates(source, node, 1, bytes, () => ahead().slice(1));
    }
  }

  #writeAllocation(
    id: number,
    source: LedgerSource,
    node: NodeIndex,
    bytes: number,
    ahead: EventsAhead,
  ): void {
    const withStack = this.#makeRoomFor(source, node, false, ahead);
    if (this.paused) return;
    this.#feed.allocated(id, source, withStack ? node : ROOT, bytes);
  }

  #writeEstimates(
    source: LedgerSource,
    node: NodeIndex,
    samples: number,
    bytes: number,
    ahead: EventsAhead,
  ): void {
    const each = bytes / samples;
    let left = samples;
    const stillAhead = (): readonly HeapEvent[] => [
      { kind: 'estimated', source, node, samples: left, bytes: each * left },
      ...ahead().slice(1),
    ];
    while (left > 0 && !this.paused) {
      const place = this.#makeRoomFor(source, node, true, stillAhead) ? node : ROOT;
      if (this.paused) return;
      const room = this.#state === 'summed' ? Number.POSITIVE_INFINITY : this.#room;
      // One more may result from fractions.
      const pairs = Math.floor((room - this.#feed.maxBytesOf(source, place, true)) / PAIR_BYTES) - 1;
      const some = Math.min(left, Math.max(1, pairs));
      this.#feed.estimated(source, place, some, each * some);
      left -= some;
    }
  }

  /** Bytes that can still be written to the file before its end. */
  get #room(): number {
    return this.#options.maxCaptureBytes - END_BYTES - this.#feed.bytes;
  }

  /**
   * Ends the file if an allocation with this stack does not fit into it any more.
   *
   * @returns false for a stack that fits into no file; its allocations are then written without it
   */
  #makeRoomFor(source: LedgerSource, node: NodeIndex, isEstimate: boolean, ahead: EventsAhead): boolean {
    if (this.#state === 'summed' || this.#room > ROOM_FOR_ANY_STACK) return true;
    const needed = () => this.#feed.maxBytesOf(source, node, isEstimate) + 2 * PAIR_BYTES;
    const before = needed();
    if (before <= this.#room) return true;
    const fitsNone = before > this.#options.maxCaptureBytes - END_BYTES - this.#headBytes;
    this.#makeRoom(fitsNone ? 4 * PAIR_BYTES : before, ahead);
    if (this.#state !== 'detailed' || (!fitsNone && needed() <= this.#room)) return true;
    this.#reports.stacksLeftOut(this.#path);
    return false;
  }

  /** Ends the file if it lacks room for this many bytes; returns true if another one was begun. */
  #makeRoom(bytes: number, ahead: EventsAhead): boolean {
    if (this.#state !== 'detailed' || bytes <= this.#room) return false;
    if (this.#options.aggregateOverflow) {
      this.#sumUp(this.#run!);
      return false;
    }
    this.#feed.end();
    this.#writeOut();
    this.#closeFile();
    this.#begin(ahead(), this.#path);
    return true;
  }

  /** Continues the run aggregated: from here on only its sums are written. */
  #sumUp(run: RunAggregate): void {
    const trailer = this.#feed.checkpoint();
    this.#writeOut();
    this.#file!.append(trailer);
    this.#closeFile();
    this.#state = 'summed';
    this.#notPruned(run.open({ ...this.#fileOptions, preferred: this.#path }));
    this.#path = run.path ?? this.#path;
  }

  /** Continues aggregated from here, when what is alive does not fit into a file of its own. */
  #sumUpAsTooMuch(options: CaptureFileOptions): void {
    this.#reports.summedUp(this.#path, this.#options.maxCaptureBytes);
    this.#sumUpFromHere(options, this.#feed.take());
  }

  /**
   * Writes sums from here on.
   *
   * @param head first bytes of the capture
   */
  #sumUpFromHere(options: CaptureFileOptions, head: Uint8Array): void {
    const run = this.#newRun();
    run.push(head);
    this.#run = run;
    this.#notPruned(run.open(options));
    this.#begun(run.path ?? this.#path, 'summed');
  }

  /** Begins a new file after the old one was removed or moved away; a moved file is finished where it is. */
  #beginAnew(): void {
    const removed = this.#path;
    try {
      this.#feed.end();
      this.#writeOut();
      this.#patchHeader();
      this.#file!.close();
    } catch {
      this.#file!.abandon();
    }
    const livedShort = this.#steadyNow() - (this.#begunAt ?? 0) < MIN_LIFE_MILLIS;
    this.#shortLives = livedShort ? this.#shortLives + 1 : 0;
    if (this.#shortLives > 1) return this.#wait(`${removed} is removed again and again`, this.#events);
    const ahead = allocatedBy(this.#events);
    this.#events = this.#events.filter((event) => event.kind !== 'freed' || ahead.has(event.id));
    this.#begin(this.#events, removed);
    this.#reports.removed(removed, this.paused ? undefined : this.#path);
    this.#saidPaused ||= this.paused;
  }

  /** Pauses and retries later; logs the reason once. */
  #wait(why: string, ahead: readonly HeapEvent[]): void {
    this.#pause.begin(this.#steadyNow(), this.#begunAt);
    this.#miss(ahead);
    if (!this.#saidPaused) this.#reports.paused(this.#path, why);
    this.#saidPaused = true;
  }

  #miss(events: readonly HeapEvent[]): void {
    this.#state = 'paused';
    this.#pause.miss(events);
    this.#events = [];
  }

  /** Ends a pause if it is time to and a file can be begun. Returns true if the capture continues. */
  #goOn(isLast: boolean): boolean {
    this.#miss(this.#events);
    if (!isLast && !this.#pause.isOver(this.#steadyNow())) return false;
    this.#begin([], this.#path, isLast);
    if (this.paused) return false;
    if (this.#saidPaused) this.#reports.resumed(this.#path);
    this.#saidPaused = false;
    this.#events = this.#pause.end();
    return true;
  }

  /** Deletes old captures, including those that other processes of the component have left. */
  #tidy(): void {
    if (this.#steadyNow() < this.#tidyAt) return;
    this.#tidyAt = this.#steadyNow() + TIDY_MILLIS;
    this.#notPruned((this.#state === 'summed' ? this.#run : this.#file)?.prune() ?? []);
  }

  get #fileOptions(): CaptureFileOptions {
    const { home, component, maxCaptures, endedThreads = [] } = this.#options;
    const steadyNow = this.#steadyNow;
    return { folder: home, component: captureFileName(component), maxCaptures, endedThreads, steadyNow };
  }

  #newRun(): RunAggregate {
    const { format, maxCaptureBytes, presentCommandLine } = this.#options;
    return new RunAggregate({
      format,
      maxBytes: maxCaptureBytes,
      presentCommandLine,
      onLeftOut: () => this.#reports.stacksLeftOut(this.#path),
      onReplaced: (removed, path) => {
        this.#path = path;
        this.#reports.removed(removed, path);
      },
    });
  }

  #writeOut(): void {
    const bytes = this.#feed.take();
    this.#run?.push(bytes);
    if (this.#state !== 'detailed') return;
    this.#file!.append(bytes);
    this.#updateHeader();
  }

  /** Updates length and totals in the header, so that they are right in the capture of a killed process. */
  #updateHeader(): void {
    try {
      this.#patchHeader();
    } catch {
      // Ignore: only the records matter. If the disk rejects these too, a later flush or the end throws.
    }
  }

  #closeFile(): void {
    this.#patchHeader();
    this.#file!.close();
    this.#finished(this.#file!.known);
  }

  #patchHeader(): void {
    for (const { offset, bytes } of this.#feed.headerPatches()) this.#file!.patch(offset, bytes);
  }

  #notPruned(problems: readonly CaptureError[]): void {
    for (const problem of problems) this.#options.onNotPruned?.(problem);
  }

  #finished(capture: KnownCapture | undefined): void {
    if (capture !== undefined) this.#options.onFinished?.(() => CaptureCompression.of(capture));
  }
}
