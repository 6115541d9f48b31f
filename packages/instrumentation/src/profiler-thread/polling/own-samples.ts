import type { SamplingNode, SamplingProfile } from './sampling-profile.js';

/** Number of the newest samples among which heapray's own may be: a request allocates fewer. */
const MAX_OWN = 24;
/** Function of `main-thread/sampler/exact-heap.ts` that holds the main thread, and the end of its file's name. */
const HOLD = 'holdForPoll';

/** A poll result of exact mode without heapray's own samples, and their number. */
export interface WithoutOwn {
  readonly profile: SamplingProfile;
  readonly own: number;
}

/**
 * Leaves out what the request just before a poll has allocated: the newest samples, as far as they belong to no function of
 * the application.
 */
export function withoutOwnSamples(profile: SamplingProfile): WithoutOwn {
  const { head, samples } = profile;
  let newest = 0;
  for (const { ordinal } of samples) if (ordinal > newest) newest = ordinal;
  const last = samples
    .filter(({ ordinal }) => ordinal > newest - MAX_OWN)
    .sort((a, b) => b.ordinal - a.ordinal);
  const nodes = ownNodes(head);
  let own = 0;
  while (own < last.length && last[own]!.ordinal === newest - own && nodes.has(last[own]!.nodeId)) own++;
  if (own === 0) return { profile, own };
  return { profile: { head, samples: samples.filter(({ ordinal }) => ordinal <= newest - own) }, own };
}

/** Returns the ids of nodes without functions of the application: the root, and states of V8. */
function ownNodes(head: SamplingNode): ReadonlySet<number> {
  const ids = new Set<number>([head.id]);
  const open = [head];
  for (let node = open.pop(); node; node = open.pop()) {
    for (const child of node.children) {
      const { functionName, url } = child.callFrame;
      if (url !== '' && functionName !== HOLD) continue;
      ids.add(child.id);
      open.push(child);
    }
  }
  return ids;
}
