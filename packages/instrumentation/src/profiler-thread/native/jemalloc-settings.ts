import { readFileSync } from 'node:fs';

/** How jemalloc was started in this process. */
export interface JemallocSettings {
  /** Bytes that are allocated between two dumps; undefined if jemalloc writes none by itself. */
  readonly dumpInterval: number | undefined;
  /** Path of the loaded library. */
  readonly library: string;
}

/** Largest interval that heapray provokes a dump for: allocating that much must be cheap. */
const MAX_LG_INTERVAL = 32;

/**
 * Returns how jemalloc was started in this process, from its mappings and its first environment.
 *
 * @returns a reason why its heap cannot be followed
 */
export function jemallocSettings(
  read: (file: string) => string = (file) => readFileSync(file, 'utf8'),
): JemallocSettings | string {
  let maps: string;
  let environment: string;
  try {
    maps = read('/proc/self/maps');
    environment = read('/proc/self/environ');
  } catch (error) {
    return `/proc cannot be read: ${(error as Error).message}`;
  }
  const library = /^\S+ r-x\S* \S+ \S+ \S+ +(\/[^\n]*libjemalloc[^/\n]*)$/m.exec(maps)?.[1];
  if (library === undefined) return 'jemalloc is not loaded in this process (LD_PRELOAD)';
  const configuration = /(?:^|\0)MALLOC_CONF=([^\0]*)/.exec(environment)?.[1] ?? '';
  const settings = new Map(configuration.split(',').map((pair) => pair.split(':', 2) as [string, string]));
  if (settings.get('prof') !== 'true')
    return 'jemalloc does not profile in this process (MALLOC_CONF has no prof:true)';
  const power = Number(settings.get('lg_prof_interval') ?? -1);
  const isUsable = Number.isInteger(power) && power >= 0 && power <= MAX_LG_INTERVAL;
  return { library, dumpInterval: isUsable ? 2 ** power : undefined };
}
