import type * as Cluster from 'node:cluster';
import { ProcessKill, process, ReflectSet, SafeNumber } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';

/** Environment variable with the id of a profiled process, set for its children. */
const PARENT = 'HEAPRAY_PARENT_PID';

/** Delay before a child opens its ports, in ms, so that a parent that is also starting gets them first. */
export const PARENT_FIRST_MILLIS = 2_000;

/** Returns true if this process was started, directly or not, by a profiled process that still runs. */
function hasProfiledParent(env: Readonly<Record<string, string>>): boolean {
  const pid = SafeNumber(env[PARENT]);
  if (!(pid > 0) || pid === process.pid) return false;
  // Signal 0 only checks that the process exists.
  return contain(() => ProcessKill(pid, 0), ignore) === true;
}

/** Marks this process as profiled for the processes that it starts. */
export function markForChildren(): void {
  contain(() => ReflectSet(process.env, PARENT, `${process.pid}`), ignore);
}

/**
 * Returns true if a profiled parent process is likely to hold the ports that this process wants. False for a
 * cluster worker: it matters as much as its siblings, so its port problems are reported as usual.
 */
export function leavesPortsToParent(env: Readonly<Record<string, string>>): boolean {
  return hasProfiledParent(env) && !isClusterWorker();
}

function isClusterWorker(): boolean {
  const cluster = () => process.getBuiltinModule('node:cluster') as unknown as typeof Cluster.default;
  return contain(() => cluster().isWorker, ignore) === true;
}

function ignore(): void {}
