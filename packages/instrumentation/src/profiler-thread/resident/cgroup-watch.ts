import os from 'node:os';
import { CGROUP_EVENTS } from '../../protocol/resident-memory.js';
import { type CgroupMemory, readCgroupMemory } from './cgroup-memory.js';

/** Reads the control group of this process, and counts its events from the first reading on. */
export class CgroupWatch {
  readonly #read: () => CgroupMemory | undefined;
  #before: CgroupMemory['events'] | undefined;

  /** @param read default: {@link readCgroupMemory} */
  constructor(read: () => CgroupMemory | undefined = readCgroupMemory) {
    this.#read = read;
  }

  /** Returns the memory of the group, with the events since the first call; undefined without a group. */
  read(): CgroupMemory | undefined {
    const memory = process.platform === 'linux' ? this.#read() : undefined;
    const limit = memory?.limit ?? constrainedMemory();
    if (memory === undefined) return limit === undefined ? undefined : { ...NO_FILES, limit };
    this.#before ??= memory.events;
    return { ...memory, limit, events: increase(this.#before, memory.events) };
  }
}

/** The control group of this process, if it has one. */
export const ownCgroup: CgroupWatch = new CgroupWatch();

const NO_FILES: CgroupMemory = {
  limit: undefined,
  high: undefined,
  usage: undefined,
  reclaimable: undefined,
  events: {},
};

/** Returns the limit that Node knows; it does so too where the files of the group cannot be read. */
function constrainedMemory(): number | undefined {
  const limit = process.constrainedMemory();
  // Without a limit, the system returns nothing or more than the total memory.
  return limit > 0 && limit <= os.totalmem() ? limit : undefined;
}

/** A count below the earlier one is of another group, to which the process was moved: it counts from there. */
function increase(before: CgroupMemory['events'], now: CgroupMemory['events']): CgroupMemory['events'] {
  return Object.fromEntries(
    CGROUP_EVENTS.flatMap((event) => {
      const count = now[event];
      return count === undefined ? [] : [[event, Math.max(0, count - (before[event] ?? 0))]];
    }),
  );
}
