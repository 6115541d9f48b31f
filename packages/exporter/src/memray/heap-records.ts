import { ALLOCATORS, type AllocatorName } from './allocators.js';
import type { CaptureModel } from './capture-model.js';
import { PairTable } from './pair-table.js';
import type { Amount } from './site-amounts.js';

/** What is alive (or was allocated …) of one stack, and of one thread unless threads are merged. */
export interface HeapRecord {
  readonly bytes: number;
  readonly count: number;
  /** Index of the thread; of merged records that of the first one in it. */
  readonly thread: number;
  /** Number of the stack, 0 for none. `MemrayAnalysis.locations` says what is in it. */
  readonly stack: number;
  /** Number of the native stack, 0 for none. */
  readonly native: number;
  /** Generation of the memory map that the native stack belongs to. */
  readonly generation: number;
  /** All that contributed, in memray's order. */
  readonly allocators: readonly AllocatorName[];
}

export interface GroupOptions {
  /** Put the same stacks of all threads together. Default false. */
  readonly mergeThreads?: boolean;
  /**
   * Count allocations of aggregated files as memray does: of what is put together, all but the first count 1.
   * Only for comparison with memray; default false.
   */
  readonly countsOfMemray?: boolean;
}

interface Draft {
  bytes: number;
  count: number;
  allocators: number;
  readonly site: number;
}

/** Groups sites by (stack, native stack[, thread]); those of which there is none are left out. */
export function groupSites(
  model: CaptureModel,
  amountOf: (site: number) => Amount,
  options: GroupOptions = {},
): readonly HeapRecord[] {
  const { sites } = model;
  const stacks = new PairTable();
  const keys = new PairTable();
  const drafts: Draft[] = [];
  for (let site = 1; site <= sites.size; site += 1) {
    const { bytes, count } = amountOf(site);
    if (count === 0) continue;
    const thread = options.mergeThreads ? 0 : sites.thread(site);
    const key = keys.intern(stacks.intern(sites.stack(site), sites.native(site)), thread) - 1;
    const draft = drafts[key] ?? { bytes: 0, count: 0, allocators: 0, site };
    drafts[key] = draft;
    draft.count += options.countsOfMemray && draft.count > 0 ? 1 : count;
    draft.bytes += bytes;
    draft.allocators |= 1 << sites.allocator(site);
  }
  return drafts.map((draft) => recordOf(model, draft));
}

function recordOf({ sites }: CaptureModel, { bytes, count, allocators, site }: Draft): HeapRecord {
  return {
    bytes,
    count,
    thread: sites.thread(site),
    stack: sites.stack(site),
    native: sites.native(site),
    generation: sites.generation(site),
    allocators: ALLOCATORS.filter(({ id }) => allocators & (1 << id)).map(({ name }) => name),
  };
}
