import type { OwnFigures } from '../../src/profiler-thread/metrics/own-series.js';
import type { Suspect } from '../../src/profiler-thread/metrics/site-growth.js';
import type { SelectedSites } from '../../src/profiler-thread/metrics/site-series.js';
import type { CallSiteRow } from '../../src/profiler-thread/metrics/sticky-call-sites.js';
import type { KernelMemory, ProfilerState } from '../../src/protocol/metric-points.js';

/** The state of a profiler thread, from which it makes points. */
export interface HeapView {
  readonly sites: SelectedSites;
  readonly suspects: readonly Suspect[];
  readonly secondsToLimit: number | undefined;
  readonly profiler: OwnFigures &
    Pick<ProfilerState, 'mode' | 'noneReason'> & {
      /** Durations of all polls since the start. */
      readonly pollMillis: readonly number[];
      readonly kernel: KernelMemory | undefined;
    };
}

/** Makes values of a call site with retained bytes by age. */
export function values(allocated: number, retainedByAge: readonly number[] = [0, 0, 0, 0, 0]) {
  const retained = retainedByAge.reduce((sum, bytes) => sum + bytes, 0);
  return { allocated, allocations: allocated / 10, retained, retainedByAge, retainedObjects: retained / 10 };
}

export function row(functionName: string, site: Partial<CallSiteRow>): CallSiteRow {
  return {
    functionName,
    file: `/app/${functionName}.js`,
    line: 33,
    column: 41,
    sharesLine: false,
    packageName: 'shop',
    component: 'api',
    ...values(0),
    ...site,
  };
}

/** Makes a call site that seems to leak. */
export function leaking(functionName: string, bytesPerSecond: number): Suspect {
  return {
    functionName,
    file: `/app/${functionName}.js`,
    line: 33,
    column: 41,
    sharesLine: false,
    shortFile: `${functionName}.js`,
    packageName: 'shop',
    component: 'api',
    bytesPerSecond,
  };
}

/** Makes a view of the profiler thread, for a profiler that has done nothing yet. */
export function heapView(
  sites: Partial<SelectedSites> = {},
  profiler: Partial<HeapView['profiler']> = {},
  rest: Partial<Pick<HeapView, 'suspects' | 'secondsToLimit'>> = {},
): HeapView {
  return {
    sites: { rows: [], other: values(0), ...sites },
    suspects: [],
    secondsToLimit: undefined,
    ...rest,
    profiler: {
      mode: 'binding',
      noneReason: 'starting',
      samples: 0,
      unseenSamples: 0,
      shortLivedSamples: 0,
      liveSamples: 0,
      samplingInterval: 524_288,
      carriedOverBytes: 0,
      uncollectedBytes: 0,
      majorCollections: 0,
      leakWindows: 0,
      undecidedSites: 0,
      polls: 0,
      completePairs: 0,
      interruptedPairs: 0,
      pollMillis: [],
      drops: {},
      lostSampler: {},
      cpuSeconds: 0,
      memoryBytes: 0,
      cgroup: undefined,
      kernel: undefined,
      ...profiler,
    },
  };
}
