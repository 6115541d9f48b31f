import { ByteWriter } from '../../wire/byte-writer.js';
import type { MemrayHeader } from '../format/header.js';
import { limitsWith, type MemrayLimits } from '../format/limits.js';
import type { MemrayFormat } from '../format/memray-format.js';
import { CaptureReader } from '../heap/capture-reader.js';
import { HighWaterMark } from '../heap/high-water-mark.js';
import { MemorySnapshots } from '../heap/memory-snapshots.js';
import type { SiteAmounts } from '../heap/site-amounts.js';
import type { CaptureModel } from '../model/capture-model.js';
import { isNodeCapture } from '../model/captured-program.js';
import { AggregatedEncoder, type AggregatedRow } from '../write/write-aggregated.js';
import { writeHeader } from '../write/write-header.js';
import { AggregationModel } from './aggregation-model.js';
import { PYTHON_3_11 } from './convert-base.js';
import { type FittingSites, fittingSites } from './fitting-sites.js';

export interface MemrayAggregatorOptions {
  readonly limits?: Partial<MemrayLimits>;
  /**
   * Maximum number of memory records to keep, evenly spaced. Default: all, but at least half a million if there are
   * very many.
   */
  readonly maxSnapshots?: number;
}

export interface AggregateEncodeOptions {
  /**
   * A note for other programs. The first record names the main thread with it. The name `main` follows, and memray
   * shows the last of two names.
   */
  readonly note?: string;
  /** Command line in the header. Default: that of the capture. */
  readonly commandLine?: string | undefined;
  /**
   * Maximum size of the capture in bytes. If it would be larger, the smallest sites are summed without their stacks.
   * Default: no limit.
   */
  readonly maxBytes?: number;
  /** Called with the number of sites that were summed without their stacks. */
  readonly onLeftOut?: (sites: number) => void;
}

/** Bytes reserved for the trailer. */
const TRAILER_BYTES = 1;
const SNAPSHOT_BYTES = 25;
/** Size of the name of a thread without its text: a switch to the thread, a token, and the end of the text. */
const THREAD_NAME_BYTES = 11;
/** Size of the pieces that are returned. */
const CHUNK_BYTES = 1 << 18;

/**
 * Aggregates a capture as its bytes arrive, into what `memray run --aggregate` would have written instead. For each
 * thread, allocator and stack, it has the allocations alive at the high-water mark and at the end. It has no temporary
 * allocations, no history except the memory records, and no object records.
 *
 * {@link encode} may be called at any time, for the bytes read so far. Memory depends on live allocations and distinct
 * stacks, not on the length of the capture.
 */
export class MemrayAggregator extends CaptureReader {
  readonly #format: MemrayFormat;
  readonly #model: AggregationModel;
  readonly #heap: HighWaterMark;
  readonly #snapshots: MemorySnapshots;
  readonly #maxSnapshots: number;

