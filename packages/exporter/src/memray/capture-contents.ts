import { type OwnPackage, StackPackages } from '../call-sites/index.js';
import type { ProfileBuilder, StackHandle } from '../profile/index.js';
import { ALLOCATORS, type AllocatorName } from './allocators.js';
import { CaptureModel, type CaptureModelState } from './capture-model.js';
import { capturedProgram, plainPlace } from './captured-program.js';
import type { MemrayLocation } from './code-table.js';
import type { MemrayHeader } from './header.js';
import { LastMemoryRecord, type ResidentMemory } from './last-memory-record.js';
import { limitsWith } from './limits.js';
import { ProfileStacks } from './profile-stacks.js';
import { profileTimes } from './profile-times.js';
import { type Amount, SiteAmounts, type SiteAmountsState } from './site-amounts.js';
import type { MemrayThread } from './thread-table.js';

/** Where and by what something was allocated. Sites are numbered from 1 and never change. */
export interface AllocationSite {
  readonly thread: MemrayThread;
  readonly allocator: AllocatorName;
  /** Number of the stack, 0 for none. */
  readonly stack: number;
}

/** What {@link CaptureContents} hold at one moment, to be posted to another thread. */
export interface CaptureSnapshot {
  readonly model: CaptureModelState;
  readonly amounts: SiteAmountsState;
  readonly resident: ResidentMemory | undefined;
}

/** What each site of a capture had allocated at one moment, and when that was; to be subtracted from a later moment. */
export interface CaptureAmounts {
  readonly amounts: SiteAmountsState;
  /** Time of collection, in nanoseconds since the Unix epoch. */
  readonly timeNanos: bigint;
}

/** What a capture says: its program, and amounts by site. */
export class CaptureContents {
  readonly #model: CaptureModel;
  readonly #amounts: SiteAmounts;
  readonly #memory: LastMemoryRecord;
  readonly #ownPackage: OwnPackage | undefined;
  #packages: StackPackages | undefined;

  /** @param ownPackage names the packages of a Node program's own files */
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

  /** The contents at the moment of a snapshot. */
  static of({ model, amounts, resident }: CaptureSnapshot, ownPackage?: OwnPackage): CaptureContents {
    const memory = new LastMemoryRecord();
    memory.last = resident;
    const known = new CaptureModel(limitsWith(), [], { state: model });
    return new CaptureContents(known, SiteAmounts.of(amounts), memory, ownPackage);
  }

  /** Copies all, which takes some milliseconds for each 100,000 sites. */
  snapshot(): CaptureSnapshot {
    return {
      model: this.#model.state,
      amounts: this.#amounts.copy(this.siteCount),
      resident: this.#memory.last,
    };
  }

  /** Copies the amounts alone: 64 bytes for each site. There must be a header. */
  amountsNow(): CaptureAmounts {
    return { amounts: this.#amounts.copy(this.siteCount), timeNanos: this.times.timeNanos };
  }

  /** Known as soon as it was read. */
  get header(): MemrayHeader | undefined {
    return this.#model.knownHeader;
  }

  /** Allocations and deallocations so far. */
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
   * Returns what makes stacks of a profile from those of sites: without the frames that the header says to hide, and with
   * native ones, as in `MemrayProfiler`. For what was read so far.
   */
  stacksIn(builder: ProfileBuilder): (site: number) => StackHandle | undefined {
    const model = this.#model;
    const stacks = new ProfileStacks(builder, model, this.header?.skippedFrames ?? 0);
    return (site) => {
      const isMain = model.thread(model.sites.thread(site)).id === this.header?.mainThreadId;
      const callers = stacks.ofCode(model.sites.stack(site), isMain);
      return stacks.withNative(callers, model.sites.native(site), model.sites.generation(site));
    };
  }

  /** Time of collection and length of a profile of what was read so far; there must be a header. */
  get times(): { readonly timeNanos: bigint; readonly durationNanos: bigint } {
    if (this.header === undefined) throw new Error('there is no header yet');
    return profileTimes(this.header, this.resident?.millis);
  }

  /** What was allocated in all, freed or not. */
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

  /** Whether it says what was ever allocated; an aggregated file does not. */
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

  /** All that was ever allocated there. */
  allocated(site: number): Amount {
    return this.#amounts.total(site);
  }

  /** What was alive at the high-water mark. */
  atPeak(site: number): Amount {
    return this.#amounts.atPeak(site);
  }

  /** What is alive now. */
  live(site: number): Amount {
    return this.#amounts.live(site);
  }

  /** The places of a stack from the innermost outwards, none hidden. */
  *wholeStack(stack: number): Generator<MemrayLocation> {
    for (const location of this.#model.wholeStack(stack)) yield plainPlace(location);
  }

  /** The frame that is charged with what a stack allocated, see `StackPackages`; undefined for the empty stack. */
  callSite(stack: number): MemrayLocation | undefined {
    return this.#stackPackages().callSite(this.wholeStack(stack));
  }

  /** The package that a stack belongs to, see `StackPackages`. */
  packageOf(stack: number): string {
    return this.#stackPackages().packageOf(this.wholeStack(stack));
  }

  #stackPackages(): StackPackages {
    if (this.header === undefined) throw new Error('there is no header yet');
    this.#packages ??= new StackPackages(capturedProgram(this.header), this.#ownPackage);
    return this.#packages;
  }
}
