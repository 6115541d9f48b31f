// Code that is evaluated in the worker threads of the application. It loads modules only in a turn of the worker's event
// loop: an evaluation may interrupt Node's own start, which fails if modules are loaded meanwhile.

/** State of a worker that is set up. */
export interface SetUp {
  /** V8's heap limit of the thread, in bytes. */
  readonly heapLimit: number;
  /** Why the native binding could not be loaded; empty otherwise. */
  readonly problem: string;
  /** Why the worker could not be set up; absent otherwise. */
  readonly failure?: string;
}

/** Answer of {@link TAKE_CODE}. */
export interface Taken {
  readonly scavenges: number;
  /** Start of marking, sweep and next turn of the event loop of each major collection, in ms of `process.hrtime`. */
  readonly majors: readonly (readonly [mark: number, sweep: number, turn: number])[];
  /** Bytes of V8's heap that are in memory. */
  readonly heapBytes: number;
}

/** Answer of {@link startCode}. */
export interface Started {
  readonly mode: 'native-api' | 'binding' | 'none';
  /** Why the sampler could not be started; empty otherwise. */
  readonly problem: string;
}

/** Heapray's state in a worker. */
const STATE = "globalThis[Symbol.for('heapray.worker.1')]";

/**
 * Returns code that sets a worker up once, when its own code runs: from then on it counts garbage collections. The code
 * returns JSON of `SetUp` when that is done, and an empty text before. It neither keeps the worker alive nor throws into it.
 *
 * @param binding path of the native binding's module; undefined without one
 */
export function setUpCode(binding: string | undefined): string {
  return `(() => {
    'use strict';
    if (${STATE}) return ${STATE}.setUp;
    const builtin = process.getBuiltinModule;
    if (builtin('node:worker_threads').parentPort === null) return '';
    const state = { setUp: '' };
    Object.defineProperty(globalThis, Symbol.for('heapray.worker.1'), { value: state, configurable: true });
    const { stringify } = JSON;
    builtin('node:timers').setImmediate(() => {
      try {
        const v8 = builtin('node:v8');
        const { performance, PerformanceObserver, constants } = builtin('node:perf_hooks');
        const { hrtime } = process;
        const millis = () => { const [s, ns] = hrtime(); return s * 1000 + ns / 1e6; };
        const offset = millis() - performance.now();
        const { getHeapStatistics } = v8;
        let scavenges = 0, majors = [], marked;
        new PerformanceObserver((list) => {
          try {
            const turn = millis();
            for (const { startTime, duration, detail } of list.getEntries()) {
              const kind = detail ? detail.kind : 0;
              if (kind === constants.NODE_PERFORMANCE_GC_INCREMENTAL) marked = startTime;
              else if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) {
                const mark = marked !== undefined && startTime - marked < 60000 ? marked : startTime;
                marked = undefined;
                if (majors.length < 64) majors.push([offset + mark, offset + startTime + duration, turn]);
              } else if (kind === constants.NODE_PERFORMANCE_GC_MINOR || kind === 2) scavenges++;
            }
          } catch {}
        }).observe({ entryTypes: ['gc'] });
        state.take = () => {
          const { total_physical_size: heapBytes } = getHeapStatistics();
          const taken = stringify({ scavenges, majors, heapBytes });
          scavenges = 0;
          majors = [];
          return taken;
        };
        let binding, problem = '';
        const path = ${JSON.stringify(binding ?? '')};
        try {
          if (!v8.startHeapProfile && path !== '') binding = builtin('node:module').createRequire(path)(path);
        } catch (error) {
          problem = String(error && error.message);
        }
        state.start = (sampleInterval, stackDepth) => {
          try {
            if (v8.startHeapProfile) v8.startHeapProfile({ sampleInterval, stackDepth });
            else if (binding) binding.startSamplingHeapProfiler(sampleInterval, stackDepth);
            else return stringify({ mode: 'none', problem });
            return stringify({ mode: binding ? 'binding' : 'native-api', problem: '' });
          } catch (error) {
            return stringify({ mode: 'none', problem: String(error && error.message) });
          }
        };
        state.setUp = stringify({ heapLimit: getHeapStatistics().heap_size_limit, problem });
      } catch (error) {
        try {
          state.setUp = stringify({ heapLimit: 0, problem: '', failure: String(error && error.message) });
        } catch {}
      }
    }).unref();
    return '';
  })()`;
}

/** Code that takes the collections since the last call, and the size of the heap. */
export const TAKE_CODE: string = `${STATE}.take()`;

/** Returns code that starts V8's sampler without the flag that makes each poll collect garbage. */
export function startCode(interval: number, stackDepth: number): string {
  return `${STATE}.start(${interval}, ${stackDepth})`;
}