  constructor(format: MemrayFormat, options: MemrayAggregatorOptions = {}) {
    const limits = limitsWith(options.limits);
    const heap = new HighWaterMark(limits);
    // Twice as many, because they are thinned out by half when there are too many.
    const maxKept = options.maxSnapshots === undefined ? undefined : 2 * options.maxSnapshots;
    const snapshots = new MemorySnapshots(() => heap.amounts.liveBytes, maxKept);
    const model = new AggregationModel(limits, [heap, snapshots]);
    super(model, limits);
    this.#format = format;
    this.#model = model;
    this.#heap = heap;
    this.#snapshots = snapshots;
    this.#maxSnapshots = options.maxSnapshots ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Returns the aggregated capture of the bytes read so far, in pieces. Do not call `push` meanwhile.
   *
   * @throws Error before the header was read
   */
  *encode(options: AggregateEncodeOptions = {}): Generator<Uint8Array> {
    const out = new ByteWriter();
    const encoder = new AggregatedEncoder(out, this.#format);
    const { kept, leftOut } = this.#sitesFor(options);
    const used = usedStacks(this.#model, kept, leftOut);
    if (leftOut.length > 0) options.onLeftOut?.(leftOut.length);
    const header = this.#header(used.frames.length, options.commandLine);
    writeHeader(out, header);
    if (options.note !== undefined) {
      encoder.threadName({ id: header.mainThreadId, name: options.note });
      encoder.threadName({ id: header.mainThreadId, name: 'main' });
    }
    for (const part of this.#parts(encoder, used)) {
      if (part !== undefined) out.bytes(part);
      if (out.length >= CHUNK_BYTES) yield out.take();
    }
    encoder.trailer();
    yield out.take();
  }

  #sitesFor({ maxBytes, note = '', commandLine }: AggregateEncodeOptions): FittingSites {
    const sites = usedSites(this.#model, this.#heap.amounts);
    if (maxBytes === undefined) return { kept: sites, leftOut: [] };
    const head = new ByteWriter();
    writeHeader(head, this.#header(0, commandLine));
    let taken = head.length + TRAILER_BYTES;
    for (const name of [note, 'main', ...this.#threadNames()])
      taken += THREAD_NAME_BYTES + Buffer.byteLength(name);
    taken += SNAPSHOT_BYTES * this.#snapshots.list(this.#maxSnapshots).length;
    for (const part of this.#model.memoryMaps()) taken += part?.length ?? 0;
    for (const part of this.#model.nativeFrameRecords()) taken += part?.length ?? 0;
    return fittingSites(this.#model, this.#heap.amounts, sites, maxBytes - taken);
  }

  *#threadNames(): Generator<string> {
    for (let at = 0; at < this.#model.threadCount; at += 1) {
      const { name } = this.#model.thread(at);
      if (name !== '') yield name;
    }
  }

  /**
   * Writes all records in memray's order. Yields where a piece may end. Native records are yielded as they were read.
   */
  *#parts(encoder: AggregatedEncoder, used: UsedStacks): Generator<Uint8Array | undefined> {
    const model = this.#model;
    for (const snapshot of this.#snapshots.list(this.#maxSnapshots)) {
      encoder.snapshot(snapshot);
      yield;
    }
    for (let at = 0; at < model.threadCount; at += 1) {
      const thread = model.thread(at);
      if (thread.name !== '') encoder.threadName(thread);
    }
    yield* model.memoryMaps();
    for (const [id, frame] of used.frames.entries()) {
      encoder.code(id, model.location(frame));
      yield;
    }
    yield* model.nativeFrameRecords();
    yield* this.#frames(encoder, used);
    yield* this.#rows(encoder, used);
  }

  *#frames(encoder: AggregatedEncoder, { frames, stacks }: UsedStacks): Generator<undefined> {
    const model = this.#model;
    const ids = new Map<number, number>();
    for (const [id, frame] of frames.entries()) {
      ids.set(frame, id);
      encoder.frame(id, model.location(frame), model.isEntryFrame(frame));
      yield;
    }
    for (let stack = 1; stack < stacks.length; stack += 1) {
      if (stacks[stack] === 0) continue;
      encoder.stack(ids.get(model.innermostFrame(stack))!, stacks[model.caller(stack)]!);
      yield;
    }
  }

  /**
   * Writes the rows in the order of first appearance, as memray 1.20 does: its summary shows the first 95 % of the
   * bytes.
   */
  *#rows(encoder: AggregatedEncoder, { sites, leftOut, stacks }: UsedStacks): Generator<undefined> {
    for (const site of sites) {
      encoder.allocation({ ...this.#row(site), stack: stacks[this.#model.sites.stack(site)]! });
      yield;
    }
    const rest = new Map<string, AggregatedRow>();
    for (const site of leftOut) {
      const row = this.#row(site);
      const key = `${row.thread} ${row.allocator}`;
      rest.set(key, sumOf(rest.get(key), row));
    }
    for (const row of rest.values()) encoder.allocation(row);
  }

  /** Returns the row of a site, without its stack. */
  #row(site: number): AggregatedRow {
    const { sites } = this.#model;
    const peak = this.#heap.amounts.atPeak(site);
    const leaked = this.#heap.amounts.live(site);
    return {
      thread: this.#model.thread(sites.thread(site)).id,
      allocator: sites.allocator(site),
      native: sites.native(site),
      stack: 0,
      generation: sites.generation(site),
      peakCount: peak.count,
      leakedCount: leaked.count,
      peakBytes: peak.bytes,
      leakedBytes: leaked.bytes,
    };
  }

  #header(frameCount: number, commandLine: string | undefined): MemrayHeader {
    const { header } = this;
    if (header === undefined) throw new Error('the header was not read yet');
    // An unfinished capture ends with its last memory record.
    const lastMillis = this.#snapshots.last?.millis ?? 0;
    return {
      ...header,
      commandLine: commandLine ?? header.commandLine,
      format: this.#format,
      pythonVersion: PYTHON_3_11,
      fileFormat: 'AGGREGATED_ALLOCATIONS',
      allocationCount: this.#heap.amounts.events || header.allocationCount,
      // memray counts frames in format 11 only.
      frameCount: this.#format === 11 || isNodeCapture(header) ? frameCount : 0,
      endTimeMillis: Math.max(header.endTimeMillis, lastMillis),
      objectLifetimes: false,
    };
  }
}

interface UsedStacks {
  /** Sites that are not empty and have a row of their own. */
  readonly sites: readonly number[];
  /** Sites that are summed without their stacks. */
  readonly leftOut: readonly number[];
  /** Frames of the used stacks. The index is the number in the file. */
  readonly frames: readonly number[];
  /** Number in the file of each stack; 0 for an unused stack and for the empty one. */
  readonly stacks: Int32Array;
}

/**
 * Collects the stacks of the given sites, and their callers. A caller has a smaller number than its callee, both before
 * and after renumbering.
 */
function usedStacks(model: CaptureModel, sites: readonly number[], leftOut: readonly number[]): UsedStacks {
  const stacks = new Int32Array(model.stackCount + 1);
  for (const site of sites) {
    for (let at = model.sites.stack(site); at !== 0 && stacks[at] === 0; at = model.caller(at))
      stacks[at] = 1;
  }
  const frames = new Set<number>();
  let number = 0;
  for (let stack = 1; stack < stacks.length; stack += 1) {
    if (stacks[stack] === 0) continue;
    stacks[stack] = ++number;
    frames.add(model.innermostFrame(stack));
  }
  return { sites, leftOut, frames: [...frames], stacks };
}

function sumOf(sum: AggregatedRow | undefined, row: AggregatedRow): AggregatedRow {
  if (sum === undefined) return { ...row, native: 0, generation: 0 };
  return {
    ...sum,
    peakCount: sum.peakCount + row.peakCount,
    leakedCount: sum.leakedCount + row.leakedCount,
    peakBytes: sum.peakBytes + row.peakBytes,
    leakedBytes: sum.leakedBytes + row.leakedBytes,
  };
}

function usedSites({ sites }: CaptureModel, heap: SiteAmounts): number[] {
  const used: number[] = [];
  for (let site = 1; site <= sites.size; site += 1) {
    if (heap.atPeak(site).count > 0 || heap.live(site).count > 0) used.push(site);
  }
  return used;
}
