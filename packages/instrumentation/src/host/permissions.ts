import path from 'node:path';
import type { ResolvedConfig } from '../config/index.js';
import { contain } from '../containment/contain.js';
import { process } from '../containment/primordials.js';

/** What heapray needs, by the names of Node's permission model. */
export type Permission = 'inspector' | 'worker' | 'net' | 'fs.write';

/**
 * Returns whether Node's permission model (`--permission`) denies something to this process. It binds the main thread
 * only: the profiler thread could do it all the same, so this is asked first.
 *
 * @param reference path of the file, for `fs.write`
 */
export function isDenied(permission: Permission, reference?: string): boolean {
  const denied = contain(() => {
    const model: typeof process.permission | undefined = process.permission;
    if (!model || isAudit()) return false;
    // Node before 25 has no such permission, and denies what it does not know.
    if (permission === 'net' && !hasOption('--allow-net')) return false;
    return !model.has(permission, reference);
  }, ignore);
  return denied === true;
}

/** Says which permissions are missing without which nothing can be profiled; undefined when all are there. */
export function permissionProblem(): string | undefined {
  const missing: string[] = [];
  if (isDenied('inspector')) {
    const how = hasOption('--allow-inspector')
      ? '--allow-inspector'
      : 'this Node has no option that allows it';
    missing[0] = `the inspector may not be used (${how})`;
  }
  if (isDenied('worker')) missing[missing.length] = 'no worker thread may be started (--allow-worker)';
  return missing.length === 0 ? undefined : missing.join(', and ');
}

/** Says why captures of the traced components may not be written; undefined when they may, or when there are none. */
export function capturePermissionProblem({ components, home }: ResolvedConfig): string | undefined {
  for (let at = 0; at < components.length; at++) {
    const file = path.join(home, `${components[at]}_memory.bin`);
    if (isDenied('fs.write', file))
      return `captures may not be written to ${home} (--allow-fs-write=${path.join(home, '*')}): no component is traced`;
  }
  return undefined;
}

/** Whether the permission model only reports. */
function isAudit(): boolean {
  const options = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  return options.includes('--permission-audit') && !options.includes('--permission');
}

function hasOption(name: string): boolean {
  return process.allowedNodeEnvironmentFlags.has(name);
}

function ignore(): void {}
