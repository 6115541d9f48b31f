import { PythonModules } from '../../call-sites/index.js';
import { ALLOCATORS, type AllocatorName } from '../format/allocators.js';
import type { MemrayHeader } from '../format/header.js';
import type { Amount, SiteAmounts } from '../heap/site-amounts.js';
import type { CaptureModel } from '../model/capture-model.js';
import type { MemrayLocation } from '../model/code-table.js';
import { type SizeBucket, SizeHistogram } from './size-histogram.js';

const HISTOGRAM_BARS = 10;
/** Maximum number of frames of a stack to search for a module: deeper than any recursion in the standard library. */
const MAX_SEARCHED = 2_000;

/** A location that allocates, and how much; `undefined` for allocations without a stack. */
export interface LocationTotal extends Amount {
  readonly location: MemrayLocation | undefined;
}

export interface ModuleTotal extends Amount {
  readonly module: string;
}

/** The figures of `memray stats`: about all allocations, freed or not. Deallocations are not counted. */
export interface CaptureStats {
  readonly allocations: number;
  readonly allocatedBytes: number;
  readonly sizes: readonly SizeBucket[];
  /** Number of allocations by allocator, the most frequent first. */
  readonly allocators: ReadonlyMap<AllocatorName, number>;
  /** Allocating locations, that is innermost frames, by bytes. */
  readonly locationsByBytes: readonly LocationTotal[];
  readonly locationsByCount: readonly LocationTotal[];
  readonly modulesByBytes: readonly ModuleTotal[];
  readonly modulesByCount: readonly ModuleTotal[];
}

interface Sum {
  bytes: number;
  count: number;
}

/** Sums of one capture, or of several, from which {@link CaptureStats} are made. */
export class CaptureSums {
  readonly #all: Sum = { bytes: 0, count: 0 };
  readonly #locations: Map<string, Sum & { readonly location: MemrayLocation | undefined }> = new Map();
  readonly #modules: Map<string, Sum> = new Map();
  readonly #allocators: Map<number, number> = new Map();
  readonly #sizes: SizeHistogram = new SizeHistogram();

  /**
   * Adds the allocations of a site.
   *
   * @param key identity of the location; equal keys are summed
   * @param location the location of the key
   */
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

  /** Adds the sums of another capture. Locations are equal if their displayed fields are. */
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

  /** Returns the figures, with each list limited to its first `top` entries. */
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

/** Sums all allocations by site. */
export function captureSums(
  model: CaptureModel,
  header: MemrayHeader,
  totals: SiteAmounts,
  sizes: SizeHistogram,
): CaptureSums {
  const sums = new CaptureSums();
  sums.addSizes(sizes);
  // Do not guess: the results are compared with memray's.
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
    // memray 1.18 distinguishes frames that later versions merge because their displayed fields are equal.
    const key = header.format === 11 ? String(frame) : shownLocation(location);
    sums.addSite(amount, model.sites.allocator(site), module, key, location);
  }
  return sums;
}

/** Returns the displayed fields of a location as one text; empty for no location. */
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
