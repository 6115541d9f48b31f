import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CGROUP_EVENTS, type CgroupEvent } from '../../protocol/resident-memory.js';

/** Memory of the control group with the lowest limit among that of this process and those above it. In bytes. */
export interface CgroupMemory {
  /** Limit above which the kernel kills a process; undefined without one. */
  readonly limit: number | undefined;
  /** Limit above which the kernel slows processes down and takes memory back; undefined without one. */
  readonly high: number | undefined;
  /** Everything charged to the group, page cache included; undefined where it cannot be read. */
  readonly usage: number | undefined;
  /** Part of the usage that the kernel takes back first: page cache that was not used recently. */
  readonly reclaimable: number | undefined;
  /** Number of events since the group was made, without those that the system does not count. */
  readonly events: Readonly<Partial<Record<CgroupEvent, number>>>;
}

/** The control group of this process. */
export interface Group {
  readonly version: 1 | 2;
  /** Folders of the group and of those above it, as far as they are visible; the group itself first. */
  readonly folders: readonly string[];
}

/** Longest chain of groups that is read. */
const MAX_DEPTH = 32;

/**
 * Reads the memory of the control group of this process, of version 1 or 2. Undefined without one, or without a permission.
 *
 * @param root folder in which `/proc` and the mounts are. Default: `/`
 */
export function readCgroupMemory(root = '/'): CgroupMemory | undefined {
  const group = findGroup(root);
  if (group === undefined) return undefined;
  const read = group.version === 2 ? readVersion2 : readVersion1;
  const levels = group.folders.map(read).filter(isKnown);
  const limits = levels.map(({ limit }) => limit ?? Number.POSITIVE_INFINITY);
  // The lowest limit counts; without any, the innermost group.
  const lowest = limits.reduce((best, limit, at) => (limit < limits[best]! ? at : best), 0);
  const highs = levels.flatMap(({ high }) => (high === undefined ? [] : [high]));
  const level = levels[lowest];
  return level && { ...level, high: highs.length === 0 ? undefined : highs.reduce((a, b) => Math.min(a, b)) };
}

function isKnown({ limit, usage, events }: CgroupMemory): boolean {
  return limit !== undefined || usage !== undefined || Object.keys(events).length > 0;
}

/** Files of a group, and the key of `memory.stat` for page cache that was not used recently, by version. */
const FILES = {
  1: {
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    reclaimable: 'total_inactive_file',
  },
  2: { limit: 'memory.max', usage: 'memory.current', reclaimable: 'inactive_file' },
} as const;

/** Reads the limit in the folder of a group; undefined without one. */
export function readLimit(version: 1 | 2, folder: string): number | undefined {
  return limitOf(readText(folder, FILES[version].limit));
}

/** Reads how much of the limit of a group is used. */
export function readUsage(version: 1 | 2, folder: string): Pick<CgroupMemory, 'usage' | 'reclaimable'> {
  const { usage, reclaimable } = FILES[version];
  return {
    usage: numberOf(readText(folder, usage)),
    reclaimable: keyedNumber(readText(folder, 'memory.stat'), reclaimable),
  };
}

function readVersion2(folder: string): CgroupMemory {
  return {
    limit: readLimit(2, folder),
    high: limitOf(readText(folder, 'memory.high')),
    ...readUsage(2, folder),
    events: eventsOf(readText(folder, 'memory.events')),
  };
}

function readVersion1(folder: string): CgroupMemory {
  const max = numberOf(readText(folder, 'memory.failcnt'));
  const kills = keyedNumber(readText(folder, 'memory.oom_control'), 'oom_kill');
  return {
    limit: readLimit(1, folder),
    high: undefined,
    ...readUsage(1, folder),
    events: { ...(max !== undefined && { max }), ...(kills !== undefined && { oom_kill: kills }) },
  };
}

function eventsOf(text: string | undefined): CgroupMemory['events'] {
  return Object.fromEntries(
    CGROUP_EVENTS.flatMap((event) => {
      const count = keyedNumber(text, event);
      return count === undefined ? [] : [[event, count]];
    }),
  );
}

/** Returns a limit in bytes. Undefined for `max`, and for more than the memory of the machine, as version 1 says it. */
function limitOf(text: string | undefined): number | undefined {
  const bytes = numberOf(text);
  return bytes !== undefined && bytes <= os.totalmem() ? bytes : undefined;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

/** Returns the number behind a key at the start of a line. */
function keyedNumber(text: string | undefined, key: string): number | undefined {
  const digits = text === undefined ? undefined : new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Finds the group that limits memory: of version 1 if that controls memory, as in mixed systems. Undefined without one.
 *
 * @param root see {@link readCgroupMemory}
 */
export function findGroup(root: string): Group | undefined {
  const own = readText(root, 'proc/self/cgroup');
  const mounts = readText(root, 'proc/self/mountinfo');
  if (own === undefined || mounts === undefined) return undefined;
  const lines = own.split('\n').map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line));
  const inVersion1 = lines.find((line) => line?.[1]?.split(',').includes('memory'))?.[2];
  const inVersion2 = lines.find((line) => line?.[1] === '')?.[2];
  if (inVersion1 !== undefined) return groupIn(1, inVersion1, mounts, root);
  return inVersion2 === undefined ? undefined : groupIn(2, inVersion2, mounts, root);
}

function groupIn(version: 1 | 2, own: string, mounts: string, root: string): Group | undefined {
  for (const line of mounts.split('\n')) {
    const [mount, system] = line.split(' - ');
    const [type, , options = ''] = system?.split(' ') ?? [];
    const [, , , inside = '', at] = mount?.split(' ') ?? [];
    const isWanted =
      version === 2 ? type === 'cgroup2' : type === 'cgroup' && options.split(',').includes('memory');
    if (isWanted && at !== undefined)
      return { version, folders: foldersOf(path.join(root, unescaped(at)), unescaped(inside), own) };
  }
  return undefined;
}

/**
 * Returns the folders of a group and those above it, up to the mount.
 *
 * @param inside the group that is mounted: that of a container, if it sees only its own groups
 */
function foldersOf(mount: string, inside: string, own: string): string[] {
  const below =
    inside === '/' ? own : own === inside || own.startsWith(`${inside}/`) ? own.slice(inside.length) : '/';
  const steps = below.split('/').filter((step) => step !== '');
  // A group outside of the mount is written with `..`: only the mount itself is visible.
  if (steps.includes('..')) return [mount];
  return Array.from({ length: Math.min(steps.length, MAX_DEPTH) + 1 }, (_, up) =>
    path.join(mount, ...steps.slice(0, steps.length - up)),
  );
}

/** Replaces the octal escapes of `mountinfo`. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function readText(folder: string, file: string): string | undefined {
  try {
    return readFileSync(path.join(folder, file), 'utf8');
  } catch {
    return undefined;
  }
}
