import { readdirSync, readFileSync } from 'node:fs';

/** Names of V8's worker threads in Node 24 and Node 26. */
const NAMES = new Set(['V8Worker', 'node-V8Worker']);
/** Names of V8's worker threads in Node 22, which gives them none of their own: the first threads started. */
const UNNAMED = new Set(['node', 'DelayedTaskSche']);
const UNNAMED_COUNT = 5;
const TASKS = '/proc/self/task';

/** A thread of this process as listed by the system. */
export interface ProcessThread {
  readonly id: number;
  /** At most 15 characters. */
  readonly name: string;
}

/**
 * Returns V8's worker threads, which collect garbage and compile for all isolates of the process.
 *
 * @param threads all threads of the process
 * @param pid id of the process, equal to the main thread's
 */
export function v8Threads(threads: readonly ProcessThread[], pid: number): readonly ProcessThread[] {
  const named = threads.filter(({ name }) => NAMES.has(name));
  if (named.length > 0) return named;
  const others = threads.filter(({ id, name }) => id > pid && UNNAMED.has(name));
  return others.sort((a, b) => a.id - b.id).slice(0, UNNAMED_COUNT);
}

/**
 * Returns a function that reads the total CPU time of V8's worker threads, in ms. Undefined where the system
 * does not provide it (no `/proc`, or no permission).
 */
export function v8ThreadsClock(): (() => number | undefined) | undefined {
  try {
    const threads = readdirSync(TASKS).map((id) => ({
      id: Number(id),
      name: readFileSync(`${TASKS}/${id}/comm`, 'utf8').trim(),
    }));
    const files = v8Threads(threads, process.pid).map(({ id }) => `${TASKS}/${id}/schedstat`);
    const read = () => files.reduce((sum, file) => sum + runMillis(readFileSync(file, 'latin1')), 0);
    if (files.length === 0 || !Number.isFinite(read())) return undefined;
    return () => {
      try {
        return read();
      } catch {
        return undefined;
      }
    };
  } catch {
    return undefined;
  }
}

/** CPU time of the calling thread from `/proc`, in ms; undefined where the system does not provide it. */
export function threadRunMillis(): number | undefined {
  try {
    return runMillis(readFileSync('/proc/thread-self/schedstat', 'latin1'));
  } catch {
    return undefined;
  }
}

/** Parses the first number of a `schedstat` file, ns on the processor, into ms. NaN if it is missing. */
function runMillis(schedstat: string): number {
  return Number.parseInt(schedstat, 10) / 1e6;
}
