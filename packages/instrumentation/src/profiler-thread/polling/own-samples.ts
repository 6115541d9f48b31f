import type { SamplingNode, SamplingProfile } from './sampling-profile.js';

/** Functions of `main-thread/sampler/exact-heap.ts`: what each allocates marks an end of heapray's own samples. */
const HOLD = 'heapray: hold';
const COLLECTED = 'heapray: collected';
/** Number of objects that V8 allocates for a request before its code runs, on Node 22 to 26. */
const OF_REQUEST = 3;

/** A poll result of exact mode without heapray's own samples. */
export interface WithoutOwn {
  readonly profile: SamplingProfile;
  /** Ordinal of the newest sample, own ones included. */
  readonly newest: number;
  /** Number of own samples since the poll before, dead or alive. */
  readonly own: number;
  /** True if nothing is newer than the poll before, as each request allocates: another sampler runs. */
  readonly isForeign: boolean;
}

/** Nodes that matter for heapray's own samples. */
interface Marks {
  /** Nodes of {@link HOLD}, with the one of the function that was interrupted. */
  readonly holds: ReadonlyMap<number, number>;
  /** Nodes of the scripts of requests, of {@link HOLD}, and of what that calls. */
  readonly ofRequests: ReadonlySet<number>;
  readonly collected: ReadonlySet<number>;
  /** States of V8, such as `(V8 API)`. */
  readonly states: ReadonlySet<number>;
}

/**
 * Leaves out what heapray's own requests allocate on the main thread: all behind a poll until the collection is done, and what
 * the request just before the poll needs. No code of the application runs in between, so these are numbers in a row.
 */
export class OwnSampleFilter {
  #isResuming: boolean;
  #newest = 0;
  /** Ordinals of own samples that are alive. */
  #alive: ReadonlySet<number> = new Set();

  /**
   * @param isResumed true if an earlier profiler thread has polled the sampler. Its marks are alive, and do not show where
   *   its requests ended. So the first poll result only loses samples of heapray's functions
   */
  constructor(isResumed = false) {
    this.#isResuming = isResumed;
  }

  filter({ head, samples }: SamplingProfile): WithoutOwn {
    const before = this.#newest;
    const marks = marksOf(head);
    const isFirst = this.#isResuming;
    this.#isResuming = false;
    let newest = before;
    let collected = before;
    let held: { readonly ordinal: number; readonly nodeId: number } | undefined;
    for (const sample of samples) {
      const { ordinal, nodeId } = sample;
      if (ordinal <= before) continue;
      if (ordinal > newest) newest = ordinal;
      if (ordinal > collected && marks.collected.has(nodeId)) collected = ordinal;
      if (marks.holds.has(nodeId) && !(held && held.ordinal < ordinal)) held = sample;
    }
    if (isFirst) [collected, held] = [before, undefined];
    const start = held ? startOfRequest(held, samples, before, marks) : newest + 1;
    const alive = new Set<number>();
    const others = samples.filter(({ ordinal, nodeId }) => {
      const isNew = ordinal > before;
      const isOwn = isNew ? ordinal <= collected || ordinal >= start : this.#alive.has(ordinal);
      const isEarlier = isFirst && (marks.ofRequests.has(nodeId) || marks.collected.has(nodeId));
      if (isOwn || isEarlier) alive.add(ordinal);
      return !isOwn && !isEarlier;
    });
    this.#newest = newest;
    this.#alive = alive;
    const own = collected - before + (newest + 1 - start);
    return { profile: { head, samples: others }, newest, own, isForeign: before > 0 && newest === before };
  }
}

/**
 * Returns the ordinal of the first sample of the request that has held the main thread.
 *
 * @param before ordinal of the newest sample of the poll before
 */
function startOfRequest(
  held: { readonly ordinal: number; readonly nodeId: number },
  samples: SamplingProfile['samples'],
  before: number,
  { holds, ofRequests, states }: Marks,
): number {
  const interrupted = holds.get(held.nodeId);
  const nodes = new Map<number, number>();
  for (const { ordinal, nodeId } of samples) {
    if (ordinal > before && ordinal < held.ordinal) nodes.set(ordinal, nodeId);
  }
  let start = held.ordinal;
  for (let ofRequest = 0; ofRequest < OF_REQUEST; start--) {
    const node = nodes.get(start - 1);
    if (node === undefined) break;
    if (ofRequests.has(node)) continue;
    if (node !== interrupted && !states.has(node)) break;
    ofRequest++;
  }
  return start;
}

function marksOf(head: SamplingNode): Marks {
  const holds = new Map<number, number>();
  const ofRequests = new Set<number>();
  const collected = new Set<number>();
  const states = new Set<number>();
  const open: { readonly node: SamplingNode; readonly parent: number; readonly above: number }[] = [
    { node: head, parent: head.id, above: head.id },
  ];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, parent, above } = next;
    const { functionName, url } = node.callFrame;
    if (functionName === HOLD) {
      holds.set(node.id, above);
      ofRequests.add(parent);
    }
    if (functionName === HOLD || ofRequests.has(parent)) ofRequests.add(node.id);
    if (functionName === COLLECTED) collected.add(node.id);
    if (url === '' && functionName.startsWith('(')) states.add(node.id);
    for (const child of node.children) open.push({ node: child, parent: node.id, above: parent });
  }
  return { holds, ofRequests, collected, states };
}
