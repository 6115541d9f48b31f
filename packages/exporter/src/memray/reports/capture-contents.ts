import { type OwnPackage, RecordedStackPackages } from '../../call-sites/index.js';
import type { ProfileBuilder, StackHandle } from '../../profile/index.js';
import { ALLOCATORS, type AllocatorName } from '../format/allocators.js';
import type { MemrayHeader } from '../format/header.js';
import { limitsWith } from '../format/limits.js';
import { LastMemoryRecord, type ResidentMemory } from '../heap/last-memory-record.js';
import { type Amount, SiteAmounts, type SiteAmountsState } from '../heap/site-amounts.js';
import { CaptureModel, type CaptureModelState } from '../model/capture-model.js';
import { capturedProgram, isNodeCapture, plainPlace } from '../model/captured-program.js';
import type { MemrayLocation } from '../model/code-table.js';
import type { MemrayThread } from '../model/thread-table.js';
import { ProfileStacks } from './profile-stacks.js';
import { profileTimes } from './profile-times.js';

/** The thread, allocator and stack of allocations. Sites are numbered from 1, and their numbers never change. */
export interface AllocationSite {
  readonly thread: MemrayThread;
  readonly allocator: AllocatorName;
  /** Number of the stack; 0 for none. */
  readonly stack: number;
}

/** A copy of {@link CaptureContents} at one moment, to post to another thread. */
export interface CaptureSnapshot {
  readonly model: CaptureModelState;
  readonly amounts: SiteAmountsState;
  readonly resident: ResidentMemory | undefined;
}

/** The allocations of each site of a capture at one moment, to subtract from those of a later moment. */
export interface CaptureAmounts {
  readonly amounts: SiteAmountsState;
  /** Time of collection, in ns since the Unix epoch. */
  readonly timeNanos: bigint;
}

/** Maximum number of frames of a stack to search for a package: deeper than any recursion in a library. */
const MAX_SEARCHED = 2_000;

/** The contents of a capture: its program, and amounts by site. */
export class CaptureContents {
  readonly #model: CaptureModel;
  readonly #amounts: SiteAmounts;
  readonly #memory: LastMemoryRecord;
  readonly #ownPackage: OwnPackage | undefined;
  #packages: RecordedStackPackages | undefined;

  /**
   * Creates a view of the given tables.
   *
   * @param ownPackage returns the package of one of a Node program's own files
   */
  constructor(
    model: CaptureModel,
    amounts: SiteAmounts,
    memory: LastMemoryRecord,
    ownPackage: OwnPackage | undefined,
  ) {
    this.#model = model;
    this.#amounts = amounts;
    this.#memory = memory;
    this.#ownPackage = ownPackage;
  }

  /** Returns the contents at the moment of a snapshot. */
  static of({ model, amounts, resident }: CaptureSnapshot, ownPackage?: OwnPackage): CaptureContents {
    const memory = new LastMemoryRecord();
    memory.last = resident;
    const known = new CaptureModel(limitsWith(), [], { state: model });
    return new CaptureContents(known, SiteAmounts.of(amounts), memory, ownPackage);
  }

  /** Copies all data. Takes some milliseconds per 100,000 sites. */
  snapshot(): CaptureSnapshot {
    return {
      model: this.#model.state,
      amounts: this.#amounts.copy(this.siteCount),
      resident: this.#memory.last,
    };
  }

  /** Copies only the amounts: 64 bytes per site. Requires the header. */
  amountsNow(): CaptureAmounts {
    return { amounts: this.#amounts.copy(this.siteCount), timeNanos: this.times.timeNanos };
  }

  /** Undefined until the header was read. */
  get header(): MemrayHeader | undefined {
    return this.#model.knownHeader;
  }

  /** Number of allocations and deallocations so far. */
  get events(): number {
    return this.#amounts.events;
  }

  get liveBytes(): number {
    return this.#amounts.liveBytes;
  }

  get peakBytes(): number {
    return this.#amounts.peakBytes;
  }

  /** Undefined before the first memory record. */
  get resident(): ResidentMemory | undefined {
    return this.#memory.last;
  }

  /**
   * Returns a function that converts the stack of a site to one of a profile. Frames hidden by the header are omitted
   * and native frames are included, as in `MemrayProfiler`. Covers the records read so far.
   */
  stacksIn(builder: ProfileBuilder): (site: number) => StackHandle | undefined {
    const model = this.#model;
    const { skippedFrames = 0, mainThreadId } = this.header ?? {};
    const stacks = new ProfileStacks(builder, model, skippedFrames);
    return (site) => {
      const isMain = model.thread(model.sites.thread(site)).id === mainThreadId;
      const callers = stacks.ofCode(model.sites.stack(site), isMain);
      return stacks.withNative(callers, model.sites.native(site), model.sites.generation(site));
    };
  }

  /** Time of collection and length of a profile of the records read so far. Throws without a header. */
  get times(): { readonly timeNanos: bigint; readonly durationNanos: bigint } {
    if (this.header === undefined) throw new Error('there is no header yet');
    return profileTimes(this.header, this.resident?.millis);
  }

  /** Sum of all allocations, freed or not. */
  get totalAllocated(): Amount {
    let bytes = 0;
    let count = 0;
    for (let site = 1; site <= this.siteCount; site += 1) {
      const allocated = this.allocated(site);
      bytes += allocated.bytes;
      count += allocated.count;
    }
    return { bytes, count };
  }

  /** The language of the program. Throws without a header. */
  get program(): 'node' | 'python' {
    if (this.header === undefined) throw new Error('there is no header yet');
    return isNodeCapture(this.header) ? 'node' : 'python';
  }

  /** True if the capture has all allocations ever made. An aggregated file has not. */
  get knowsAllocated(): boolean {
    return this.header?.fileFormat === 'ALL_ALLOCATIONS';
  }

  get siteCount(): number {
    return this.#model.sites.size;
  }

  site(site: number): AllocationSite {
    const { sites } = this.#model;
    return {
      thread: this.#model.thread(sites.thread(site)),
      allocator: ALLOCATORS[sites.allocator(site) - 1]!.name,
      stack: sites.stack(site),
    };
  }

  /** Returns all allocations ever made at a site. */
  allocated(site: number): Amount {
    return this.#amounts.total(site);
  }

  /** Returns the allocations alive at the high-water mark. */
  atPeak(site: number): Amount {
    return this.#amounts.atPeak(site);
  }

  /** Returns the allocations alive now. */
  live(site: number): Amount {
    return this.#amounts.live(site);
  }

  /**
   * Returns the frame that allocations of a stack are attributed to, see `RecordedStackPackages`. Undefined for the empty
   * stack.
   */
  callSite(stack: number): MemrayLocation | undefined {
    return this.#stackPackages().callSite(plainStack(this.#model.wholeStack(stack)));
  }

  /** Returns the package that a stack belongs to, see `RecordedStackPackages`. */
  packageOf(stack: number): string {
    return this.#stackPackages().packageOf(plainStack(this.#model.wholeStack(stack, MAX_SEARCHED)));
  }

  #stackPackages(): RecordedStackPackages {
    if (this.header === undefined) throw new Error('there is no header yet');
    this.#packages ??= new RecordedStackPackages(capturedProgram(this.header), this.#ownPackage);
    return this.#packages;
  }
}

function* plainStack(stack: Iterable<MemrayLocation>): Generator<MemrayLocation> {
  for (const location of stack) yield plainPlace(location);
}
