import { CgroupLimit, type LimitAndUse } from '../resident/cgroup-limit.js';
import type { LimitUse } from './limit-use.js';
import { millisToNear } from './look-schedule.js';

/** Bounds of the gap between two readings, in ms: each reads some small files. */
const MIN_GAP_MILLIS = 100;
const MAX_GAP_MILLIS = 2_000;

/** Measures how much of the memory limit of the control group is used. */
export class CgroupUse {
  readonly #read: () => LimitAndUse | undefined;
  #last: LimitUse | undefined;
  #nextMillis = Number.NEGATIVE_INFINITY;

  /** @param read default: from a {@link CgroupLimit} */
  constructor(read: () => LimitAndUse | undefined = limitReader()) {
    this.#read = read;
  }

  /**
   * Returns the use; the last one again if the limit cannot have come near since then. Undefined without a limit. Leaves out
   * page cache that the kernel takes back first, as Kubernetes does.
   */
  read(): LimitUse | undefined {
    const now = performance.now();
    if (now < this.#nextMillis) return this.#last;
    this.#last = useOf(this.#read());
    const gap = this.#last ? millisToNear([this.#last]) : MAX_GAP_MILLIS;
    this.#nextMillis = now + Math.min(MAX_GAP_MILLIS, Math.max(MIN_GAP_MILLIS, gap));
    return this.#last;
  }
}

function limitReader(): () => LimitAndUse | undefined {
  const limit = new CgroupLimit();
  return () => limit.read();
}

function useOf(memory: LimitAndUse | undefined): LimitUse | undefined {
  const { limit, usage, reclaimable = 0 } = memory ?? {};
  if (limit === undefined || usage === undefined) return undefined;
  return { kind: 'cgroup', limitBytes: limit, usedBytes: Math.max(0, usage - reclaimable) };
}
