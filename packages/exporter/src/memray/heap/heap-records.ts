import { PairTable } from '../../tables/pair-table.js';
import { ALLOCATORS, type AllocatorName } from '../format/allocators.js';
import type { CaptureModel } from '../model/capture-model.js';
import type { Amount } from './site-amounts.js';

/** Allocations (for example those alive) of one stack and one thread; of all threads if these are merged. */
export interface HeapRecord {
  readonly bytes: number;
  readonly count: number;
  /** Index of the thread; for merged records, the first thread. */
  readonly thread: number;
  /** Number of the stack; 0 for none. `MemrayAnalyzer.locations` returns its frames. */
  readonly stack: number;
  /** Number of the native stack; 0 for none. */
  readonly native: number;
  /** Generation of the memory map that the native stack belongs to. */
  readonly generation: number;
  /** All contributing allocators, in memray's order. */
  readonly allocators: readonly AllocatorName[];
}

export interface GroupOptions {
  /** Merge equal stacks of all threads. Default false. */
  readonly mergeThreads?: boolean;
}

interface Draft {
  bytes: number;
  count: number;
  allocators: number;
  readonly site: number;
}

/** Groups sites by (stack, native stack[, thread]). Sites without allocations are omitted. */
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
    draft.count += count;
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
