import { type CgroupMemory, findGroup, type Group, readLimit, readUsage } from './cgroup-memory.js';

/** The lowest memory limit of a control group and those above it, and its use, in bytes. */
export type LimitAndUse = Pick<CgroupMemory, 'limit' | 'usage' | 'reclaimable'>;

/** Time after which the group is looked for again, in ms: a process can be moved to another one. */
const FIND_EVERY_MILLIS = 60_000;

/**
 * Reads the limit of this process's control group often, so it reads little: a file for each level, and two where the limit is
 * lowest. `readCgroupMemory` reads everything.
 */
export class CgroupLimit {
  readonly #root: string;
  #group: Group | undefined;
  #findAt = Number.NEGATIVE_INFINITY;

  /** @param root folder in which `/proc` and the mounts are. Default: `/` */
  constructor(root = '/') {
    this.#root = root;
  }

  /** Returns the limit and its use; undefined without a limit. */
  read(): LimitAndUse | undefined {
    const now = performance.now();
    if (now >= this.#findAt) {
      this.#group = findGroup(this.#root);
      this.#findAt = now + FIND_EVERY_MILLIS;
    }
    if (this.#group === undefined) return undefined;
    const { version, folders } = this.#group;
    let lowest: { readonly limit: number; readonly folder: string } | undefined;
    for (const folder of folders) {
      const limit = readLimit(version, folder);
      if (limit !== undefined && limit < (lowest?.limit ?? Number.POSITIVE_INFINITY))
        lowest = { limit, folder };
    }
    return lowest && { limit: lowest.limit, ...readUsage(version, lowest.folder) };
  }
}
