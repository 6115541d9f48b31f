import { type OwnPackage, StackPackages } from '../../call-sites/index.js';
import { type LabelsHandle, type Profile, ProfileBuilder, type ValueColumn } from '../../profile/index.js';
import { ALLOCATORS } from '../format/allocators.js';
import type { MemrayHeader } from '../format/header.js';
import { limitsWith, type MemrayLimits } from '../format/limits.js';
import { type FollowedHeap, followHeap, readFollowing } from '../heap/followed-heap.js';
import { LastMemoryRecord } from '../heap/last-memory-record.js';
import { CaptureModel } from '../model/capture-model.js';
import { capturedProgram, isNodeCapture, plainPlace } from '../model/captured-program.js';
import type { MemrayLocation } from '../model/code-table.js';
import { type CaptureEnd, RecordStream } from '../read/record-stream.js';
import { ProfileStacks } from './profile-stacks.js';
import { profileTimes } from './profile-times.js';

/** Columns that an aggregated capture does not have. */
const ALLOCATED: readonly ValueColumn[] = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
];
const COLUMNS: readonly ValueColumn[] = [
  { type: 'peak_objects', unit: 'count' },
  { type: 'peak_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
];
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

export interface MemrayProfilerOptions {
  /** Limits for the input, see {@link MemrayLimits}. Missing ones have their defaults. */
  readonly limits?: Partial<MemrayLimits>;
  /**
   * Follow the heap of a long capture on a separate thread: takes less time with two processors. The profile is then
   * available only after {@link MemrayProfiler.end}, which must be called, and this thread blocks while it is too far
   * ahead. Default false.
   */
  readonly ownThread?: boolean;
  /** Returns the package of one of a Node program's own files. Default: they are named by the program's folder. */
  readonly ownPackage?: OwnPackage;
}

/**
 * Reads a capture of any format as its bytes arrive, and makes a profile of it. Columns: all allocations, those alive
 * at the high-water mark, and those alive at the end ("in use", which memray calls leaked). An aggregated capture has
 * no total of all allocations, so its profile lacks these columns.
 *
 * Labels: `allocator` (memray's name), `tid`, `thread` (its name, or its ID as memray displays it) and `package`. If
 * the capture has native stacks, the native frames follow below the Python ones. They have addresses in their files and
 * the places where these were loaded, because a capture does not contain their names.
 */
export class MemrayProfiler {
  readonly #model: CaptureModel;
  readonly #heap: FollowedHeap;
  readonly #stream: RecordStream;
  readonly #clock: LastMemoryRecord = new LastMemoryRecord();
  readonly #ownPackage: OwnPackage | undefined;

  constructor(options: MemrayProfilerOptions = {}) {
    this.#ownPackage = options.ownPackage;
    const limits = limitsWith(options.limits);
    this.#heap = followHeap(limits, options.ownThread);
    this.#model = new CaptureModel(limits, [...this.#heap.listeners, this.#clock]);
    this.#stream = new RecordStream(this.#model, limits);
  }

  /** Undefined until the header was read. */
  get header(): MemrayHeader | undefined {
    return this.#stream.header;
  }

  /** True if no more bytes are needed: the trailer was read, or damage was found. */
  get stopped(): boolean {
    return this.#stream.stopped;
  }

  /** True if more bytes would change no result: see {@link RecordStream.settled}. */
  get settled(): boolean {
    return this.#stream.settled;
  }

  /**
   * Reads the next bytes.
   *
   * @throws FormatError when this is not a supported capture, or it exceeds a limit
   */
  push(bytes: Uint8Array): void {
    readFollowing(this.#heap, () => this.#stream.push(bytes));
  }

  /**
   * Ends the input.
   *
   * @throws FormatError when the header is incomplete
   */
  end(): CaptureEnd {
    return readFollowing(this.#heap, () => {
      const end = this.#stream.end();
      this.#heap.finish();
      return end;
    });
  }

  /**
   * Returns the profile of the bytes read so far; with `ownThread`, only after {@link end}. Throws without a header.
   */
  profile(): Profile {
    const { header } = this;
    if (header === undefined) throw new Error('there is no header yet');
    const aggregated = header.fileFormat === 'AGGREGATED_ALLOCATIONS';
    const builder = new ProfileBuilder({
      columns: aggregated ? COLUMNS : [...ALLOCATED, ...COLUMNS],
      defaultColumn: 'inuse_space',
      ...profileTimes(header, this.#clock.last?.millis),
      program: isNodeCapture(header) ? 'node' : 'python',
    });
    if (header.commandLine !== '') builder.comment(`command: ${header.commandLine}`);
    const samples = new SampleMaker(builder, this.#model, header, this.#ownPackage);
    for (let site = 1; site <= this.#model.sites.size; site += 1) {
      const total = this.#heap.amounts.total(site);
      const peak = this.#heap.amounts.atPeak(site);
      const live = this.#heap.amounts.live(site);
      const values = [peak.count, peak.bytes, live.count, live.bytes];
      if (!aggregated) values.unshift(total.count, total.bytes);
      if (values.some((value) => value !== 0)) samples.add(site, values);
    }
    return builder.build();
  }
}

/** Returns the profile of a whole capture, given in one piece or several. Throws as {@link MemrayProfiler} does. */
export function profileFromMemray(chunks: Iterable<Uint8Array>): Profile {
  const profiler = new MemrayProfiler();
  for (const chunk of chunks) profiler.push(chunk);
  profiler.end();
  return profiler.profile();
}

/** Maximum number of frames of a stack to search for a package: deeper than any recursion in a library. */
const MAX_SEARCHED = 2_000;

/** Converts sites to samples. Creates each stack and label set once. */
class SampleMaker {
  readonly #builder: ProfileBuilder;
  readonly #model: CaptureModel;
  readonly #packages: StackPackages;
  readonly #mainThreadId: bigint;
  readonly #stacks: ProfileStacks;
  readonly #packageOfStack: Map<number, string> = new Map();
  readonly #labels: Map<string, LabelsHandle> = new Map();

  constructor(builder: ProfileBuilder, model: CaptureModel, header: MemrayHeader, ownPackage?: OwnPackage) {
    this.#builder = builder;
    this.#model = model;
    this.#packages = new StackPackages(capturedProgram(header), ownPackage);
    this.#mainThreadId = header.mainThreadId;
    this.#stacks = new ProfileStacks(builder, model, header.skippedFrames);
  }

  add(site: number, values: readonly number[]): void {
    const { sites } = this.#model;
    const thread = sites.thread(site);
    const stack = sites.stack(site);
    const isMain = this.#model.thread(thread).id === this.#mainThreadId;
    const callers = this.#stacks.ofCode(stack, isMain);
    const handle = this.#stacks.withNative(callers, sites.native(site), sites.generation(site));
    this.#builder.add(handle, values, this.#labelsOf(thread, sites.allocator(site), this.#packageOf(stack)));
  }

  #packageOf(stack: number): string {
    const known = this.#packageOfStack.get(stack);
    if (known !== undefined) return known;
    const found = this.#packages.packageOf(plainStack(this.#model.wholeStack(stack, MAX_SEARCHED)));
    this.#packageOfStack.set(stack, found);
    return found;
  }

  #labelsOf(thread: number, allocator: number, packageName: string): LabelsHandle {
    const key = `${thread},${allocator},${packageName}`;
    const known = this.#labels.get(key);
    if (known !== undefined) return known;
    const { id, name } = this.#model.thread(thread);
    const handle = this.#builder.labels({
      allocator: ALLOCATORS[allocator - 1]!.name,
      tid: id <= MAX_SAFE ? Number(id) : hex(id),
      thread: name || hex(id),
      package: packageName,
    });
    this.#labels.set(key, handle);
    return handle;
  }
}

function* plainStack(stack: Iterable<MemrayLocation>): Generator<MemrayLocation> {
  for (const location of stack) yield plainPlace(location);
}

function hex(id: bigint): string {
  return `0x${id.toString(16)}`;
}
