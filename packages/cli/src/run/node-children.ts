import { ChildProcess } from 'node:child_process';
import path from 'node:path';

/** Options of Node's internal method that starts a process. */
interface SpawnOptions {
  readonly file?: unknown;
  readonly envPairs?: unknown;
}

/**
 * Gives jemalloc to the Node processes that this one starts with heapray. heapray takes it out of the environment, so
 * that other programs do without. Processes started with `spawnSync` and its relatives do without, too.
 */
export function passToNodeChildren(environment: NodeJS.ProcessEnv = process.env): void {
  const { LD_PRELOAD: preload, MALLOC_CONF: settings } = environment;
  if (preload === undefined || settings === undefined) return;
  const prototype = ChildProcess.prototype as unknown as { spawn(options: SpawnOptions): unknown };
  const { spawn } = prototype;
  prototype.spawn = function (options: SpawnOptions): unknown {
    try {
      addTo(options, preload, settings);
    } catch {
      // The program may pass anything. Start the process as it is.
    }
    return Reflect.apply(spawn, this, [options]);
  };
}

function addTo({ file, envPairs }: SpawnOptions, preload: string, settings: string): void {
  if (typeof file !== 'string' || !Array.isArray(envPairs) || !isNode(file)) return;
  const pairs: string[] = envPairs;
  if (!pairs.some((pair) => /^NODE_OPTIONS=.*[\\/]preload\.js\?/.test(pair))) return;
  const has = (name: string) => pairs.find((pair) => pair.startsWith(`${name}=`));
  if (has('MALLOC_CONF') !== undefined || has('LD_PRELOAD')?.includes('jemalloc')) return;
  const others = has('LD_PRELOAD')?.slice('LD_PRELOAD='.length);
  const own = [preload, others].filter(Boolean).join(':');
  const at = pairs.findIndex((pair) => pair.startsWith('LD_PRELOAD='));
  if (at >= 0) pairs.splice(at, 1);
  pairs.push(`LD_PRELOAD=${own}`, `MALLOC_CONF=${settings}`);
}

function isNode(file: string): boolean {
  return file === process.execPath || path.basename(file) === 'node';
}
