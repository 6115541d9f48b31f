import path from 'node:path';
import type { ResolvedConfig } from '../../config/index.js';
import { process } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';

/** Permissions that heapray needs, named as in Node's permission model. */
export type Permission = 'inspector' | 'worker' | 'net' | 'fs.write';

/**
 * Returns true if Node's permission model (`--permission`) denies something to this process. The model binds
 * only the main thread; the profiler thread would not be stopped, so heapray checks before it starts.
 *
 * @param reference path of the file, for `fs.write`
 */
export function isDenied(permission: Permission, reference?: string): boolean {
  const denied = contain(() => {
    const model: typeof process.permission | undefined = process.permission;
    if (!model || isAudit()) return false;
    // Node before 25 does not know this permission, and denies unknown ones.
    if (permission === 'net' && !hasOption('--allow-net')) return false;
    return !model.has(permission, reference);
  }, ignore);
  return denied === true;
}

/** Lists missing permissions without which nothing can be profiled; undefined if none is missing. */
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

/**
 * Explains why captures of traced components may not be written; undefined if they may, or if none is traced.
 */
export function capturePermissionProblem({ components, home }: ResolvedConfig): string | undefined {
  for (let at = 0; at < components.length; at++) {
    const file = path.join(home, `${components[at]}_memory.bin`);
    if (isDenied('fs.write', file))
      return `captures may not be written to ${home} (--allow-fs-write=${path.join(home, '*')}): no component is traced`;
  }
  return undefined;
}

/** Returns true if the permission model only reports. */
function isAudit(): boolean {
  const options = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  return options.includes('--permission-audit') && !options.includes('--permission');
}

function hasOption(name: string): boolean {
  return process.allowedNodeEnvironmentFlags.has(name);
}

function ignore(): void {}
