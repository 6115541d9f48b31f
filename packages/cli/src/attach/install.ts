import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../errors.js';
import { called } from './guard.js';
import { portsOf, urlHost } from './process/listening-ports.js';
import type { Target } from './target.js';

/** Result of the installation of heapray in a running process. */
export interface Installation {
  /** File that was loaded; undefined if heapray was there already. */
  readonly file: string | undefined;
  /** Address of `/debug/pprof/`; undefined if it is switched off, or does not answer in time. */
  readonly url: string | undefined;
}

interface Loaded {
  readonly isMissing?: true;
  readonly wasThere?: true;
  readonly file?: string;
  readonly folders: readonly string[];
  readonly address: string;
}

const MODULE = '@heapray/instrumentation/register';
const DEFAULT_ADDRESS = '127.0.0.1:6464';
const SERVER_MILLIS = 10_000;
/** Time for a port of the process's own, before the one that its group shares is looked at, in ms. */
const OWN_MILLIS = 2_000;
const POLL_MILLIS = 100;
const PROBE_MILLIS = 1_000;

/**
 * Loads heapray into a running process, as `--import` does at a start. It has to be installed where the main script or
 * the working folder of the process finds it.
 *
 * @throws CommandError (rejects) if it is not, or cannot be loaded
 */
export async function install(target: Target): Promise<Installation> {
  const before = new Set(portsOf(target.pid).map(({ inode }) => inode));
  const loaded: Loaded = await target.evaluate(INSTALL_CODE);
  if (loaded.isMissing) {
    throw new CommandError(
      `process ${target.pid}: ${MODULE} is not installed where it could be found, from ${loaded.folders.join(' and ')}`,
    );
  }
  const isNew = (inode: string) => loaded.wasThere === true || !before.has(inode);
  const url = await debugUrl(target.pid, loaded.address, isNew);
  return { file: loaded.wasThere ? undefined : loaded.file, url };
}

/** Waits for the debug server: on a new port of the process, or the one that its group shares. */
async function debugUrl(
  pid: number,
  address: string,
  isNew: (inode: string) => boolean,
): Promise<string | undefined> {
  if (/^\s*(?:off|false|0)?\s*$/i.test(address)) return undefined;
  const started = performance.now();
  for (;;) {
    const own = portsOf(pid).filter(({ inode }) => isNew(inode));
    const passed = performance.now() - started;
    for (const host of [...own.map(urlHost), ...(passed > OWN_MILLIS ? [address] : [])]) {
      if (await isDebugServer(host)) return `http://${host}/debug/pprof/`;
    }
    if (passed > SERVER_MILLIS) return undefined;
    await delay(POLL_MILLIS);
  }
}

/** Returns whether a debug server answers. One with a token answers 401. */
async function isDebugServer(host: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${host}/debug/pprof/`, {
      signal: AbortSignal.timeout(PROBE_MILLIS),
    });
    const text = await response.text();
    return response.status === 401 || (response.status === 200 && text.includes('<title>heapray: '));
  } catch {
    return false;
  }
}

const INSTALL_CODE = called(`
  const builtin = process.getBuiltinModule;
  const path = builtin('node:path');
  const { createRequire } = builtin('node:module');
  const address = process.env.HEAPRAY_DEBUG_ADDR ?? '${DEFAULT_ADDRESS}';
  const keys = Object.getOwnPropertySymbols(globalThis).map((key) => key.description ?? '');
  const current = keys.find((key) => key.startsWith('heapray.profiler.'));
  if (current !== undefined && globalThis[Symbol.for(current)]?.shared !== undefined) return { wasThere: true, folders: [], address };
  const starts = [process.argv[1], path.join(process.cwd(), 'index.js')].filter((start) => typeof start === 'string' && path.isAbsolute(start));
  for (const start of starts) {
    let load;
    let file;
    try {
      load = createRequire(builtin('node:fs').existsSync(start) ? builtin('node:fs').realpathSync(start) : start);
      file = load.resolve('${MODULE}');
    } catch {
      continue;
    }
    load(file);
    return { file, folders: [], address };
  }
  return { isMissing: true, folders: [...new Set(starts.map((start) => path.dirname(start)))], address };
`);
