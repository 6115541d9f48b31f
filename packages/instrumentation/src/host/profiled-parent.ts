import type * as Cluster from 'node:cluster';
import { contain } from '../containment/contain.js';
import { ProcessKill, process, ReflectSet, SafeNumber } from '../containment/primordials.js';

/** Set by a profiled process for those that it starts: its process id. */
const PARENT = 'HEAPRAY_PARENT_PID';

/** How much later than others a child opens its ports, ms: a parent that is just starting is to have them. */
export const PARENT_FIRST_MILLIS = 2_000;

/** Returns whether a process that is profiled, and still there, has started this one, directly or not. */
function hasProfiledParent(env: Readonly<Record<string, string>>): boolean {
  const pid = SafeNumber(env[PARENT]);
  if (!(pid > 0) || pid === process.pid) return false;
  // Signal 0 only asks.
  return contain(() => ProcessKill(pid, 0), ignore) === true;
}

/** Lets the processes that this one starts know that it is profiled. */
export function markForChildren(): void {
  contain(() => ReflectSet(process.env, PARENT, `${process.pid}`), ignore);
}

/**
 * Returns whether the ports of this process are likely to be those of a profiled process that has started it. A worker of
 * a cluster matters as much as its siblings, so it is told of like any other.
 */
export function leavesPortsToParent(env: Readonly<Record<string, string>>): boolean {
  return hasProfiledParent(env) && !isClusterWorker();
}

function isClusterWorker(): boolean {
  const cluster = () => process.getBuiltinModule('node:cluster') as unknown as typeof Cluster.default;
  return contain(() => cluster().isWorker, ignore) === true;
}

function ignore(): void {}
