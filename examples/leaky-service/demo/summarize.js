import { decodePprof } from '@heapray/exporter/pprof';
import { findLeak } from './find-leak.js';
import { COMPONENTS } from './out-folder.js';
import { topSites } from './profiles.js';

const TOP = 8;

/**
 * Returns the content of `summary.json`; the README describes its keys.
 *
 * @param heap the last profile, gzipped pprof
 * @param metrics the page that Prometheus reads
 * @throws when no leak was found
 */
export function summarize({ heap, metrics, seconds, requests, readings }) {
  const profile = decodePprof(heap);
  const leak = findLeak(readings);
  if (!leak) throw new Error('no call site grows steadily: there is no leak to show');
  return {
    seconds: Number(seconds.toFixed(1)),
    requests,
    samplingInterval: profile.period?.value ?? 0,
    mode: modeIn(metrics),
    topRetainers: topSites(profile, 'inuse_space', TOP),
    topAllocators: topSites(profile, 'alloc_space', TOP),
    leak,
    files: {
      heap: 'heap.pb.gz',
      metrics: 'metrics.txt',
      flamegraph: 'flamegraph.html',
      diff: 'diff.html',
      captures: Object.fromEntries(COMPONENTS.map((name) => [name, `${name}_memory.bin`])),
    },
  };
}

/** Returns how the heap is sampled, according to the metrics. */
function modeIn(metrics) {
  const active = /^heapray_profiler_status\{heapray_profiler_mode="([^"]+)".*\} 1$/m.exec(metrics);
  if (!active) throw new Error('the metrics page does not say how the heap is sampled');
  return active[1];
}
