import { PythonModules } from '../call-sites/index.js';
import { ALLOCATORS, type AllocatorName } from './allocators.js';
import type { CaptureModel } from './capture-model.js';
import type { MemrayLocation } from './code-table.js';
import type { MemrayHeader } from './header.js';
import type { Amount, SiteAmounts } from './site-amounts.js';
import type { SizeBucket, SizeHistogram } from './size-histogram.js';

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

/** Sums up `totals`; each list is cut to its `top` first. */
export function captureStats(
  model: CaptureModel,
  header: MemrayHeader,
  totals: SiteAmounts,
  sizes: SizeHistogram,
  top: number,
): CaptureStats {
  const sums = new Sums(model, header);
  for (let site = 1; site <= model.sites.size; site += 1) sums.add(site, totals.total(site));
  const locations = [...sums.locations.values()];
  const modules = [...sums.modules].map(([module, amount]) => ({ module, ...amount }));
  return {
    allocations: sums.all.count,
    allocatedBytes: sums.all.bytes,
    sizes: sizes.buckets(HISTOGRAM_BARS),
    allocators: sums.byFrequency(),
    locationsByBytes: locations.toSorted((a, b) => b.bytes - a.bytes).slice(0, top),
    locationsByCount: locations.toSorted((a, b) => b.count - a.count).slice(0, top),
    modulesByBytes: modules.toSorted((a, b) => b.bytes - a.bytes).slice(0, top),
    modulesByCount: modules.toSorted((a, b) => b.count - a.count).slice(0, top),
  };
}

class Sums {
  readonly #model: CaptureModel;
  readonly #resolver: PythonModules;
  /** memray 1.18 tells frames apart that 1.19 and later put together by what they show. */
  readonly #byFrame: boolean;
  readonly all: { bytes: number; count: number } = { bytes: 0, count: 0 };
  readonly locations: Map<string, { location: MemrayLocation | undefined; bytes: number; count: number }> =
    new Map();
  readonly modules: Map<string, { bytes: number; count: number }> = new Map();
  readonly #allocators: Map<number, number> = new Map();
  readonly #moduleOfStack: Map<number, string> = new Map();

  constructor(model: CaptureModel, header: MemrayHeader) {
    this.#model = model;
    // As memray: its figures are what these are held against.
    this.#resolver = new PythonModules(header, { guess: false });
    this.#byFrame = header.format === 11;
  }

  add(site: number, amount: Amount): void {
    if (amount.count === 0) return;
    const { sites } = this.#model;
    const allocator = sites.allocator(site);
    const stack = sites.stack(site);
    this.#allocators.set(allocator, (this.#allocators.get(allocator) ?? 0) + amount.count);
    increase(this.all, amount);
    increase(this.#location(this.#model.innermostFrame(stack)), amount);
    increase(this.#module(stack), amount);
  }

  byFrequency(): ReadonlyMap<AllocatorName, number> {
    const sorted = [...this.#allocators].sort(([, a], [, b]) => b - a);
    return new Map(sorted.map(([id, count]) => [ALLOCATORS[id - 1]!.name, count]));
  }

  #location(frame: number): { bytes: number; count: number } {
    const location = frame === 0 ? undefined : this.#model.location(frame);
    const shown = location && JSON.stringify([location.functionName, location.file, location.line]);
    const key = this.#byFrame ? String(frame) : (shown ?? '');
    return getOrAdd(this.locations, key, () => ({ location, bytes: 0, count: 0 }));
  }

  #module(stack: number): { bytes: number; count: number } {
    const module = getOrAdd(this.#moduleOfStack, stack, () =>
      this.#resolver.moduleOf(this.#model.wholeStack(stack, MAX_SEARCHED)),
    );
    return getOrAdd(this.modules, module, () => ({ bytes: 0, count: 0 }));
  }
}

function increase(sum: { bytes: number; count: number }, amount: Amount): void {
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
