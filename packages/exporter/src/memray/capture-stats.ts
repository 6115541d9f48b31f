import { PythonModules } from '../call-sites/index.js';
import { ALLOCATORS, type AllocatorName } from './allocators.js';
import type { CaptureModel } from './capture-model.js';
import type { MemrayLocation } from './code-table.js';
import type { MemrayHeader } from './header.js';
import type { Amount, SiteAmounts } from './site-amounts.js';
import { type SizeBucket, SizeHistogram } from './size-histogram.js';

const HISTOGRAM_BARS = 10;
/** Frames of a stack that are searched for a module: more than any recursion in the standard library has. */
const MAX_SEARCHED = 2_000;

/** A place that allocates, and how much; `undefined` where there was no stack. */
export interface LocationTotal extends Amount {
  readonly location: MemrayLocation | undefined;
}

export interface ModuleTotal extends Amount {
  readonly module: string;
}

/** What `memray stats` tells: of all allocations, freed or not. Frees do not count. */
export interface CaptureStats {
  readonly allocations: number;
  readonly allocatedBytes: number;
  readonly sizes: readonly SizeBucket[];
  /** Number of allocations, the most frequent first. */
  readonly allocators: ReadonlyMap<AllocatorName, number>;
  /** The allocating places, that is innermost frames, by bytes. */
  readonly locationsByBytes: readonly LocationTotal[];
  readonly locationsByCount: readonly LocationTotal[];
  readonly modulesByBytes: readonly ModuleTotal[];
  readonly modulesByCount: readonly ModuleTotal[];
}

interface Sum {
  bytes: number;
  count: number;
}

/** What {@link CaptureStats} are made of: sums of one capture, or of several. */
export class CaptureSums {
  readonly #all: Sum = { bytes: 0, count: 0 };
  readonly #locations: Map<string, Sum & { readonly location: MemrayLocation | undefined }> = new Map();
  readonly #modules: Map<string, Sum> = new Map();
  readonly #allocators: Map<number, number> = new Map();
  readonly #sizes: SizeHistogram = new SizeHistogram();

  /** @param location what `key` stands for */
  addSite(amount: Amount, allocator: number, module: string, key: string, location?: MemrayLocation): void {
    increase(this.#all, amount);
    this.#allocators.set(allocator, (this.#allocators.get(allocator) ?? 0) + amount.count);
    increase(
      getOrAdd(this.#modules, module, () => ({ bytes: 0, count: 0 })),
      amount,
    );
    increase(
      getOrAdd(this.#locations, key, () => ({ location, bytes: 0, count: 0 })),
      amount,
    );
  }

  addSizes(sizes: SizeHistogram): void {
    this.#sizes.addAll(sizes);
  }

  /** Adds the sums of another capture. Places are the same where they show the same. */
  addAll(other: CaptureSums): void {
    increase(this.#all, other.#all);
    this.#sizes.addAll(other.#sizes);
    for (const [allocator, count] of other.#allocators)
      this.#allocators.set(allocator, (this.#allocators.get(allocator) ?? 0) + count);
    for (const [module, amount] of other.#modules)
      increase(
        getOrAdd(this.#modules, module, () => ({ bytes: 0, count: 0 })),
        amount,
      );
    for (const { location, bytes, count } of other.#locations.values())
      increase(
        getOrAdd(this.#locations, shownLocation(location), () => ({ location, bytes: 0, count: 0 })),
        { bytes, count },
      );
  }

  /** The figures, each list cut to its `top` first. */
  stats(top: number): CaptureStats {
    const locations = [...this.#locations.values()];
    const modules = [...this.#modules].map(([module, amount]) => ({ module, ...amount }));
    return {
      allocations: this.#all.count,
      allocatedBytes: this.#all.bytes,
      sizes: this.#sizes.buckets(HISTOGRAM_BARS),
      allocators: this.#byFrequency(),
      locationsByBytes: locations.toSorted((a, b) => b.bytes - a.bytes).slice(0, top),
      locationsByCount: locations.toSorted((a, b) => b.count - a.count).slice(0, top),
      modulesByBytes: modules.toSorted((a, b) => b.bytes - a.bytes).slice(0, top),
      modulesByCount: modules.toSorted((a, b) => b.count - a.count).slice(0, top),
    };
  }

  #byFrequency(): ReadonlyMap<AllocatorName, number> {
    const sorted = [...this.#allocators].sort(([, a], [, b]) => b - a);
    return new Map(sorted.map(([id, count]) => [ALLOCATORS[id - 1]!.name, count]));
  }
}

/** Sums up what sites have allocated in all. */
export function captureSums(
  model: CaptureModel,
  header: MemrayHeader,
  totals: SiteAmounts,
  sizes: SizeHistogram,
): CaptureSums {
  const sums = new CaptureSums();
  sums.addSizes(sizes);
  // As memray: its figures are what these are held against.
  const resolver = new PythonModules(header, { guess: false });
  const moduleOfStack = new Map<number, string>();
  for (let site = 1; site <= model.sites.size; site += 1) {
    const amount = totals.total(site);
    if (amount.count === 0) continue;
    const stack = model.sites.stack(site);
    const module = getOrAdd(moduleOfStack, stack, () =>
      resolver.moduleOf(model.wholeStack(stack, MAX_SEARCHED)),
    );
    const frame = model.innermostFrame(stack);
    const location = frame === 0 ? undefined : model.location(frame);
    // memray 1.18 tells frames apart that 1.19 and later put together by what they show.
    const key = header.format === 11 ? String(frame) : shownLocation(location);
    sums.addSite(amount, model.sites.allocator(site), module, key, location);
  }
  return sums;
}

/** What of a place is shown, as one text; empty for no place. */
function shownLocation(location: MemrayLocation | undefined): string {
  return location === undefined ? '' : JSON.stringify([location.functionName, location.file, location.line]);
}

function increase(sum: Sum, amount: Amount): void {
  sum.bytes += amount.bytes;
  sum.count += amount.count;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
