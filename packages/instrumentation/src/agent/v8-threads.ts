import { readdirSync, readFileSync } from 'node:fs';

/** Names of V8's worker threads: Node 24, Node 26. */
const NAMES = new Set(['V8Worker', 'node-V8Worker']);
/** V8's worker threads where no thread has a name (Node 22): the first that the process starts. */
const UNNAMED = new Set(['node', 'DelayedTaskSche']);
const UNNAMED_COUNT = 5;
const TASKS = '/proc/self/task';

/** A thread of this process, as the system tells of it. */
export interface ProcessThread {
  readonly id: number;
  /** At most 15 characters. */
  readonly name: string;
}

/**
 * Finds V8's worker threads, which collect garbage and compile for all isolates of the process.
 *
 * @param threads all threads of the process
 * @param pid the number of the process, which is also the main thread's
 */
export function v8Threads(threads: readonly ProcessThread[], pid: number): readonly ProcessThread[] {
  const named = threads.filter(({ name }) => NAMES.has(name));
  if (named.length > 0) return named;
  const others = threads.filter(({ id, name }) => id > pid && UNNAMED.has(name));
  return others.sort((a, b) => a.id - b.id).slice(0, UNNAMED_COUNT);
}

/**
 * Returns a function that reads the CPU time of V8's worker threads since their start, ms. Undefined where the system does
 * not tell (no `/proc`, or not allowed).
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

/** CPU time of the calling thread from `/proc`, ms; undefined where the system does not tell. */
export function threadRunMillis(): number | undefined {
  try {
    return runMillis(readFileSync('/proc/thread-self/schedstat', 'latin1'));
  } catch {
    return undefined;
  }
}

/** The first number of a `schedstat`: time on the processor, ns. NaN when it is not there. */
function runMillis(schedstat: string): number {
  return Number.parseInt(schedstat, 10) / 1e6;
}
